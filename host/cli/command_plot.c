/*
 * carrynet plot FILE -o PICTURE: the charts of a sweep's results (CSV), of a training's log or of bench output (JSON
 * lines), or of hidden states (NPZ); the start of the file shows which. gnuplot, looked up in PATH when needed, draws:
 * it reads the script from its standard input and writes the picture to its standard output, so that scripts contain no
 * file names.
 */
#include "cli/console.h"
#include "cli/options.h"
#include "cli/plot/plot_charts.h"
#include <carrynet/fields.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t INPUT_BYTES = UINT64_C(1) << 33;
static const char BLANKS[] = " \t\r\n";

/* ---- the options ---------------------------------------------------------------------------------------------- */

static struct {
    cli_value chart, by;
    const char *where, *output;
    bool script;
} given;

static const char *const charts[] = {[PLOT_CHART_CURVE] = "curve",     [PLOT_CHART_SEQUENCES] = "sequences",
                                     [PLOT_CHART_UPDATES] = "updates", [PLOT_CHART_SECONDS] = "seconds",
                                     [PLOT_CHART_MAP] = "map",         NULL};

const char *plot_column(size_t index)
{
    const carrynet_field *field;
    size_t seen = 0;
    if (index == 0)
        return "task";
    for (size_t i = 0; (field = carrynet_field_at(i)) != NULL; ++i)
        if ((field->traits & CARRYNET_FIELD_AXIS) != 0 && ++seen == index)
            return field->in[CARRYNET_MEDIUM_CSV].key;
    return NULL;
}

const cli_option plot_options[] = {
    {.heading = "What to draw",
     .name = "chart",
     .kind = OPTION_NAME,
     .argument = "NAME",
     .names = charts,
     .meaning = "the share of networks exact against the sequences they have seen (curve) or over learning rates "
                "(map), or medians and quartiles of what it took",
     .fallback = "all but updates, as one picture",
     .value = &given.chart},
    {.name = "by",
     .kind = OPTION_NAME,
     .argument = "COLUMN",
     .choice = plot_column,
     .meaning = "the column whose values are the curves and the x axis",
     .fallback = "hidden",
     .value = &given.by},
    {.name = "where",
     .kind = OPTION_TEXT,
     .argument = "COLUMN=VALUE,...",
     .meaning = "only networks with these values; of a column that is named twice, either",
     .text = &given.where},
    {OPT_OUTPUT(&given.output, "FILE", "where the picture goes: FILE.svg or FILE.png; - is SVG on standard output",
                NULL)},
    {.name = "script",
     .meaning = "print the script for gnuplot, with its data, and do not draw",
     .fills_output = "the script goes there; leave -o out",
     .flag = &given.script},
    {0},
};

/* ---- the script ------------------------------------------------------------------------------------------------ */

/* A note if the sweep, which has as many networks as its column `of` says, is not all there. */
static carrynet_status say_unfinished(const plot_table *table)
{
    double *of = NULL;
    if (table->torn)
        console_note("%s: its last line is not finished, and is left out", table->path);
    if (!plot_table_has(table, "of"))
        return CARRYNET_OK;
    const carrynet_status status = plot_table_numbers(&of, table, "of", 0, 1e18);
    if (status == CARRYNET_OK && of[0] > (double)table->rows)
        console_note("%s: has %zu of the sweep's %.0f networks", table->path, table->rows, of[0]);
    sys_free(of);
    return status;
}

static carrynet_status results_script(plot_page *page, const cli_arguments *arguments, char *text, size_t size,
                                      bool png)
{
    const plot_chart chart = given.chart.given ? (plot_chart)given.chart.name : PLOT_CHART_ALL;
    plot_table table;
    carrynet_status status = plot_table_read(&table, arguments->operands[0], text, size);
    if (status == CARRYNET_OK)
        status = say_unfinished(&table);
    if (status == CARRYNET_OK && given.where != NULL)
        status = plot_table_keep(&table, given.where);
    if (status == CARRYNET_OK)
        status = plot_results_script(page, &table, chart, given.by.given ? plot_column(given.by.name) : "hidden", png);
    plot_table_free(&table);
    return status;
}

/* False, with *code set after a message, if there is no script. */
static bool write_script(plot_page *page, const cli_arguments *arguments, bool png, int *code)
{
    const char *path = arguments->operands[0];
    char *text = NULL;
    size_t size = 0;
    carrynet_status status = sys_read_file(&text, &size, path, INPUT_BYTES);
    const bool zip = status == CARRYNET_OK && size >= 4 && memcmp(text, "PK\3\4", 4) == 0;
    if (status == CARRYNET_OK && !zip)
        status = sys_plain_text(text, &size, path);
    const char first = status == CARRYNET_OK ? text[strspn(text, BLANKS)] : '\0';
    if (status == CARRYNET_OK && size > 0 && !zip && memchr(text, '\0', size) != NULL) {
        status = sys_fail(CARRYNET_ERROR_FORMAT, "%s: is not a text file", path);
    } else if (status == CARRYNET_OK && first == '\0') {
        status = sys_fail(CARRYNET_ERROR_FORMAT, "%s: is empty", path);
    } else if (status == CARRYNET_OK && (first == '{' || zip) &&
               (given.chart.given || given.by.given || given.where != NULL)) {
        *code =
            arguments_wrong(arguments, "--chart, --by and --where are for the results of a sweep; %.200s is %s", path,
                            zip                   ? "a file of states"
                            : plot_is_bench(text) ? "what bench measured"
                                                  : "the log of a training");
        sys_free(text);
        return false;
    } else if (status == CARRYNET_OK && first == '{') {
        status =
            plot_is_bench(text) ? plot_bench_script(page, path, text, png) : plot_log_script(page, path, text, png);
    } else if (zip) {
        status = plot_states_script(page, path, text, size, png);
    } else if (status == CARRYNET_OK) {
        status = results_script(page, arguments, text, size, png);
        text = NULL; /* the table has taken it over */
    }
    sys_free(text);
    if (status != CARRYNET_OK)
        *code = console_status(status);
    return status == CARRYNET_OK;
}

