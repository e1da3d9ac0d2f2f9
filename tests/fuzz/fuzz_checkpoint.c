/*
 * Checkpoints: their file and the whole of a training that goes on from it (host/train/checkpoint*.c), on the reference.
 * Whatever the state says, the training ends, and what it tells is a result. How, modulo 3: which training; divided by 3,
 * modulo 3: 0 the file as it is, 1 the file without its hash, which is added, 2 the state alone, under the right header.
 */
#include "fuzz.h"
#include <math.h>
#include <string.h>
#include <xxhash.h>

enum { KINDS = 3, NETWORKS = 5, HASH = sizeof(XXH128_canonical_t), BEFORE = 22, LENGTH = 8 };

static const char *path, *model_path;
static struct kind {
    carrynet_settings settings;
    uint32_t network_batch;
    int stop;            /* asked so often, the first run ends */
    char *file;          /* [size]: its checkpoint */
    size_t size, header; /* where the state begins */
} kinds[KINDS];
static const carrynet_engine_options device = {.device = "reference"};

static int interrupted(void *self)
{
    int *left = self;
    return --*left <= 0;
}

static carrynet_status run(carrynet_model **model, const struct kind *kind, bool resume, int stop,
                           carrynet_outcome outcomes[NETWORKS])
{
    const carrynet_checkpoints checkpoints = {.path = path, .resume = resume, .every_updates = resume ? 0 : 2};
    carrynet_train_options options;
    carrynet_train_options_init(&options);
    options.checkpoints = &checkpoints;
    options.network_batch = kind->network_batch;
    options.outcomes = outcomes;
    options.interrupted = interrupted;
    options.self = &stop;
    return carrynet_train(model, &kind->settings, &device, &options);
}

void fuzz_prepare(void)
{
    const carrynet_task *add = NULL;
    carrynet_outcome outcomes[NETWORKS];
    path = fuzz_path("checkpoint");
    model_path = fuzz_path("model");
    fuzz_must(carrynet_task_find(&add, "add") == CARRYNET_OK, "a task");
    for (int k = 0; k < KINDS; ++k) {
        struct kind *kind = &kinds[k];
        carrynet_settings *s = &kind->settings;
        carrynet_settings_init(s, add);
        s->shape.hidden = 2;
        s->steps = 3;
        s->batch = 4;
        s->updates = 8;
        s->check_every = 2;
        s->networks = 3;
        kind->stop = 5;
        if (k == 1) {
            s->networks = 1;
            s->precision = CARRYNET_FP64;
            s->optimizer = CARRYNET_OPTIMIZER_MOMENTUM;
            s->momentum = 0.5;
            s->until_exact = false;
            s->steps = 5;
            s->train_fraction = 0.5;
            s->noise = 0.25;
        } else if (k == 2) {
            s->networks = NETWORKS;
            s->optimizer = CARRYNET_OPTIMIZER_RMSPROP;
            s->shape.bias = s->shape.initial_state = true;
            kind->network_batch = 2;
            kind->stop = 7; /* in the second network batch */
        }
        carrynet_model *model = NULL;
        fuzz_must(run(&model, kind, false, kind->stop, outcomes) == CARRYNET_OK, "a training");
        carrynet_model_free(model);
        kind->file = fuzz_read(&kind->size, path);
        for (unsigned i = 0; i < LENGTH; ++i)
            kind->header |= (size_t)(uint8_t)kind->file[BEFORE + i] << (8 * i);
        kind->header += BEFORE + LENGTH;
    }
}

void fuzz_seeds(void)
{
    for (uint8_t k = 0; k < KINDS; ++k) {
        const struct kind *kind = &kinds[k];
        const char names[3][8] = {{'f', 'i', 'l', 'e', (char)('0' + k)},
                                  {'h', 'a', 's', 'h', (char)('0' + k)},
                                  {'s', 't', 'a', 't', 'e', (char)('0' + k)}};
        fuzz_seed(names[0], k, kind->file, kind->size);
        fuzz_seed(names[1], (uint8_t)(KINDS + k), kind->file, kind->size - HASH);
        fuzz_seed(names[2], (uint8_t)(2 * KINDS + k), kind->file + kind->header, kind->size - HASH - kind->header);
    }
}

/* The file that the input stands for. */
static void write_file(const struct kind *kind, int how, const uint8_t *data, size_t size)
{
    char *file = NULL;
    const size_t before = how == 2 ? kind->header : 0;
    XXH128_canonical_t hash;
    fuzz_must(sys_allocate(&file, before + size + HASH, 1) == CARRYNET_OK, "memory");
    memcpy(file, kind->file, before);
    memcpy(file + before, data, size);
    XXH128_canonicalFromHash(&hash, XXH3_128bits(file, before + size));
    memcpy(file + before + size, hash.digest, HASH);
    fuzz_write(path, file, before + size + (how == 0 ? 0 : HASH));
    sys_free(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    carrynet_outcome outcomes[NETWORKS];
    carrynet_model *model = NULL;
    if (size < 1)
        return 0;
    const struct kind *kind = &kinds[data[0] % KINDS];
    write_file(kind, data[0] / KINDS % 3, data + 1, size - 1);
    const carrynet_status status = run(&model, kind, true, 1000, outcomes);
    fuzz_answered(status);
    if (status != CARRYNET_OK)
        return 0;
    for (uint32_t n = 0; n < kind->settings.networks; ++n) {
        fuzz_must(outcomes[n].seconds >= 0 && isfinite(outcomes[n].seconds), "seconds are a number");
        fuzz_must(outcomes[n].wrong_bits <= outcomes[n].bits, "no more wrong bits than bits");
        fuzz_must(!outcomes[n].diverged || !outcomes[n].proved, "what is lost is not proved");
        fuzz_must(carrynet_model_networks(model)[n].updates <= kind->settings.updates, "no more updates than planned");
    }
    const carrynet_status saved = carrynet_model_save(model, model_path);
    fuzz_must(saved == CARRYNET_OK || saved == CARRYNET_ERROR_NUMERIC, "the model can be saved");
    carrynet_model_free(model);
    return 0;
}
