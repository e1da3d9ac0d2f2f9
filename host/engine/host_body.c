/* The engine's bodies in C: networks one after another through the operations of the reference, or of the backend `host`. */
#include "backend/host.h"
#include "base/base.h"
#include "engine/body.h"
#include "net/value.h"
#include <string.h>

struct host_body {
    carrynet_settings settings;
    const struct network_operations *operations;
    size_t value;   /* bytes of a value */
    size_t size;    /* parameters of a network */
    size_t trained; /* of which trained */
    char *parts[3]; /* by carrynet_part: parameters [networks][size], moments [networks][trained] or NULL */
    char *sums;     /* [networks][trained + 2] */
    struct reference_counts *counts; /* [networks] */
    uint32_t *words;                 /* staged symbols, then targets */
    size_t words_room;
    char *scratch;
    size_t scratch_room;
    uint64_t need; /* bytes that it may come to hold */
};

static size_t part_size(const struct host_body *body, carrynet_part part)
{
    return part == CARRYNET_PART_PARAMETERS ? body->size : body->trained;
}

static void host_free(void *self)
{
    struct host_body *body = self;
    if (body == NULL)
        return;
    for (int part = 0; part < 3; ++part)
        base_free(body->parts[part]);
    base_free(body->sums);
    base_free(body->counts);
    base_free(body->words);
    base_free(body->scratch);
    base_free(body);
}

static uint64_t host_memory(void *self)
{
    const struct host_body *body = self;
    uint64_t bytes = body->scratch_room + body->words_room * sizeof(uint32_t);
    for (int part = 0; part < 3; ++part)
        if (body->parts[part] != NULL)
            bytes += (uint64_t)body->settings.networks * part_size(body, (carrynet_part)part) * body->value;
    return bytes + (uint64_t)body->settings.networks * (body->trained + 2) * body->value;
}

static uint64_t host_need(void *self)
{
    const struct host_body *body = self;
    return body->need;
}

static carrynet_status host_get(void *self, carrynet_part part, size_t first, size_t count, void *values)
{
    const struct host_body *body = self;
    const size_t bytes = part_size(body, part) * body->value;
    memcpy(values, body->parts[part] + first * bytes, count * bytes);
    return CARRYNET_OK;
}

static carrynet_status host_set(void *self, carrynet_part part, size_t first, size_t count, const void *values)
{
    struct host_body *body = self;
    const size_t bytes = part_size(body, part) * body->value;
    memcpy(body->parts[part] + first * bytes, values, count * bytes);
    return CARRYNET_OK;
}

static carrynet_status host_keep(void *self, const uint32_t *from, uint32_t count)
{
    struct host_body *body = self;
    for (int part = 0; part < 3; ++part) {
        const size_t bytes = part_size(body, (carrynet_part)part) * body->value;
        for (uint32_t n = 0; n < count && body->parts[part] != NULL; ++n)
            if (from[n] != n)
                memcpy(body->parts[part] + n * bytes, body->parts[part] + from[n] * bytes, bytes);
    }
    body->settings.networks = count;
    return CARRYNET_OK;
}

/* Grows *memory to `need` items; its content is not kept. */
static carrynet_status grow(void *memory, size_t *room, uint64_t need, size_t size)
{
    void **held = memory;
    if (need <= *room)
        return CARRYNET_OK;
    base_free(*held);
    *room = 0;
    const carrynet_status status = base_allocate(held, need, size);
    if (status == CARRYNET_OK)
        *room = (size_t)need;
    return status;
}

static size_t staged(const struct host_body *body, const struct net_pass *pass)
{
    return (pass->shared ? 1 : body->settings.networks) * pass->sequences;
}

static carrynet_status host_stage(void *self, const struct net_pass *pass, uint32_t **symbols, uint32_t **targets)
{
    struct host_body *body = self;
    const size_t sequences = staged(body, pass);
    carrynet_status status = grow(&body->words, &body->words_room,
                                  (uint64_t)sequences * (pass->symbol_words + pass->target_words), sizeof(uint32_t));
    if (status == CARRYNET_OK) {
        *symbols = body->words;
        *targets = body->words + sequences * pass->symbol_words;
    }
    return status;
}

static carrynet_status make_scratch(struct host_body *body, const struct net_pass *pass, enum reference_keeps keeps)
{
    return grow(&body->scratch, &body->scratch_room,
                body->operations->scratch_bytes(&body->settings, pass->steps, pass->sequences, keeps), 1);
}

/* The pass of network n over what is staged. */
static struct reference_pass pass_of(const struct host_body *body, const struct net_pass *pass, size_t n)
{
    const size_t first = pass->shared ? 0 : n * pass->sequences;
    const uint32_t *targets = body->words + staged(body, pass) * pass->symbol_words;
    return (struct reference_pass){
        .symbols = body->words + first * pass->symbol_words,
        .targets = targets + first * pass->target_words,
        .sequences = pass->sequences,
        .steps = pass->steps,
        .symbol_words = pass->symbol_words,
        .target_words = pass->target_words,
        .first_sequence = pass->first_sequence,
        .resume = pass->resume,
        .until_wrong = pass->until_wrong,
    };
}

