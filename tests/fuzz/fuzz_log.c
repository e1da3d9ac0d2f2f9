/*
 * Logs of trainings, a JSON object a line (host/cli/training_log.c), and what bench measured: as plot and report read and
 * draw them. How: unused.
 */
#include "cli/plot/plot_charts.h"
#include "cli/report/report_data.h"
#include "cli/training_log.h"
#include "fuzz.h"
#include <string.h>

void fuzz_prepare(void)
{
}

void fuzz_seeds(void)
{
    static const char log[] =
        "{\"carrynet\":\"0.1.0\",\"settings\":{\"task\":\"add\",\"bits\":8,\"hidden\":16,\"nets\":3,\"batch\":64,"
        "\"optimizer\":\"adam\",\"lr\":0.07,\"loss\":\"squared\"}}\n"
        "{\"updates\":0,\"sequences\":0,\"loss\":null,\"wrong_share\":0,\"exact\":0,\"networks\":3,\"seconds\":0.1}\n"
        "{\"updates\":64,\"sequences\":12288,\"loss\":0.5,\"wrong_share\":0.25,\"exact\":1,\"networks\":3,"
        "\"held_out_wrong_share\":0.5,\"seconds\":0.2}\n\n"
        "{\"result\":{\"exact\":true}}\n{\"updates\":128,\"lo";
    static const char bench[] =
        "{\"device\":\"reference\",\"hidden\":16,\"bits\":8,\"batch\":64,\"nets\":1,\"sequences_per_second\":12000.5,"
        "\"share_of_peak\":0.5,\"windows\":[11000,12000.5,13000]}\n"
        "{\"device\":\"other\",\"hidden\":64,\"bits\":32,\"batch\":4096,\"nets\":8,\"sequences_per_second\":1e3,"
        "\"share_of_peak\":0.01,\"windows\":[]}\n";
    fuzz_seed("log", 0, log, sizeof log - 1);
    fuzz_seed("bench", 0, bench, sizeof bench - 1);
}

/* A picture's script: gnuplot is given names in single quotes, and nothing that could end them. */
static void check_script(const plot_page *page)
{
    for (size_t i = 0; i < page->script.size; ++i)
        fuzz_must(((unsigned char)page->script.data[i] >= ' ' && (unsigned char)page->script.data[i] < 0x7f) ||
                      page->script.data[i] == '\n',
                  "a script of printable letters");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    training_log log = {0};
    plot_page pages[2] = {{.height = 0}};
    char *text = NULL;
    if (size < 1)
        return 0;
    fuzz_must(sys_allocate(&text, size, 1) == CARRYNET_OK, "memory"); /* a zero byte behind the last */
    memcpy(text, data + 1, size - 1);
    const carrynet_status status = training_log_read(&log, "log", text);
    fuzz_answered(status);
    if (status == CARRYNET_OK) {
        json_t *page = json_object();
        report_put_course(page, &log);
        json_decref(page);
    }
    training_log_free(&log);
    fuzz_answered(plot_log_script(&pages[0], "log", text, false));
    (void)plot_is_bench(text);
    fuzz_answered(plot_bench_script(&pages[1], "log", text, true));
    for (size_t i = 0; i < 2; ++i) {
        check_script(&pages[i]);
        plot_page_free(&pages[i]);
    }
    sys_free(text);
    return 0;
}
