/*
 * The program as one of several processes that an MPI launcher has started: rank 0 speaks and writes, the others are
 * silent, and all end with the same exit code.
 */
#ifndef CLI_JOB_RANKS_H
#define CLI_JOB_RANKS_H

#include "platform/platform.h"
#include <carrynet/engine.h>
#include <carrynet/model.h>
#include <stdbool.h>

/*
 * Joins the others, if a launcher has started several; to be called before anything of OpenCL. `briefly`: for what each
 * process can do by itself, so that the others need only be silent. False, with *code set after a message, if in vain.
 */
bool job_join(bool briefly, int *code);

/* To be called last, with the exit code; returns the one that all ranks end with. */
int job_leave(int code);

/* NULL: this process alone. */
carrynet_comm *job_ranks(void);

/* Whether this is the rank that prints and writes files. */
bool job_is_first(void);

/* OK on the other ranks, else as sys_writable. */
carrynet_status job_writable(const char *path);

/* A number as rank 0 has it, such as a time, that decides what all do next. Collective. */
void job_take_first(double *number);

/*
 * For what is computed without the others: an engine of this rank alone, on its share of the devices that are named.
 * `device` has its name then, and must live as long. ARGUMENT, DEVICE, MEMORY.
 */
carrynet_status job_own_engine(carrynet_engine_options *options, sys_text *device);

/* Whether all ranks run the same command; else *code is set, after a message. Collective. */
bool job_same_command(const char *name, int *code);

/* Whether all ranks have read the same networks; else *code is set, after a message. Collective. */
bool job_same_model(const carrynet_model *model, int *code);

/*
 * Whether all ranks have come as far as this without an error; else *code is, on all, that of the first rank with one,
 * whose message rank 0 says, if it has not. Collective, without ranks too.
 */
bool job_agree(int *code);

#endif
