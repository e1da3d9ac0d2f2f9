/*
 * What a path leads to: a file, by its name behind symbolic links; or a stream, which is read and written where it is: a
 * descriptor of this process (/dev/stdout, /dev/fd/N, /proc/self/fd/N, and links to them), a pipe, a terminal, a device.
 */
#ifndef PLATFORM_PATH_H
#define PLATFORM_PATH_H

#include "platform/platform.h"
#include <sys/stat.h>

typedef struct sys_path {
    sys_text target; /* the name behind links */
    int descriptor;  /* of this process, or -1 */
    bool foreign;    /* a descriptor of another process */
    bool there;      /* whether there is something: then `about` says what */
    int error;       /* else why not: ENOENT, or what keeps us from looking */
    bool stream;
    struct stat about;
} sys_path;

/* IO: links without an end, a descriptor that is not open; MEMORY. sys_path_free in every case. */
carrynet_status sys_path_find(sys_path *place, const char *path);
void sys_path_free(sys_path *place);

/* The folder of a name, with its slash, and, returned, what follows it. */
const char *sys_cut_folder(sys_text *folder, const char *path);

#endif
