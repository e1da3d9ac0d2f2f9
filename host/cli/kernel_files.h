/*
 * The files of pocl's kernel cache: whether one of them is damaged, which would end the program in pocl; and whether the
 * last run that used them came to its end, so that they need be looked at only where it did not.
 */
#ifndef CLI_KERNEL_FILES_H
#define CLI_KERNEL_FILES_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Whether a compiled kernel or program in the folder is empty or cut short; its name is then put into `file`. Looks at
 * every one of them.
 */
bool kernel_files_damaged(char *file, size_t size, const char *folder);

/*
 * To be called before the folder is used, by a process that may die: whether one before it did. Makes a file in the
 * folder, which kernel_files_left removes; the folder is made if it is not there. Leaves the one that it entered before.
 */
bool kernel_files_enter(const char *folder);
void kernel_files_left(void);

#endif