/* ---- the picture ----------------------------------------------------------------------------------------------- */

/* Replaces what is between the first `from` and the next `to` in the text, and they themselves. */
static void replace_between(sys_text *text, const char *from, const char *to, const char *by)
{
    char *start = strstr(text->data, from);
    const char *end = start != NULL ? strstr(start, to) : NULL;
    if (end == NULL || strlen(by) > (size_t)(end - start) + strlen(to))
        return;
    end += strlen(to);
    memcpy(start, by, strlen(by));
    start += strlen(by);
    memmove(start, end, strlen(end) + 1);
    text->size = strlen(text->data);
}

/* Runs gnuplot and writes what it draws to `path`, whole or not at all. */
static int draw(const plot_page *page, const char *path, bool png)
{
    static const char *const words[] = {"gnuplot", "-d", NULL}; /* -d: nobody's own settings */
    sys_text picture = {0}, errors = {0};
    int ended = 0, code;
    /* gnuplot 6 warns of "set encoding utf8" where the locale has another encoding, as that of containers has. */
    (void)setenv("LC_ALL", "C.UTF-8", 1);
    carrynet_status status = sys_run(&picture, &errors, &ended, words, page->script.data, page->script.size);
    if (status == CARRYNET_ERROR_IO) {
        console_error("%s\nplot draws with gnuplot. Debian, Ubuntu: apt-get install gnuplot-nox", carrynet_message());
        code = EXIT_CODE_FILE;
        goto done;
    }
    if (status != CARRYNET_OK) {
        code = console_status(status);
        goto done;
    }
    while (errors.size > 0 && strchr(BLANKS, errors.data[errors.size - 1]) != NULL)
        errors.data[--errors.size] = '\0';
    if (ended != 0 || picture.size == 0) {
        console_error("gnuplot drew nothing (exit code %d)%s%s", ended, errors.size > 0 ? ":\n" : "",
                      errors.size > 0 ? errors.data : "");
        code = EXIT_CODE_FILE;
        goto done;
    }
    if (errors.size > 0)
        console_note("gnuplot: %s", errors.data);
    if (!png) { /* the same file from every version of gnuplot that draws the same */
        replace_between(&picture, "<title>", "</title>", "<title></title>");
        replace_between(&picture, "<desc>", "</desc>", "<desc></desc>");
    }
    const void *const parts[] = {picture.data};
    status = sys_write_file(path, parts, &picture.size, 1);
    code = status == CARRYNET_OK ? EXIT_CODE_DONE : console_status(status);
    if (status == CARRYNET_OK)
        (void)printf("Wrote %s\n", path);
done:
    sys_text_free(&picture);
    sys_text_free(&errors);
    return code;
}

/* ---- the command ----------------------------------------------------------------------------------------------- */

static bool has_suffix(const char *path, const char *suffix)
{
    const size_t length = strlen(path), own = strlen(suffix);
    return length > own && strcmp(path + length - own, suffix) == 0;
}

int command_plot(const cli_arguments *arguments)
{
    const char *path = given.output;
    const bool only_script = given.script;
    const bool png = path != NULL && has_suffix(path, ".png");
    plot_page page = {.height = 0};
    int code = EXIT_CODE_DONE;
    if (path == NULL && !only_script)
        return arguments_wrong(arguments, "where does the picture go? Write -o FILE.svg or -o FILE.png");
    if (path != NULL && !png && !has_suffix(path, ".svg") && !sys_is_stream(path)) /* a stream gets SVG */
        return arguments_wrong(arguments, "-o is '%.200s', but must end in .svg or .png, which says what to draw",
                               path);
    if (path != NULL && sys_same_file(path, arguments->operands[0]))
        return arguments_wrong(arguments, "-o names what is to be drawn, %s; choose another -o", path);
    const carrynet_status status = only_script ? CARRYNET_OK : sys_writable(path);
    if (status != CARRYNET_OK)
        return console_status(status);
    if (!write_script(&page, arguments, png, &code))
        goto done;
    if (only_script)
        (void)fwrite(page.script.data, 1, page.script.size, stdout);
    else
        code = draw(&page, path, png);
done:
    plot_page_free(&page);
    return code;
}
