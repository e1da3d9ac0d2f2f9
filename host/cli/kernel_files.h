/*
 * The files of pocl's kernel cache: whether one is damaged, which would make pocl end the program; and whether the last
 * run that used them ended normally, so that they need checking only if it did not.
 */
#ifndef CLI_KERNEL_FILES_H
#define CLI_KERNEL_FILES_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Whether a compiled kernel or program in the folder is empty or truncated; `file` receives its name. Checks every
 * file.
 */
bool kernel_files_damaged(char *file, size_t size, const char *folder);

/*
 * Call this before the folder is used, by a process that may die: whether an earlier process died in it. Creates the
 * folder if needed, and a marker file there that kernel_files_left removes. Leaves the folder entered before.
 */
bool kernel_files_enter(const char *folder);
void kernel_files_left(void);

#endif
