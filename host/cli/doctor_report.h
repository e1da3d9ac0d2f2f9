/* A report as a tree of JSON values, printed for people: names and values in columns, tables within tables indented. */
#ifndef CLI_DOCTOR_REPORT_H
#define CLI_DOCTOR_REPORT_H

#include <jansson.h>
#include <stdio.h>

/* Objects a line a member, "_" in names as a blank; arrays an entry after another; within 79 columns. */
void doctor_print(FILE *stream, const json_t *report);

#endif
