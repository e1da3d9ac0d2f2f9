/* Tables of text files that CMake embeds in the binary (embed.cmake). A user declares its table itself. */
#ifndef PLATFORM_EMBEDDED_H
#define PLATFORM_EMBEDDED_H

struct embedded_file {
    const char *name; /* without folders: "arithmetic.h" */
    const char *text;
};

/* The text of the file of that name, or NULL; the table ends with a NULL name. */
const char *sys_embedded(const struct embedded_file *files, const char *name);

#endif
