/*
 * The backends in C. They run one network after another through the operations of the reference or of the backend
 * `host`.
 */
#include "backend/host.h"
#include "model/value.h"
#include "platform/platform.h"
#include <string.h>

struct host_backend {
    struct backend base;
    carrynet_settings settings;
    const struct network_operations *operations;
    size_t value;   /* bytes of a value */
    size_t size;    /* parameters of a network */
    size_t trained; /* of which trained */
    char *parts[3]; /* by carrynet_part: parameters [networks][size], moments [networks][trained] or NULL */
    char *sums;     /* [networks][trained + 2] */
    struct reference_counts *counts; /* [networks] */
    struct net_pass staged;          /* over */
    uint32_t *words;                 /* symbols, then targets */
    size_t words_capacity;
    char *scratch;
    size_t scratch_capacity;
    uint64_t need; /* bytes that it may come to hold */
};

static size_t part_size(const struct host_backend *host, carrynet_part part)
{
    return part == CARRYNET_PART_PARAMETERS ? host->size : host->trained;
}

static void host_free(struct backend *backend)
{
    struct host_backend *host = (struct host_backend *)backend;
    if (host == NULL)
        return;
    for (int part = 0; part < 3; ++part)
        sys_free(host->parts[part]);
    sys_free(host->sums);
    sys_free(host->counts);
    sys_free(host->words);
    sys_free(host->scratch);
    sys_free(host);
}

static uint64_t host_memory(struct backend *backend)
{
    const struct host_backend *host = (const struct host_backend *)backend;
    uint64_t bytes = host->scratch_capacity + host->words_capacity * sizeof(uint32_t);
    for (int part = 0; part < 3; ++part)
        if (host->parts[part] != NULL)
            bytes += (uint64_t)host->settings.networks * part_size(host, (carrynet_part)part) * host->value;
    return bytes + (uint64_t)host->settings.networks * (host->trained + 2) * host->value;
}

static uint64_t host_need(struct backend *backend)
{
    const struct host_backend *host = (const struct host_backend *)backend;
    return host->need;
}

static carrynet_status host_get(struct backend *backend, carrynet_part part, size_t first, size_t count, void *values)
{
    const struct host_backend *host = (const struct host_backend *)backend;
    const size_t bytes = part_size(host, part) * host->value;
    memcpy(values, host->parts[part] + first * bytes, count * bytes);
    return CARRYNET_OK;
}

static carrynet_status host_set(struct backend *backend, carrynet_part part, size_t first, size_t count,
                                const void *values)
{
    struct host_backend *host = (struct host_backend *)backend;
    const size_t bytes = part_size(host, part) * host->value;
    memcpy(host->parts[part] + first * bytes, values, count * bytes);
    return CARRYNET_OK;
}

static carrynet_status host_compact(struct backend *backend, const uint32_t *from, uint32_t count)
{
    struct host_backend *host = (struct host_backend *)backend;
    for (int part = 0; part < 3; ++part) {
        const size_t bytes = part_size(host, (carrynet_part)part) * host->value;
        for (uint32_t n = 0; n < count && host->parts[part] != NULL; ++n)
            if (from[n] != n)
                memcpy(host->parts[part] + n * bytes, host->parts[part] + from[n] * bytes, bytes);
    }
    host->settings.networks = count;
    return CARRYNET_OK;
}

static carrynet_status host_stage(struct backend *backend, struct net_pass **staged, const struct net_pass *pass)
{
    struct host_backend *host = (struct host_backend *)backend;
    const size_t sequences = (pass->shared ? 1 : host->settings.networks) * pass->sequences;
    const carrynet_status status =
        sys_reserve(&host->words, &host->words_capacity,
                    (uint64_t)sequences * (pass->symbol_words + pass->target_words), sizeof(uint32_t));
    host->staged = *pass;
    host->staged.symbols = host->words;
    host->staged.targets = host->words + sequences * pass->symbol_words;
    *staged = &host->staged;
    return status;
}

static carrynet_status make_scratch(struct host_backend *host, const struct net_pass *pass, enum reference_keeps keeps)
{
    return sys_reserve(&host->scratch, &host->scratch_capacity,
                       host->operations->scratch_bytes(&host->settings, pass->steps, pass->sequences, keeps), 1);
}

