/*
 * The log of a training (train --log, replay --log: a JSON object a line) as two areas over the updates: the loss, and
 * the share of the batch's sequences that are right, with that of the exact networks if there are several.
 */
#include "cli/console.h"
#include "cli/json_values.h"
#include "cli/plot_charts.h"
#include <math.h>
#include <string.h>

enum { TITLE = 48, LEFT = 76, RIGHT = 18, AREA = 190, BETWEEN = 14, BELOW = 56, LEGEND = 20 };

/* What a line reports. */
typedef struct report {
    double updates, loss, right, exact; /* NaN where the log has null; the shares lie between 0 and 1 */
} report;

typedef struct training_log {
    report *reports; /* [count] */
    size_t count;
    bool several; /* networks */
    base_text title;
    char loss[64]; /* its name, with the loss' own */
} training_log;

/* ---- reading --------------------------------------------------------------------------------------------------- */

static bool member(double *number, const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    *number = json_is_null(value) ? (double)NAN : json_number_value(value);
    return json_is_number(value) || json_is_null(value);
}

static void read_settings(training_log *log, const json_t *settings)
{
    static const char *const names[] = {"task", "bits", "hidden", "batch", "loss", "optimizer", "lr"};
    double networks;
    if (!member(&networks, settings, "nets") || isnan(networks))
        networks = 1;
    log->title.size = 0;
    base_text_add(&log->title, "%.0f network%s", networks, networks == 1 ? "" : "s");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; ++i) {
        const json_t *value = json_object_get(settings, names[i]);
        if (json_is_string(value))
            base_text_add(&log->title, ", %s %s", names[i], json_string_value(value));
        else if (json_is_number(value))
            base_text_add(&log->title, ", %s %.6g", names[i], json_number_value(value));
    }
    const char *loss = json_string_value(json_object_get(settings, "loss"));
    if (loss != NULL)
        (void)snprintf(log->loss, sizeof log->loss, "loss (%.40s)", loss);
}

/* A report is a line with updates; others (settings, the result) are something else. */
static carrynet_status read_line(training_log *log, const json_t *object, const char *path, size_t line)
{
    report *next = &log->reports[log->count];
    double wrong, exact, networks;
    const json_t *settings = json_object_get(object, "settings");
    if (json_is_object(settings))
        read_settings(log, settings);
    if (json_object_get(object, "updates") == NULL)
        return CARRYNET_OK;
    if (!member(&next->updates, object, "updates") || !member(&next->loss, object, "loss") ||
        !member(&wrong, object, "wrong_share") || !member(&exact, object, "exact") ||
        !member(&networks, object, "networks") || isnan(networks) || isnan(next->updates))
        return base_fail(CARRYNET_ERROR_FORMAT,
                         "%s: line %zu: updates, loss, wrong_share, exact and networks must be numbers", path, line);
    if (!(next->updates >= 0 && next->updates <= UINT32_MAX) || next->loss < 0 || wrong < 0 || wrong > 1 ||
        !(networks >= 1 && networks <= 16777216) || exact < 0 || exact > networks)
        return base_fail(CARRYNET_ERROR_FORMAT,
                         "%s: line %zu: updates %g, loss %g, wrong_share %g, exact %g of %g networks are not what a "
                         "training can report",
                         path, line, next->updates, next->loss, wrong, exact, networks);
    next->right = 1 - wrong;
    next->exact = exact / networks;
    log->several = log->several || networks > 1;
    ++log->count;
    return CARRYNET_OK;
}

static carrynet_status read_log(training_log *log, const char *path, const char *text)
{
    carrynet_status status = CARRYNET_OK;
    size_t lines = 1, line = 0;
    for (const char *p = text; *p != '\0'; ++p)
        lines += *p == '\n' ? 1 : 0;
    status = base_allocate(&log->reports, lines, sizeof *log->reports);
    (void)snprintf(log->loss, sizeof log->loss, "loss");
    for (const char *end; status == CARRYNET_OK && *text != '\0'; text = end) {
        json_error_t error;
        const size_t length = strcspn(text, "\n");
        end = text + length + (text[length] == '\n' ? 1 : 0);
        ++line;
        if (strspn(text, " \t\r") >= length)
            continue;
        json_t *object = json_loadb(text, length, 0, &error);
        if (json_is_object(object))
            status = read_line(log, object, path, line);
        else if (text[length] == '\0' && line > 1)
            console_note("%s: line %zu is not finished, and is left out", path, line);
        else
            status = base_fail(CARRYNET_ERROR_FORMAT, "%s: line %zu: %s", path, line,
                               object == NULL ? error.text : "is not a JSON object");
        json_decref(object);
    }
    if (status == CARRYNET_OK && log->count == 0)
        status = base_fail(CARRYNET_ERROR_FORMAT, "%s: has no report of a training, as train --log writes it", path);
    if (status == CARRYNET_OK && log->title.failed)
        status = base_fail(CARRYNET_ERROR_MEMORY, "no memory for the title");
    return status;
}

