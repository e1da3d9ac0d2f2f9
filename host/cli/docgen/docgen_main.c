/*
 * carrynet-docgen FOLDER DATE: writes FOLDER/man1/carrynet*.1, FOLDER/bash/carrynet, FOLDER/bash/carrynet-verify and
 * FOLDER/zsh/_carrynet. Runs at build time and is not installed.
 */
#include "cli/docgen/docgen.h"
#include <errno.h>
#include <string.h>

static FILE *open_file(const char *folder, const char *name)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    if (file == NULL)
        (void)fprintf(stderr, "carrynet-documents: cannot write %s: %s\n", path, strerror(errno));
    return file;
}

static bool close_file(FILE *file, const char *name)
{
    const bool good = ferror(file) == 0;
    if (fclose(file) == 0 && good)
        return true;
    (void)fprintf(stderr, "carrynet-documents: cannot write %s\n", name);
    return false;
}

static bool write_pages(const char *folder, const char *date)
{
    FILE *file = open_file(folder, "man1/carrynet.1");
    if (file == NULL)
        return false;
    manual_program(file, date);
    bool good = close_file(file, "carrynet.1");
    for (size_t i = 0; i < command_table_size && good; ++i) {
        char name[128];
        (void)snprintf(name, sizeof name, "man1/carrynet-%s.1", command_table[i].name);
        file = open_file(folder, name);
        if (file == NULL)
            return false;
        manual_command(file, &command_table[i], date);
        good = close_file(file, name);
    }
    return good;
}

static bool write_completion(const char *folder, const char *name, void (*write)(FILE *stream))
{
    FILE *file = open_file(folder, name);
    if (file == NULL)
        return false;
    write(file);
    return close_file(file, name);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        (void)fprintf(stderr, "carrynet-documents FOLDER DATE\n");
        return 2;
    }
    return write_pages(argv[1], argv[2]) && write_completion(argv[1], "bash/carrynet", completion_bash) &&
                   write_completion(argv[1], "bash/carrynet-verify", completion_bash_checker) &&
                   write_completion(argv[1], "zsh/_carrynet", completion_zsh)
               ? 0
               : 4;
}