/* The pass of network n alone. */
static struct net_pass pass_of(const struct net_pass *staged, size_t n)
{
    struct net_pass one = *staged;
    const size_t first = staged->shared ? 0 : n * staged->sequences;
    one.symbols += first * staged->symbol_words;
    one.targets += first * staged->target_words;
    one.configs = staged->configs == NULL ? NULL : staged->configs + n;
    return one;
}

static carrynet_status host_gradient(struct backend *backend, struct net_pass *staged)
{
    struct host_backend *host = (struct host_backend *)backend;
    const carrynet_status status = make_scratch(host, staged, REFERENCE_TRAINS);
    for (size_t n = 0; n < host->settings.networks && status == CARRYNET_OK; ++n) {
        const struct net_pass one = pass_of(staged, n);
        host->operations->gradient(host->sums + n * (host->trained + 2) * host->value, &host->counts[n],
                                   host->parts[CARRYNET_PART_PARAMETERS] + n * host->size * host->value,
                                   &host->settings, &one, host->scratch);
    }
    return status;
}

static carrynet_status host_get_sums(struct backend *backend, void *values, carrynet_metrics *metrics)
{
    const struct host_backend *host = (const struct host_backend *)backend;
    for (size_t n = 0; n < host->settings.networks; ++n) {
        const char *partial = host->sums + n * (host->trained + 2) * host->value;
        if (values != NULL)
            memcpy((char *)values + n * host->trained * host->value, partial, host->trained * host->value);
        if (metrics != NULL)
            metrics[n] = (carrynet_metrics){
                .loss = net_value(partial, host->settings.precision, host->trained),
                .absolute_error = net_value(partial, host->settings.precision, host->trained + 1),
                .wrong_bits = host->counts[n].wrong_bits,
                .wrong_sequences = host->counts[n].wrong_sequences,
            };
    }
    return CARRYNET_OK;
}

static carrynet_status host_set_sums(struct backend *backend, const void *values)
{
    struct host_backend *host = (struct host_backend *)backend;
    const size_t bytes = host->trained * host->value;
    for (size_t n = 0; n < host->settings.networks; ++n)
        memcpy(host->sums + n * (host->trained + 2) * host->value, (const char *)values + n * bytes, bytes);
    return CARRYNET_OK;
}

static carrynet_status host_update(struct backend *backend, const struct net_rates *rates, uint64_t sequences)
{
    struct host_backend *host = (struct host_backend *)backend;
    for (size_t n = 0; n < host->settings.networks; ++n) {
        char *moments[2];
        for (int i = 0; i < 2; ++i)
            moments[i] = host->parts[1 + i] == NULL ? NULL : host->parts[1 + i] + n * host->trained * host->value;
        host->operations->update(host->parts[CARRYNET_PART_PARAMETERS] + n * host->size * host->value, moments[0],
                                 moments[1], host->sums + n * (host->trained + 2) * host->value, &host->settings,
                                 sequences, rates[n]);
    }
    return CARRYNET_OK;
}

/* Array `values` [networks][sequences][per_sequence], at network n; NULL stays NULL. */
static void *at_network(const struct host_backend *host, void *values, const struct net_pass *pass, size_t n,
                        size_t per_sequence)
{
    return values == NULL ? NULL : (char *)values + n * pass->sequences * per_sequence * host->value;
}

static carrynet_status host_forward(struct backend *backend, struct net_pass *pass, const carrynet_forward *outputs)
{
    struct host_backend *host = (struct host_backend *)backend;
    const size_t hidden = host->settings.shape.hidden, out = host->settings.shape.outputs;
    const carrynet_status status =
        make_scratch(host, pass, outputs->h != NULL ? REFERENCE_WRITES_H : REFERENCE_MEASURES);
    for (size_t n = 0; n < host->settings.networks && status == CARRYNET_OK; ++n) {
        const struct net_pass one = pass_of(pass, n);
        const struct reference_outputs mine = {
            .y = at_network(host, outputs->y, pass, n, pass->steps * out),
            .z = at_network(host, outputs->z, pass, n, pass->steps * out),
            .h = at_network(host, outputs->h, pass, n, pass->steps * hidden),
            .state = at_network(host, outputs->state, pass, n, hidden),
        };
        union {
            float single[2];
            double twice[2];
        } sums;
        struct reference_counts counts;
        host->operations->forward(&mine, &sums, &counts,
                                  host->parts[CARRYNET_PART_PARAMETERS] + n * host->size * host->value, &host->settings,
                                  &one, host->scratch);
        if (outputs->metrics != NULL)
            outputs->metrics[n] = (carrynet_metrics){
                .loss = net_value(&sums, host->settings.precision, 0),
                .absolute_error = net_value(&sums, host->settings.precision, 1),
                .wrong_bits = counts.wrong_bits,
                .wrong_sequences = counts.wrong_sequences,
            };
    }
    return status;
}

