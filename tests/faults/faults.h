/*
 * Faults on order: a shared object for LD_PRELOAD that stands before the C library and OpenCL, counts the calls of one
 * class that come from the program, or from a library that works for it, and lets the n-th fail.
 *
 *     FAULT_CLASS   memory, file, thread or opencl
 *     FAULT_AT      which call fails, from 1; 0: none, they are only counted
 *     FAULT_KIND    error (the default): that call alone; forever: that one and all after it; memory: as error, but for
 *                   want of memory (opencl); short: half of what was to be read or written; interrupt: EINTR; kill: the
 *                   program is killed there
 *     FAULT_LOG     file that gets a line "fault N CALL OFFSET" at the fault (OFFSET in the program), "calls N" at the end
 */
#ifndef FAULTS_FAULTS_H
#define FAULTS_FAULTS_H

#include <stdbool.h>

typedef enum fault_class { FAULT_NONE, FAULT_MEMORY, FAULT_FILE, FAULT_THREAD, FAULT_OPENCL } fault_class;
typedef enum fault_kind { KIND_ERROR, KIND_FOREVER, KIND_MEMORY, KIND_SHORT, KIND_INTERRUPT, KIND_KILL } fault_kind;

/* Counts a call that returns to `caller`; true if it is to fail, as *kind says. */
bool fault_due(fault_kind *kind, fault_class of, const void *caller, const char *call);

/* The next function of that name; the program ends where there is none. */
void *fault_next(const char *name);

/* The place that a function of this library returns to. */
#define FAULT_CALLER __builtin_return_address(0)

/* Declares `next`, the function that would have been called. */
#define FAULT_NEXT(type, name, parameters)                                                                             \
    static type(*next) parameters;                                                                                     \
    if (next == NULL)                                                                                                  \
    *(void **)(&next) = fault_next(name)

#endif
