/*
 * The folder in which pocl keeps compiled kernels. Without a writable folder pocl has no device; a damaged one makes
 * pocl end the program. In these cases the program selects another folder and reports that.
 */
#ifndef CLI_KERNEL_CACHE_H
#define CLI_KERNEL_CACHE_H

#include <stdbool.h>
#include <stddef.h>

enum { KERNEL_CACHE_PATH = 1024, KERNEL_CACHE_FAULT = 160 };

typedef struct kernel_cache {
    char folder[KERNEL_CACHE_PATH];  /* as the environment determines */
    char fault[KERNEL_CACHE_FAULT];  /* why pocl cannot use it; "": usable */
    bool suspect;                    /* damaged kernels were found, now or earlier, and the folder is skipped */
    char damaged[KERNEL_CACHE_PATH]; /* the file that showed the damage now; "": none */
    char passed[KERNEL_CACHE_PATH];  /* the skipped folder; "": none */
    char instead[KERNEL_CACHE_PATH]; /* the folder used instead; "": none */
    char root[KERNEL_CACHE_PATH];    /* parent of fresh folders: `folder` or a temporary one; "": none */
    int fresh;                       /* number of the fresh folder in use; 0: root itself */
} kernel_cache;

/*
 * Selects the folder, and sets POCL_CACHE_DIR if the folder is not pocl's own choice: in a scheduler's job, a folder in
 * the job's temporary folder; a fresh one if pocl can use none. Call it before any OpenCL function; only the first call
 * has an effect. look: always examine the files, and do not use them in this process; else examine them only if an
 * earlier run did not end normally.
 */
const kernel_cache *kernel_cache_prepare(bool look);

/* What the user must know about the folder; "" if nothing. */
const char *kernel_cache_note(char *text, size_t size, const kernel_cache *cache);

/* Why pocl cannot use a folder, which may not exist yet: a text, or "". Returns fault. */
char *kernel_cache_fault(char fault[KERNEL_CACHE_FAULT], const char *folder);

/* The folder in use, by the current environment. Returns text. */
char *kernel_cache_folder(char *text, size_t size);

/* Marks the folder in use as damaged: later runs use a fresh one. */
void kernel_cache_suspect(void);

/* A folder for kernels in the folder of temporary files, private to this user; false if none can be created. */
bool kernel_cache_temporary(char folder[KERNEL_CACHE_PATH]);

#endif
