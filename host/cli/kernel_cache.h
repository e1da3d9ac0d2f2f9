/*
 * The folder in which pocl keeps compiled kernels. Without one that can be written pocl has no device, with a damaged
 * one it ends the program; so another is taken then, and that is said.
 */
#ifndef CLI_KERNEL_CACHE_H
#define CLI_KERNEL_CACHE_H

#include <stdbool.h>
#include <stddef.h>

enum { KERNEL_CACHE_PATH = 1024, KERNEL_CACHE_FAULT = 160 };

typedef struct kernel_cache {
    char folder[KERNEL_CACHE_PATH];  /* that the environment leads to */
    char fault[KERNEL_CACHE_FAULT];  /* why pocl cannot use it; "": it can */
    bool suspect;                    /* kernels were found damaged, now or earlier, and are passed over */
    char damaged[KERNEL_CACHE_PATH]; /* the file by which that was found now; "": none */
    char passed[KERNEL_CACHE_PATH];  /* the folder that is passed over for that; "": none */
    char instead[KERNEL_CACHE_PATH]; /* the folder taken in its place; "": none */
    char root[KERNEL_CACHE_PATH];    /* `folder`, or a temporary one, below which fresh ones are made; "": none */
    int fresh;                       /* number of the fresh folder that is used; 0: root itself */
} kernel_cache;

/*
 * Chooses the folder, and tells pocl by POCL_CACHE_DIR where that is not what pocl would take: a job's own in the
 * temporary folder of a scheduler's job, a fresh one where there is none that pocl can use. To be called before
 * anything of OpenCL; the first call alone does something. look: whatever became of earlier runs, the files are looked
 * at, and this process does not use them itself; else they are where an earlier run did not come to its end.
 */
const kernel_cache *kernel_cache_prepare(bool look);

/* What a person must know about that; "" if nothing. */
const char *kernel_cache_note(char *text, size_t size, const kernel_cache *cache);

/* Why pocl cannot use a folder, which need not be there yet: a text, or "". Returns fault. */
char *kernel_cache_fault(char fault[KERNEL_CACHE_FAULT], const char *folder);

/* The folder in use, as the environment says now. Returns text. */
char *kernel_cache_folder(char *text, size_t size);

/* The folder in use is damaged: from the next run on a fresh one is taken. */
void kernel_cache_suspect(void);

/* A folder for kernels below that of temporary files, this user's alone; false if there can be none. */
bool kernel_cache_temporary(char folder[KERNEL_CACHE_PATH]);

#endif
