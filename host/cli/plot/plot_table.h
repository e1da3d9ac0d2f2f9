/*
 * A table in a CSV file, for plot. The first line has the names of the columns, which are found by name. Fields are
 * parsed when they are used; messages name file, line and column.
 */
#ifndef CLI_PLOT_TABLE_H
#define CLI_PLOT_TABLE_H

#include "platform/platform.h"
#include <stdbool.h>

typedef struct plot_row {
    const char *fields; /* one after the other, each with a NUL at its end */
    size_t line;        /* of the file, from 1 */
} plot_row;

typedef struct plot_table {
    const char *path;
    char *text; /* the contents of the file, into which the fields point */
    const char *header;
    size_t columns;
    plot_row *row; /* [rows] */
    size_t rows;
    bool torn; /* the last line was unfinished, and was skipped */
} plot_table;

/* Parses text [size], the contents of `path`, and takes ownership of it. FORMAT. */
carrynet_status plot_table_read(plot_table *table, const char *path, char *text, size_t size);
void plot_table_free(plot_table *table);

bool plot_table_has(const plot_table *table, const char *name);
/* The field of a row, or NULL if the column does not exist. */
const char *plot_table_field(const plot_table *table, size_t row, const char *name);

/* Parses a plain decimal number that is the whole text: neither inf nor nan. */
bool plot_number(double *number, const char *text);

/*
 * Reads the column as numbers [rows] in *numbers (free with sys_free), each in [least, most]; FORMAT with line and
 * column for any other field, or if the column does not exist.
 */
carrynet_status plot_table_numbers(double **numbers, const plot_table *table, const char *name, double least,
                                   double most);

/*
 * Keeps the rows that match "COLUMN=VALUE,COLUMN=VALUE": for each named column one of its values. A column that is
 * named twice has two values. ARGUMENT if the syntax is wrong, FORMAT if a column does not exist.
 */
carrynet_status plot_table_keep(plot_table *table, const char *text);

enum { PLOT_VALUES = 64 };

/* The distinct values of a column: numbers in ascending order, names in order of occurrence. */
typedef struct plot_values {
    const char *name; /* of the column */
    size_t count;
    bool numeric;                /* all values are numbers */
    double number[PLOT_VALUES];  /* or 0, 1, ... for names */
    char label[PLOT_VALUES][32]; /* the number or the name, shortened, without control characters */
    unsigned char *of;           /* [rows]: index of each row's value */
} plot_values;

/* FORMAT if there are more than PLOT_VALUES values. Call plot_values_free in any case. */
carrynet_status plot_values_read(plot_values *values, const plot_table *table, const char *name);
void plot_values_free(plot_values *values);

#endif
