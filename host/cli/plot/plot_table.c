/*
 * Reads CSV as in RFC 4180, but without line ends inside fields. Fields are split in place: a row is a pointer to its
 * first field, and the others follow, so that a file of a million networks needs little more memory than its size.
 * Columns without a name, such as the index that pandas writes, are skipped.
 */
#include "cli/plot/plot_table.h"
#include <float.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- lines and fields ------------------------------------------------------------------------------------------ */

/*
 * Cuts the line that starts at *text into fields, and moves *text behind it. The number of fields; 0 if a quote has no
 * end. A line is never longer when cut, so it stays where it is.
 */
static size_t cut_line(char **text, const char *end, bool *ended)
{
    char *from = *text, *to = *text;
    size_t fields = 1;
    bool quoted = false;
    for (; from < end && (*from != '\n'); ++from) {
        if (*from == '"' && quoted && from + 1 < end && from[1] == '"')
            *to++ = *from++; /* "" within quotes */
        else if (*from == '"')
            quoted = !quoted;
        else if (*from == ',' && !quoted) {
            *to++ = '\0';
            ++fields;
        } else if (*from != '\r' || from + 1 == end || from[1] != '\n')
            *to++ = *from;
    }
    *ended = from < end;
    *to = '\0'; /* at the latest over the line's end, or the NUL behind the text */
    *text = from < end ? from + 1 : from;
    return quoted ? 0 : fields;
}

static const char *field_at(const char *fields, size_t index)
{
    while (index-- > 0)
        fields += strlen(fields) + 1;
    return fields;
}

/* The column of that name, or `columns`. */
static size_t column_of(const plot_table *table, const char *name)
{
    const char *field = table->header;
    for (size_t c = 0; c < table->columns; ++c, field += strlen(field) + 1)
        if (strcmp(field, name) == 0)
            return c;
    return table->columns;
}

bool plot_table_has(const plot_table *table, const char *name)
{
    return column_of(table, name) < table->columns;
}

const char *plot_table_field(const plot_table *table, size_t row, const char *name)
{
    const size_t column = column_of(table, name);
    return column < table->columns ? field_at(table->row[row].fields, column) : NULL;
}

static carrynet_status no_column(const plot_table *table, const char *name)
{
    return sys_fail(CARRYNET_ERROR_FORMAT, "%s: line 1: there is no column '%.64s'", table->path, name);
}

/* ---- reading --------------------------------------------------------------------------------------------------- */

carrynet_status plot_table_read(plot_table *table, const char *path, char *text, size_t size)
{
    const char *end = text + size;
    size_t line = 1, lines = 1;
    bool ended;
    *table = (plot_table){.path = path, .text = text};
    if (memchr(text, '\0', size) != NULL)
        return sys_fail(CARRYNET_ERROR_FORMAT, "%s: is not a text file", path);
    for (const char *p = text; p < end; ++p)
        lines += *p == '\n' && p[1] != '\n' ? 1 : 0; /* blank ones take no room */
    const carrynet_status status = sys_allocate(&table->row, lines, sizeof *table->row);
    if (status != CARRYNET_OK)
        return status;
    table->header = text;
    table->columns = cut_line(&text, end, &ended);
    const char *const other = strpbrk(table->header, "\t;");
    if (table->columns == 1 && other != NULL)
        return sys_fail(CARRYNET_ERROR_FORMAT, "%s: line 1: there is %s between its columns; save it with commas", path,
                        *other == ';' ? "';'" : "a tab");
    if (table->header[0] == '\0' && table->columns == 1)
        return sys_fail(CARRYNET_ERROR_FORMAT, "%s: line 1: the names of the columns are missing", path);
    while (text < end) {
        const char *fields = text;
        const size_t count = cut_line(&text, end, &ended);
        ++line;
        if (count == 1 && fields[0] == '\0')
            continue; /* blank */
        if (count != table->columns && !ended) {
            table->torn = true; /* a sweep was ended while it wrote this line */
            continue;
        }
        if (count == 0)
            return sys_fail(CARRYNET_ERROR_FORMAT,
                            "%s: line %zu: a quote '\"' is not closed; one within a field is written \"\"", path, line);
        if (count != table->columns)
            return sys_fail(CARRYNET_ERROR_FORMAT, "%s: line %zu: %zu fields, but line 1 names %zu columns", path, line,
                            count, table->columns);
        table->row[table->rows++] = (plot_row){.fields = fields, .line = line};
    }
    if (table->rows == 0)
        return sys_fail(CARRYNET_ERROR_FORMAT, "%s: there is no row below the names of the columns", path);
    return CARRYNET_OK;
}

void plot_table_free(plot_table *table)
{
    sys_free(table->text);
    sys_free(table->row);
    *table = (plot_table){0};
}

bool plot_number(double *number, const char *text)
{
    char *end = NULL;
    if (text[0] == '\0' || text[strspn(text, "0123456789.eE+-")] != '\0')
        return false;
    *number = strtod(text, &end);
    return *end == '\0' && *number >= -DBL_MAX && *number <= DBL_MAX;
}

carrynet_status plot_table_numbers(double **numbers, const plot_table *table, const char *name, double least,
                                   double most)
{
    const size_t column = column_of(table, name);
    *numbers = NULL;
    if (column == table->columns)
        return no_column(table, name);
    carrynet_status status = sys_allocate(numbers, table->rows, sizeof **numbers);
    for (size_t r = 0; r < table->rows && status == CARRYNET_OK; ++r) {
        const char *field = field_at(table->row[r].fields, column);
        double *number = &(*numbers)[r];
        if (!plot_number(number, field))
            status = sys_fail(CARRYNET_ERROR_FORMAT, "%s: line %zu, column '%s': '%.64s' is not a number", table->path,
                              table->row[r].line, name, field);
        else if (*number < least || *number > most)
            status = sys_fail(CARRYNET_ERROR_FORMAT, "%s: line %zu, column '%s': %.64s is not from %g to %g",
                              table->path, table->row[r].line, name, field, least, most);
    }
    if (status != CARRYNET_OK) {
        sys_free(*numbers);
        *numbers = NULL;
    }
    return status;
}

