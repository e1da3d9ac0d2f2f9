/*
 * Results of sweeps: the strict reader, going on from a file, the join of parts (host/sweep/sweep_read.c, sweep_merge.c),
 * and the picture of any table (host/cli/plot/plot_table.c). An input is a file, or three with form feeds between them: two
 * parts and the first one's seconds. How: the chart.
 */
#include "cli/options.h"
#include "cli/plot/plot_charts.h"
#include "fuzz.h"
#include <string.h>

enum { FILES = 3 };

static const char *paths[FILES], *joined;
static carrynet_sweep *sweep;
static carrynet_sweep_spec spec;
static const uint32_t hidden[] = {2};
static const double rates[] = {0.05, 0.1};

static carrynet_sweep *make(uint32_t shard, uint32_t shards)
{
    carrynet_sweep *made = NULL;
    spec.shard = shard;
    spec.shards = shards;
    fuzz_must(carrynet_sweep_create(&made, &spec) == CARRYNET_OK, "a sweep");
    return made;
}

void fuzz_prepare(void)
{
    carrynet_settings settings;
    paths[0] = fuzz_path("a.csv");
    paths[1] = fuzz_path("b.csv");
    paths[2] = fuzz_path("a.times.csv");
    joined = fuzz_path("joined.csv");
    carrynet_settings_init(&settings, carrynet_task_at(0));
    settings.steps = 3;
    settings.batch = 4;
    carrynet_sweep_spec_init(&spec, &settings);
    spec.hidden = hidden;
    spec.hidden_count = 1;
    spec.rates = rates;
    spec.rate_count = 2;
    spec.seeds = 2;
    spec.sequences = 32;
    spec.check_every = 4;
    sweep = make(1, 1);
}

void fuzz_seeds(void)
{
    const carrynet_engine_options device = {.device = "reference"};
    for (uint32_t whole = 0; whole < 2; ++whole) {
        sys_text text = {0};
        for (uint32_t shard = 1; shard <= 2 - whole; ++shard) {
            carrynet_sweep_options options;
            carrynet_sweep *part = make(shard, 2 - whole);
            carrynet_sweep_options_init(&options);
            options.path = paths[shard - 1];
            fuzz_must(carrynet_sweep_run(part, &device, &options) == CARRYNET_OK, "a sweep runs");
            carrynet_sweep_free(part);
        }
        for (size_t i = 0; i < (whole == 1 ? 1 : FILES); ++i) {
            size_t size = 0;
            char *file = fuzz_read(&size, paths[i]);
            sys_text_append(&text, "\f", i > 0 ? 1 : 0);
            sys_text_append(&text, file, size);
            sys_free(file);
        }
        fuzz_seed(whole == 1 ? "whole" : "parts", (uint8_t)PLOT_CHART_ALL, text.data, text.size);
        sys_text_free(&text);
    }
    static const char other[] =
        "hidden,lr,exact,sequences,name\n4,0.1,1,64,\"a, \"\"b\"\"\"\n8,1e-2,0,64,c\n\n8,0.2,1,32,\n";
    fuzz_seed("table", PLOT_CHART_MAP, other, sizeof other - 1);
}

/* A picture's script: gnuplot is given names in single quotes, and nothing that could end them. */
static void draw(uint8_t how, const char *text, size_t size)
{
    plot_page page = {.height = 0};
    plot_table table;
    char *copy = NULL;
    fuzz_must(sys_allocate(&copy, size + 1, 1) == CARRYNET_OK, "memory");
    memcpy(copy, text, size);
    carrynet_status status = plot_table_read(&table, "a.csv", copy, size);
    fuzz_answered(status);
    if (status == CARRYNET_OK && how % 2 == 1)
        fuzz_answered(status = plot_table_keep(&table, "hidden=8,hidden=2,lr=0.1"));
    if (status == CARRYNET_OK)
        fuzz_answered(plot_results_script(&page, &table, (plot_chart)(how % (PLOT_CHART_ALL + 1)),
                                          plot_column(how / 8 % 7), how > 127));
    for (size_t i = 0; i < page.script.size; ++i)
        fuzz_must(((unsigned char)page.script.data[i] >= ' ' && (unsigned char)page.script.data[i] < 0x7f) ||
                      page.script.data[i] == '\n',
                  "a script of printable letters");
    plot_page_free(&page);
    plot_table_free(&table);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static carrynet_sweep_row row; /* large */
    size_t count = 0;
    if (size < 1)
        return 0;
    const uint8_t *at = data + 1, *const end = data + size;
    for (bool more = true; more && count < FILES; ++count) {
        const uint8_t *feed = at < end ? memchr(at, '\f', (size_t)(end - at)) : NULL;
        const uint8_t *const stop = feed != NULL ? feed : end;
        fuzz_write(paths[count], at, (size_t)(stop - at));
        if (count == 0)
            draw(data[0], (const char *)at, (size_t)(stop - at));
        more = feed != NULL;
        at = more ? feed + 1 : end;
    }
    if (count < FILES)
        fuzz_write(paths[2], "row,seconds\n", 12);
    fuzz_answered(carrynet_sweep_read(&row, paths[0], 1));
    fuzz_answered(carrynet_sweep_load(sweep, paths[0]));
    const carrynet_status status = carrynet_sweep_merge(joined, paths, count < 2 ? 1 : 2);
    fuzz_answered(status);
    if (status == CARRYNET_OK)
        fuzz_must(carrynet_sweep_read(&row, joined, 1) == CARRYNET_OK, "what was joined can be read");
    return 0;
}
