/*
 * The program as one of several processes started by an MPI launcher. Rank 0 prints and writes files, the other ranks
 * are silent, and all end with the same exit code.
 */
#ifndef CLI_JOB_RANKS_H
#define CLI_JOB_RANKS_H

#include "platform/platform.h"
#include <carrynet/engine.h>
#include <carrynet/model.h>
#include <stdbool.h>

/*
 * Joins the other ranks if a launcher has started several; call it before any OpenCL function. `briefly`: for work that
 * each process can do alone, so that the other ranks only need to be silent. False after a failure, with a message and
 * *code.
 */
bool job_join(bool briefly, int *code);

/* Call this last, with the exit code; returns the common exit code of all ranks. */
int job_leave(int code);

/* The communicator; NULL: this process alone. */
carrynet_comm *job_ranks(void);

/* Whether this rank prints and writes files. */
bool job_is_first(void);

/* As sys_writable; OK on ranks other than 0. */
carrynet_status job_writable(const char *path);

/* Broadcasts rank 0's value of a number, such as a time, that decides what all ranks do next. Collective. */
void job_take_first(double *number);

/*
 * Sets the options for an engine of this rank alone, on its share of the named devices. `device` receives the device's
 * name and must live as long. ARGUMENT, DEVICE, MEMORY.
 */
carrynet_status job_own_engine(carrynet_engine_options *options, sys_text *device);

/* Whether all ranks run the same command; if not, *code is set, after a message. Collective. */
bool job_same_command(const char *name, int *code);

/* Whether all ranks have read the same networks; if not, *code is set, after a message. Collective. */
bool job_same_model(const carrynet_model *model, int *code);

/*
 * Whether all ranks have reached this point without an error. If not, *code on all ranks is that of the first rank with
 * an error, whose message rank 0 prints unless that rank has printed it. Collective; also works without ranks.
 */
bool job_agree(int *code);

#endif