static carrynet_status host_gradient(void *self, const struct net_pass *pass, const carrynet_individual *individuals)
{
    struct host_body *body = self;
    const carrynet_status status = make_scratch(body, pass, REFERENCE_TRAINS);
    for (size_t n = 0; n < body->settings.networks && status == CARRYNET_OK; ++n) {
        struct reference_pass one = pass_of(body, pass, n);
        one.noise = individuals[n].noise;
        one.seed = individuals[n].seed;
        one.update = (uint32_t)individuals[n].updates;
        body->operations->gradient(body->sums + n * (body->trained + 2) * body->value, &body->counts[n],
                                   body->parts[CARRYNET_PART_PARAMETERS] + n * body->size * body->value,
                                   &body->settings, &one, body->scratch);
    }
    return status;
}

static carrynet_status host_get_sums(void *self, void *values, carrynet_metrics *metrics)
{
    const struct host_body *body = self;
    for (size_t n = 0; n < body->settings.networks; ++n) {
        const char *node = body->sums + n * (body->trained + 2) * body->value;
        if (values != NULL)
            memcpy((char *)values + n * body->trained * body->value, node, body->trained * body->value);
        if (metrics != NULL)
            metrics[n] = (carrynet_metrics){
                .loss = net_value(node, body->settings.precision, body->trained),
                .absolute_error = net_value(node, body->settings.precision, body->trained + 1),
                .wrong_bits = body->counts[n].wrong_bits,
                .wrong_sequences = body->counts[n].wrong_sequences,
            };
    }
    return CARRYNET_OK;
}

static carrynet_status host_set_sums(void *self, const void *values)
{
    struct host_body *body = self;
    const size_t bytes = body->trained * body->value;
    for (size_t n = 0; n < body->settings.networks; ++n)
        memcpy(body->sums + n * (body->trained + 2) * body->value, (const char *)values + n * bytes, bytes);
    return CARRYNET_OK;
}

static carrynet_status host_update(void *self, const struct net_rates *rates, uint64_t sequences)
{
    struct host_body *body = self;
    for (size_t n = 0; n < body->settings.networks; ++n) {
        char *moments[2];
        for (int i = 0; i < 2; ++i)
            moments[i] = body->parts[1 + i] == NULL ? NULL : body->parts[1 + i] + n * body->trained * body->value;
        body->operations->update(body->parts[CARRYNET_PART_PARAMETERS] + n * body->size * body->value, moments[0],
                                 moments[1], body->sums + n * (body->trained + 2) * body->value, &body->settings,
                                 sequences, rates[n].rate, rates[n].epsilon);
    }
    return CARRYNET_OK;
}

/* Array `values` [networks][sequences][per_sequence], at network n; NULL stays NULL. */
static void *at_network(const struct host_body *body, void *values, const struct net_pass *pass, size_t n,
                        size_t per_sequence)
{
    return values == NULL ? NULL : (char *)values + n * pass->sequences * per_sequence * body->value;
}

static carrynet_status host_forward(void *self, const struct net_pass *pass, const carrynet_forward *outputs)
{
    struct host_body *body = self;
    const size_t hidden = body->settings.shape.hidden, out = body->settings.shape.outputs;
    const carrynet_status status =
        make_scratch(body, pass, outputs->h != NULL ? REFERENCE_WRITES_H : REFERENCE_MEASURES);
    for (size_t n = 0; n < body->settings.networks && status == CARRYNET_OK; ++n) {
        const struct reference_pass one = pass_of(body, pass, n);
        const struct reference_outputs mine = {
            .y = at_network(body, outputs->y, pass, n, pass->steps * out),
            .z = at_network(body, outputs->z, pass, n, pass->steps * out),
            .h = at_network(body, outputs->h, pass, n, pass->steps * hidden),
            .state = at_network(body, outputs->state, pass, n, hidden),
        };
        union {
            float single[2];
            double twice[2];
        } sums;
        struct reference_counts counts;
        body->operations->forward(&mine, &sums, &counts,
                                  body->parts[CARRYNET_PART_PARAMETERS] + n * body->size * body->value, &body->settings,
                                  &one, body->scratch);
        if (outputs->metrics != NULL)
            outputs->metrics[n] = (carrynet_metrics){
                .loss = net_value(&sums, body->settings.precision, 0),
                .absolute_error = net_value(&sums, body->settings.precision, 1),
                .wrong_bits = counts.wrong_bits,
                .wrong_sequences = counts.wrong_sequences,
            };
    }
    return status;
}

/* Plain calls have no events, and nothing is copied. */
static carrynet_status host_profile(void *self, carrynet_profile *profile)
{
    (void)self;
    *profile = (carrynet_profile){.threads = 1};
    return CARRYNET_OK;
}