/* Plain calls have no events, and nothing is copied. */
static carrynet_status host_profile(struct backend *backend, carrynet_profile *profile)
{
    (void)backend;
    *profile = (carrynet_profile){.threads = 1};
    return CARRYNET_OK;
}

enum { PEAK_WINDOWS = 6 };
static const double PEAK_SECONDS = 0.02;

static carrynet_status host_peak(struct backend *backend, double *flops)
{
    const struct host_backend *host = (const struct host_backend *)backend;
    uint64_t rounds = 1000;
    double result = 0;
    *flops = 0;
    for (int window = 0; window < PEAK_WINDOWS;) {
        const double start = sys_seconds(), operations = reference_of(host->settings.precision)->peak(&result, rounds),
                     end = sys_seconds();
        if (end - start < PEAK_SECONDS) {
            rounds *= 2;
            continue;
        }
        *flops = operations / (end - start) > *flops ? operations / (end - start) : *flops;
        ++window;
    }
    return CARRYNET_OK;
}

static const struct backend_operations operations_of_host = {
    .free = host_free,
    .memory = host_memory,
    .need = host_need,
    .get = host_get,
    .set = host_set,
    .compact = host_compact,
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
    const struct net_pass pass = net_training_pass(settings, NULL, NULL), measuring = net_measuring_pass(settings);
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
    const double limit = (double)sys_memory(), all = need + net_host_need(settings);
    if (limit == 0 || all <= limit)
        return CARRYNET_OK;
    return sys_fail(CARRYNET_ERROR_MEMORY,
                    "%u networks, hidden %u, %u bits, batch %u need %.1f GB, this machine allows %.1f GB; use fewer or "
                    "smaller networks, fewer bits or a smaller batch",
                    settings->networks, settings->shape.hidden, settings->steps, settings->batch, all / 1e9,
                    limit / 1e9);
}

carrynet_status host_backend_create(struct backend **out, const carrynet_settings *settings, bool plain)
{
    struct host_backend *host = NULL;
    *out = NULL;
    carrynet_status status = reference_admit();
    if (status == CARRYNET_OK && !plain)
        status = tiled_admit();
    const struct network_operations *of_networks =
        plain ? &reference_of(settings->precision)->operations : host_operations(settings->precision);
    const double need = need_of(settings, of_networks);
    if (status == CARRYNET_OK)
        status = check_memory(settings, need);
    if (status == CARRYNET_OK)
        status = sys_allocate(&host, 1, sizeof *host);
    if (status != CARRYNET_OK)
        return status;
    const bool first = net_first_moment(settings->optimizer), second = net_second_moment(settings->optimizer);
    host->base.operations = &operations_of_host;
    host->settings = *settings;
    host->need = (uint64_t)need;
    host->operations = of_networks;
    host->value = settings->precision == CARRYNET_FP32 ? sizeof(float) : sizeof(double);
    host->size = carrynet_shape_size(&settings->shape);
    host->trained = carrynet_shape_trained(&settings->shape);
    const size_t networks = settings->networks;
    status = sys_allocate(&host->parts[CARRYNET_PART_PARAMETERS], networks, host->size * host->value);
    if (status == CARRYNET_OK && first)
        status = sys_allocate(&host->parts[CARRYNET_PART_FIRST_MOMENT], networks, host->trained * host->value);
    if (status == CARRYNET_OK && second)
        status = sys_allocate(&host->parts[CARRYNET_PART_SECOND_MOMENT], networks, host->trained * host->value);
    if (status == CARRYNET_OK)
        status = sys_allocate(&host->sums, networks, (host->trained + 2) * host->value);
    if (status == CARRYNET_OK)
        status = sys_allocate(&host->counts, networks, sizeof *host->counts);
    if (status != CARRYNET_OK) {
        host_free(&host->base);
        return status;
    }
    *out = &host->base;
    return CARRYNET_OK;
}
