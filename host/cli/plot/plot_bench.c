/*
 * The output of `carrynet bench --json` (one JSON object per line) as two areas over its cases, in the file's order:
 * sequences per second, the median of the windows between the slowest and the fastest, and the share of the peak.
 */
#include "cli/json_values.h"
#include "cli/plot/plot_charts.h"
#include "cli/training_log.h"
#include "platform/json_text.h"
#include <math.h>
#include <string.h>

enum { TITLE = 48, LEFT = 76, RIGHT = 18, AREA = 190, BETWEEN = 36, BELOW = 56 };

typedef struct bench_case {
    double median, slowest, fastest; /* sequences a second */
    double share;                    /* of the peak */
} bench_case;

typedef struct bench_file {
    size_t count;
    bench_case cases[PLOT_VALUES];
    plot_values labels; /* hidden, bits, batch of each */
    char device[160];
    bool several; /* devices */
} bench_file;

bool plot_is_bench(const char *text)
{
    const char *end = strchr(text, '\n'), *key = strstr(text, "\"sequences_per_second\"");
    return key != NULL && (end == NULL || key < end);
}

static bool positive(double *number, const json_t *object, const char *name)
{
    *number = json_number_value(json_object_get(object, name));
    return *number > 0 && isfinite(*number);
}

static carrynet_status read_case(bench_file *file, const json_t *object, const char *path, size_t line)
{
    double hidden, bits, batch, nets;
    if (file->count == PLOT_VALUES)
        return sys_fail(CARRYNET_ERROR_FORMAT, "%s: line %zu: more than %d cases do not fit a picture", path, line,
                        (int)PLOT_VALUES);
    bench_case *one = &file->cases[file->count];
    const json_t *windows = json_object_get(object, "windows"), *value;
    const char *device = json_string_value(json_object_get(object, "device"));
    if (!positive(&hidden, object, "hidden") || !positive(&bits, object, "bits") ||
        !positive(&batch, object, "batch") || !positive(&nets, object, "nets") ||
        !positive(&one->median, object, "sequences_per_second") || !positive(&one->share, object, "share_of_peak"))
        return sys_fail(CARRYNET_ERROR_FORMAT,
                        "%s: line %zu: hidden, bits, batch, nets, sequences_per_second and share_of_peak must be "
                        "positive numbers, as `carrynet bench --json` writes them",
                        path, line);
    one->slowest = one->fastest = one->median;
    size_t i;
    json_array_foreach(windows, i, value)
    {
        const double speed = json_number_value(value);
        if (!(speed > 0) || !isfinite(speed))
            return sys_fail(CARRYNET_ERROR_FORMAT, "%s: line %zu: a window is no positive number", path, line);
        one->slowest = fmin(one->slowest, speed);
        one->fastest = fmax(one->fastest, speed);
    }
    char label[64], count[16] = "";
    if (nets > 1)
        (void)snprintf(count, sizeof count, " x%.6g", nets);
    (void)snprintf(label, sizeof label, "%.6g %.6g %.6g%s", hidden, bits, batch, count);
    (void)snprintf(file->labels.label[file->count], sizeof file->labels.label[0], "%.31s", label);
    file->labels.number[file->count] = (double)file->count;
    if (device == NULL)
        device = "unknown device";
    if (file->count == 0)
        (void)snprintf(file->device, sizeof file->device, "%.150s", device);
    else if (strncmp(file->device, device, 150) != 0)
        file->several = true;
    ++file->count;
    return CARRYNET_OK;
}

static carrynet_status read_cases(bench_file *file, const char *path, const char *text)
{
    carrynet_status status = CARRYNET_OK;
    size_t line = 1;
    while (*text != '\0' && status == CARRYNET_OK) {
        const size_t length = strcspn(text, "\n");
        json_error_t error;
        if (length > TRAINING_LOG_LINE)
            return sys_fail(CARRYNET_ERROR_FORMAT, "%s: line %zu is too long for a case", path, line);
        json_t *object = NULL;
        status = sys_json_read(&object, &error, text, length, 0);
        if (status == CARRYNET_OK)
            status = read_case(file, object, path, line);
        else if (strspn(text, " \t\r") >= length)
            status = CARRYNET_OK;
        else if (status == CARRYNET_ERROR_FORMAT)
            status = sys_fail(CARRYNET_ERROR_FORMAT, "%s: line %zu: %s", path, line, error.text);
        json_decref(object);
        text += length + (text[length] == '\n');
        ++line;
    }
    return status;
}

static void draw(plot_page *page, bench_file *file)
{
    const plot_area above = {LEFT, TITLE, PLOT_WIDTH - LEFT - RIGHT, AREA};
    const plot_area below = {LEFT, TITLE + AREA + BETWEEN, above.width, AREA};
    double least = INFINITY, most = 0;
    sys_text_add(&page->script, "$bench << EOD\n# case, median, slowest, fastest window, share of the peak\n");
    for (size_t i = 0; i < file->count; ++i) {
        const bench_case *one = &file->cases[i];
        least = fmin(least, one->slowest);
        most = fmax(most, one->fastest);
        sys_text_add(&page->script, "%zu %.10g %.10g %.10g %.10g\n", i, one->median, one->slowest, one->fastest,
                     one->share);
    }
    sys_text_add(&page->script, "EOD\n");
    file->labels.name = "hidden units, steps, batch";
    file->labels.count = file->count;
    plot_axis x = plot_values_axis('x', &file->labels, above.width, false);
    const char *title = x.title;
    x.title = NULL;
    plot_page_area(page, &above);
    plot_page_values(page, &x, &file->labels);
    const plot_axis y = plot_axis_for('y', true, least, most, above.height, "sequences a second");
    plot_page_axis(page, &y);
    sys_text_add(&page->script,
                 "plot $bench using 1:2:3:4 with yerrorbars pointtype 7 pointsize 0.8 linecolor rgb '#%06x' notitle\n",
                 plot_colour(0, 2, false));
    x.title = title;
    plot_page_area(page, &below);
    plot_page_values(page, &x, &file->labels);
    plot_page_shares(page, "share of the peak");
    sys_text_add(&page->script, "plot $bench using 1:5 with impulses linewidth 6 linecolor rgb '#%06x' notitle\n",
                 plot_colour(0, 2, false));
}

carrynet_status plot_bench_script(plot_page *page, const char *path, const char *text, bool png)
{
    bench_file *file = NULL;
    carrynet_status status = sys_allocate(&file, 1, sizeof *file);
    if (status == CARRYNET_OK)
        status = read_cases(file, path, text);
    if (status == CARRYNET_OK && file->count == 0)
        status = sys_fail(CARRYNET_ERROR_FORMAT, "%s: has no case, as `carrynet bench --json` writes them", path);
    if (status == CARRYNET_OK) {
        plot_page_begin(page, png, TITLE + 2 * AREA + BETWEEN + BELOW, "full training steps",
                        file->several ? "several devices" : file->device);
        draw(page, file);
        status = plot_page_end(page);
    }
    sys_free(file);
    return status;
}
