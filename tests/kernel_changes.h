/* A folder with the kernels, of which a test changes some: what CARRYNET_KERNEL_DIR names. */
#ifndef TESTS_KERNEL_CHANGES_H
#define TESTS_KERNEL_CHANGES_H

#include <carrynet/carrynet.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Replaces `from`, which stands there, in a kernel file of the folder by `to`. */
static inline void kernel_change(const char *folder, const char *name, const char *from, const char *to)
{
    static char text[1 << 17];
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    cr_assert_not_null(file);
    const size_t size = fread(text, 1, sizeof text - 1, file);
    (void)fclose(file);
    text[size] = '\0';
    const char *at = strstr(text, from);
    cr_assert_not_null(at, "%s has no '%s'", name, from);
    file = fopen(path, "wb");
    cr_assert_not_null(file);
    (void)fprintf(file, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    cr_assert_eq(fclose(file), 0);
}

#endif