enum { PEAK_WINDOWS = 6 };
static const double PEAK_SECONDS = 0.02;

static carrynet_status host_peak(void *self, double *flops)
{
    const struct host_body *body = self;
    uint64_t rounds = 1000;
    double result = 0;
    *flops = 0;
    for (int window = 0; window < PEAK_WINDOWS;) {
        const double start = base_seconds(), operations = reference_of(body->settings.precision)->peak(&result, rounds),
                     end = base_seconds();
        if (end - start < PEAK_SECONDS) {
            rounds *= 2;
            continue;
        }
        *flops = operations / (end - start) > *flops ? operations / (end - start) : *flops;
        ++window;
    }
    return CARRYNET_OK;
}

static const struct engine_operations operations_of_host = {
    .free = host_free,
    .memory = host_memory,
    .need = host_need,
    .get = host_get,
    .set = host_set,
    .keep = host_keep,
    .stage = host_stage,
    .gradient = host_gradient,
    .get_sums = host_get_sums,
    .set_sums = host_set_sums,
    .update = host_update,
    .forward = host_forward,
    .profile = host_profile,
    .peak = host_peak,
};

/* What training and measuring with these settings take, in binary64, which does not wrap around. */
static double need_of(const carrynet_settings *settings, const struct network_operations *operations)
{
    const struct net_pass pass = net_training_pass(settings, false), measuring = net_measuring_pass(settings);
    const double value = settings->precision / 8, networks = settings->networks;
    const double words = (double)(pass.symbol_words + pass.target_words) * sizeof(uint32_t);
    const double parts = 1 + net_first_moment(settings->optimizer) + net_second_moment(settings->optimizer);
    const double trained = (double)operations->scratch_bytes(settings, pass.steps, pass.sequences, REFERENCE_TRAINS);
    const double measured =
        (double)operations->scratch_bytes(settings, measuring.steps, measuring.sequences, REFERENCE_MEASURES);
    const double staged = networks * (double)pass.sequences, shared = (double)measuring.sequences;
    return networks * ((parts + 1) * (double)carrynet_shape_size(&settings->shape) * value + 2 * value +
                       sizeof(struct reference_counts)) +
           (staged > shared ? staged : shared) * words + (trained > measured ? trained : measured);
}

/* Before anything is allocated: what this takes, against what the machine and the process's cgroup allow. */
static carrynet_status check_memory(const carrynet_settings *settings, double need)
{
    const double limit = (double)base_memory(), all = need + net_host_need(settings);
    if (limit == 0 || all <= limit)
        return CARRYNET_OK;
    return base_fail(
        CARRYNET_ERROR_MEMORY,
        "%u networks, hidden %u, %u bits, batch %u need %.1f GB, this machine allows %.1f GB; use fewer or "
        "smaller networks, fewer bits or a smaller batch",
        settings->networks, settings->shape.hidden, settings->steps, settings->batch, all / 1e9, limit / 1e9);
}

carrynet_status engine_host_body(void **out, const struct engine_operations **operations,
                                 const carrynet_settings *settings, bool plain)
{
    struct host_body *body = NULL;
    *out = NULL;
    *operations = &operations_of_host;
    carrynet_status status = reference_admit();
    if (status == CARRYNET_OK && !plain)
        status = tiled_admit();
    const struct network_operations *of_networks =
        plain ? &reference_of(settings->precision)->operations : host_operations(settings->precision);
    const double need = need_of(settings, of_networks);
    if (status == CARRYNET_OK)
        status = check_memory(settings, need);
    if (status == CARRYNET_OK)
        status = base_allocate(&body, 1, sizeof *body);
    if (status != CARRYNET_OK)
        return status;
    const bool first = net_first_moment(settings->optimizer), second = net_second_moment(settings->optimizer);
    body->settings = *settings;
    body->need = (uint64_t)need;
    body->operations = of_networks;
    body->value = settings->precision == CARRYNET_FP32 ? sizeof(float) : sizeof(double);
    body->size = carrynet_shape_size(&settings->shape);
    body->trained = carrynet_shape_trained(&settings->shape);
    const size_t networks = settings->networks;
    status = base_allocate(&body->parts[CARRYNET_PART_PARAMETERS], networks, body->size * body->value);
    if (status == CARRYNET_OK && first)
        status = base_allocate(&body->parts[CARRYNET_PART_FIRST_MOMENT], networks, body->trained * body->value);
    if (status == CARRYNET_OK && second)
        status = base_allocate(&body->parts[CARRYNET_PART_SECOND_MOMENT], networks, body->trained * body->value);
    if (status == CARRYNET_OK)
        status = base_allocate(&body->sums, networks, (body->trained + 2) * body->value);
    if (status == CARRYNET_OK)
        status = base_allocate(&body->counts, networks, sizeof *body->counts);
    if (status != CARRYNET_OK) {
        host_free(body);
        return status;
    }
    *out = body;
    return CARRYNET_OK;
}
