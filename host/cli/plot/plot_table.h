/*
 * A table in a CSV file, for plot: the first line has the names of the columns, which are found by name. Fields are
 * read when they are asked for; whatever is wrong is named by file, line and column.
 */
#ifndef CLI_PLOT_TABLE_H
#define CLI_PLOT_TABLE_H

#include "platform/platform.h"
#include <stdbool.h>

typedef struct plot_row {
    const char *fields; /* one after the other, each with a NUL behind it */
    size_t line;        /* of the file, from 1 */
} plot_row;

typedef struct plot_table {
    const char *path;
    char *text; /* the file, which the fields point into */
    const char *header;
    size_t columns;
    plot_row *row; /* [rows] */
    size_t rows;
    bool torn; /* the last line was not finished, and is left out */
} plot_table;

/* Takes over text [size], the contents of `path`. FORMAT. */
carrynet_status plot_table_read(plot_table *table, const char *path, char *text, size_t size);
void plot_table_free(plot_table *table);

bool plot_table_has(const plot_table *table, const char *name);
/* The field of a row, or NULL if there is no such column. */
const char *plot_table_field(const plot_table *table, size_t row, const char *name);

/* A plain decimal number, nothing before or behind it: neither inf nor nan. */
bool plot_number(double *number, const char *text);

/*
 * The column as numbers [rows] in *numbers (sys_free it), each in [least, most]; FORMAT with line and column if one is
 * none, or if there is no such column.
 */
carrynet_status plot_table_numbers(double **numbers, const plot_table *table, const char *name, double least,
                                   double most);

/*
 * Keeps the rows that fit "COLUMN=VALUE,COLUMN=VALUE": a value of each column that is named, where one is named twice
 * either. ARGUMENT if that is not how it is written, FORMAT if there is no such column.
 */
carrynet_status plot_table_keep(plot_table *table, const char *text);

enum { PLOT_VALUES = 64 };

/* The different values of a column: numbers in ascending order, names as they come. */
typedef struct plot_values {
    const char *name; /* of the column */
    size_t count;
    bool numeric;                /* all of them are */
    double number[PLOT_VALUES];  /* or 0, 1, ... for names */
    char label[PLOT_VALUES][32]; /* the number or the name, short, without control characters */
    unsigned char *of;           /* [rows]: which one */
} plot_values;

/* FORMAT if there are more than PLOT_VALUES of them. plot_values_free in any case. */
carrynet_status plot_values_read(plot_values *values, const plot_table *table, const char *name);
void plot_values_free(plot_values *values);

#endif
