/* Prints a report, a tree of JSON values, for people: names and values in columns, nested tables indented. */
#ifndef CLI_DOCTOR_REPORT_H
#define CLI_DOCTOR_REPORT_H

#include <jansson.h>
#include <stdio.h>

/*
 * Prints objects with one member per line, "_" in names as a blank, and array entries one after another; within 79
 * columns.
 */
void doctor_print(FILE *stream, const json_t *report);

#endif
