/* What the fuzzing harnesses share: the folder, files, seeds, and the test of what a reader answered. */
#include "fuzz.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATHS = 8, PATH = 160 };

static char folder[64], paths[PATHS][PATH];
static const char *seeds; /* the folder for them; NULL: none are wanted */

void fuzz_must(bool holds, const char *what)
{
    if (holds)
        return;
    (void)fprintf(stderr, "does not hold: %s: %s\n", what, carrynet_message());
    abort();
}

void fuzz_answered(carrynet_status status)
{
    if (status == CARRYNET_OK)
        return;
    fuzz_must(status == CARRYNET_ERROR_FORMAT || status == CARRYNET_ERROR_ARGUMENT ||
                  status == CARRYNET_ERROR_UNSUPPORTED,
              "a bad file is no error of memory, device or disk");
    const char *message = carrynet_message();
    fuzz_must(message[0] != '\0', "a message");
    for (; *message != '\0'; ++message)
        fuzz_must(((unsigned char)*message >= ' ' && *message != 0x7f) || *message == '\n' || *message == '\t',
                  "a printable message");
}

const char *fuzz_path(const char *name)
{
    char path[PATH];
    size_t i = 0;
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    while (i < PATHS && paths[i][0] != '\0' && strcmp(paths[i], path) != 0)
        ++i;
    fuzz_must(i < PATHS, "room for a path");
    memcpy(paths[i], path, sizeof path);
    return paths[i];
}

void fuzz_write(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    fuzz_must(file != NULL, path);
    const bool whole = size == 0 || fwrite(bytes, 1, size, file) == size;
    fuzz_must(fclose(file) == 0 && whole, path);
}

char *fuzz_read(size_t *size, const char *path)
{
    char *bytes = NULL;
    fuzz_must(sys_read_file(&bytes, size, path, UINT32_MAX) == CARRYNET_OK, path);
    return bytes;
}

void fuzz_seed(const char *name, uint8_t how, const void *bytes, size_t size)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s", seeds, name);
    FILE *file = fopen(path, "wb");
    fuzz_must(file != NULL, path);
    const bool whole = fputc(how, file) != EOF && fwrite(bytes, 1, size, file) == size;
    fuzz_must(fclose(file) == 0 && whole, path);
}

carrynet_model *fuzz_model(const char *task, uint32_t hidden, uint32_t networks, bool bias,
                           carrynet_precision precision)
{
    const carrynet_task *found = NULL;
    carrynet_settings settings;
    carrynet_model *model = NULL;
    fuzz_must(carrynet_task_find(&found, task) == CARRYNET_OK, task);
    carrynet_settings_init(&settings, found);
    settings.shape.hidden = hidden;
    settings.shape.bias = settings.shape.initial_state = bias;
    settings.precision = precision;
    settings.networks = networks;
    settings.steps = 4;
    fuzz_must(carrynet_model_create(&model, &settings) == CARRYNET_OK, "a model");
    const size_t bytes = carrynet_shape_size(&settings.shape) * (precision / 8);
    for (uint32_t n = 0; n < networks; ++n)
        carrynet_initialize((char *)carrynet_model_values(model) + n * bytes, &settings.shape, precision, n, 1);
    return model;
}

/* Everything in the folder, and the folder. */
static void leave(void)
{
    DIR *entries = opendir(folder);
    for (const struct dirent *entry; entries != NULL && (entry = readdir(entries)) != NULL;) {
        char path[PATH + sizeof entry->d_name];
        (void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] != '.')
            (void)unlink(path);
    }
    if (entries != NULL)
        (void)closedir(entries);
    (void)rmdir(folder);
}

/* "HARNESS seeds FOLDER" writes the seed corpus there and ends; all else is libFuzzer's. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    /* In memory, where there is such a folder: a file is written for every input. */
    (void)snprintf(folder, sizeof folder, "%s/carrynet-fuzz-XXXXXX",
                   access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    fuzz_must(mkdtemp(folder) != NULL, folder);
    (void)atexit(leave);
    fuzz_prepare();
    if (*argc == 3 && strcmp((*argv)[1], "seeds") == 0) {
        seeds = (*argv)[2];
        fuzz_seeds();
        exit(0);
    }
    return 0;
}
