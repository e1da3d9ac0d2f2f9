/* Tables of text files that CMake embeds in the binary (embed.cmake). The code that uses a table declares it. */
#ifndef PLATFORM_EMBEDDED_H
#define PLATFORM_EMBEDDED_H

struct embedded_file {
    const char *name; /* without folders: "arithmetic.h" */
    const char *text;
};

/* The text of the file with that name, or NULL. A NULL name ends the table. */
const char *sys_embedded(const struct embedded_file *files, const char *name);

#endif