/* ---- --where --------------------------------------------------------------------------------------------------- */

/* A condition "COLUMN=VALUE": the values of the same column are chained. */
typedef struct condition {
    size_t column;
    const char *value;
    bool first; /* of its column */
} condition;

static bool same(const char *a, const char *b)
{
    double x, y;
    return strcmp(a, b) == 0 || (plot_number(&x, a) && plot_number(&y, b) && x == y);
}

static bool fits(const plot_row *row, const condition *conditions, size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        if (!conditions[i].first)
            continue;
        const char *field = field_at(row->fields, conditions[i].column);
        bool found = false;
        for (size_t k = i; k < count && !found; ++k)
            found = conditions[k].column == conditions[i].column && same(field, conditions[k].value);
        if (!found)
            return false;
    }
    return true;
}

carrynet_status plot_table_keep(plot_table *table, const char *text)
{
    enum { CONDITIONS = 64 };
    condition conditions[CONDITIONS];
    size_t count = 0, kept = 0;
    carrynet_status status = CARRYNET_OK;
    char *copy = strdup(text);
    if (copy == NULL)
        return sys_fail(CARRYNET_ERROR_MEMORY, "no memory for the conditions");
    for (char *part = copy, *next; part != NULL; part = next) {
        next = strchr(part, ',');
        if (next != NULL)
            *next++ = '\0';
        char *value = strchr(part, '=');
        if (value == NULL || value == part || value[1] == '\0' || count == CONDITIONS) {
            status = sys_fail(CARRYNET_ERROR_ARGUMENT,
                              "--where is '%.64s', but must be COLUMN=VALUE, several with commas between them, such "
                              "as hidden=8,lr=0.04",
                              text);
            goto done;
        }
        *value++ = '\0';
        const size_t column = column_of(table, part);
        if (column == table->columns) {
            status = no_column(table, part);
            goto done;
        }
        conditions[count] = (condition){.column = column, .value = value, .first = true};
        for (size_t k = 0; k < count; ++k)
            if (conditions[k].column == column)
                conditions[count].first = false;
        ++count;
    }
    for (size_t r = 0; r < table->rows; ++r)
        if (fits(&table->row[r], conditions, count))
            table->row[kept++] = table->row[r];
    table->rows = kept;
    if (kept == 0)
        status = sys_fail(CARRYNET_ERROR_FORMAT, "%s: no row has %.200s", table->path, text);
done:
    free(copy);
    return status;
}

/* ---- the values of a column ------------------------------------------------------------------------------------ */

static void write_label(char *label, size_t size, const char *field)
{
    double number;
    if (plot_number(&number, field)) {
        (void)snprintf(label, size, "%.6g", number);
        return;
    }
    (void)snprintf(label, size, "%s", field[0] == '\0' ? "(none)" : field);
    for (char *p = label; *p != '\0'; ++p)
        if ((unsigned char)*p < 0x20 || (unsigned char)*p >= 0x7f)
            *p = '?';
}

/* Numbers in ascending order: `of` follows. */
static void sort_numbers(plot_values *values, size_t rows)
{
    unsigned char place[PLOT_VALUES] = {0};
    plot_values sorted = *values;
    for (size_t i = 0; i < values->count; ++i) {
        for (size_t k = 0; k < values->count; ++k)
            place[i] = (unsigned char)(place[i] + (values->number[k] < values->number[i] ? 1 : 0));
        sorted.number[place[i]] = values->number[i];
        memcpy(sorted.label[place[i]], values->label[i], sizeof values->label[i]);
    }
    *values = sorted;
    for (size_t r = 0; r < rows; ++r)
        values->of[r] = place[values->of[r]];
}

carrynet_status plot_values_read(plot_values *values, const plot_table *table, const char *name)
{
    const char *fields[PLOT_VALUES];
    const size_t column = column_of(table, name);
    size_t last = 0;
    *values = (plot_values){.name = name, .numeric = true};
    if (column == table->columns)
        return no_column(table, name);
    carrynet_status status = sys_allocate(&values->of, table->rows, 1);
    for (size_t r = 0; r < table->rows && status == CARRYNET_OK; ++r) {
        const char *field = field_at(table->row[r].fields, column);
        size_t v = last; /* mostly that of the row before */
        if (r == 0 || !same(field, fields[v]))
            for (v = 0; v < values->count && !same(field, fields[v]);)
                ++v;
        if (v == PLOT_VALUES)
            return sys_fail(CARRYNET_ERROR_FORMAT, "%s: column '%s' has more than %d values, too many for a plot",
                            table->path, name, (int)PLOT_VALUES);
        if (v == values->count) {
            fields[v] = field;
            values->numeric = plot_number(&values->number[v], field) && values->numeric;
            write_label(values->label[v], sizeof values->label[v], field);
            ++values->count;
        }
        values->of[r] = (unsigned char)v;
        last = v;
    }
    if (status == CARRYNET_OK && values->numeric)
        sort_numbers(values, table->rows);
    for (size_t v = 0; v < values->count && !values->numeric; ++v)
        values->number[v] = (double)v;
    return status;
}

void plot_values_free(plot_values *values)
{
    sys_free(values->of);
    *values = (plot_values){0};
}
