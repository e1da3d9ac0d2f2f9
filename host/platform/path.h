/*
 * The target of a path: a file, by its name after symbolic links; or a stream, which is read and written in place: a
 * descriptor of this process (/dev/stdout, /dev/fd/N, /proc/self/fd/N, and links to them), a pipe, a terminal, a
 * device.
 */
#ifndef PLATFORM_PATH_H
#define PLATFORM_PATH_H

#include "platform/platform.h"
#include <sys/stat.h>

typedef struct sys_path {
    sys_text target; /* the name after links */
    int descriptor;  /* of this process, or -1 */
    bool foreign;    /* a descriptor of another process */
    bool there;      /* whether the target exists: then `about` describes it */
    int error;       /* else why not: ENOENT, or the error of the lookup */
    bool stream;
    struct stat about;
} sys_path;

/* Resolves a path. IO: a loop of links, a descriptor that is not open; MEMORY. Call sys_path_free in every case. */
carrynet_status sys_path_find(sys_path *place, const char *path);
void sys_path_free(sys_path *place);

/* The folder of a name, with its slash; returns the part of the name after it. */
const char *sys_cut_folder(sys_text *folder, const char *path);

#endif