/* ---- drawing --------------------------------------------------------------------------------------------------- */

static void add_number(base_text *script, double number)
{
    if (isfinite(number))
        base_text_add(script, " %.10g", number);
    else
        base_text_add(script, " NaN");
}

static void log_block(plot_page *page, const training_log *log)
{
    base_text_add(&page->script, "$log << EOD\n# updates, loss, share of the batch right, share of networks exact\n");
    for (size_t i = 0; i < log->count; ++i) {
        /* An empty line ends the curve where the next wave of networks begins. */
        if (i > 0 && log->reports[i].updates < log->reports[i - 1].updates)
            base_text_add(&page->script, "\n");
        base_text_add(&page->script, "%.10g", log->reports[i].updates);
        add_number(&page->script, log->reports[i].loss);
        add_number(&page->script, log->reports[i].right);
        add_number(&page->script, log->reports[i].exact);
        base_text_add(&page->script, "\n");
    }
    base_text_add(&page->script, "EOD\n");
}

static void draw_log(plot_page *page, const training_log *log)
{
    const plot_area above = {LEFT, TITLE, PLOT_WIDTH - LEFT - RIGHT, AREA};
    const plot_area below = {LEFT, TITLE + AREA + BETWEEN + LEGEND, above.width, AREA};
    double most = 0, least_loss = INFINITY, most_loss = -INFINITY;
    for (size_t i = 0; i < log->count; ++i) {
        most = fmax(most, log->reports[i].updates);
        if (isfinite(log->reports[i].loss)) {
            least_loss = fmin(least_loss, log->reports[i].loss);
            most_loss = fmax(most_loss, log->reports[i].loss);
        }
    }
    if (least_loss > most_loss)
        least_loss = most_loss = 1; /* none was a number: the area stays empty */
    plot_axis x = plot_axis_for('x', false, 0, most, above.width, NULL);
    x.least = 0;
    x.most = most > 0 ? most : 1;
    const plot_axis y = plot_axis_for('y', true, least_loss, most_loss, above.height, log->loss);
    plot_page_area(page, &above);
    log_block(page, log);
    plot_page_axis(page, &x);
    plot_page_axis(page, &y);
    base_text_add(&page->script, "plot $log using 1:2 with lines linewidth 2 linecolor rgb '#%06x' notitle\n",
                  plot_colour(0, 2, false));
    plot_page_area(page, &below);
    x.title = "updates";
    plot_page_axis(page, &x);
    plot_page_shares(page, "share");
    base_text_add(
        &page->script,
        "set key at graph 0, graph 1.03 left bottom horizontal Left reverse samplen 1.5 width -2 textcolor rgb "
        "'#333333'\n"
        "plot $log using 1:3 with lines linewidth 2 linecolor rgb '#%06x' title 'sequences of the batch right'",
        plot_colour(0, 2, false));
    if (log->several)
        base_text_add(&page->script,
                      ", \\\n     $log using 1:4 with steps linewidth 2 linecolor rgb '#%06x' title 'networks exact'",
                      plot_colour(1, 2, false));
    base_text_add(&page->script, "\n");
}

carrynet_status plot_log_script(plot_page *page, const char *path, const char *text, bool png)
{
    training_log log = {0};
    carrynet_status status = read_log(&log, path, text);
    if (status == CARRYNET_OK) {
        plot_page_begin(page, png, TITLE + 2 * AREA + BETWEEN + LEGEND + BELOW,
                        log.title.data != NULL ? log.title.data : path, NULL);
        draw_log(page, &log);
        status = plot_page_end(page);
    }
    base_free(log.reports);
    base_text_free(&log.title);
    return status;
}
