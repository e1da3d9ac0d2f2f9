/*
 * The fields of carrynet_settings as a table, which checks, options, model files, JSON, the tables of sweeps, plots and pages read: a
 * new setting is a row there (host/model/fields.c). The task, the goal (until_exact) and the origin have forms of their own and no row.
 */
#ifndef CARRYNET_FIELDS_H
#define CARRYNET_FIELDS_H

#include <carrynet/settings.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum carrynet_field_kind {
    CARRYNET_FIELD_U32,
    CARRYNET_FIELD_U64,
    CARRYNET_FIELD_REAL, /* a double */
    CARRYNET_FIELD_FLAG, /* a bool */
    CARRYNET_FIELD_NAME  /* an enumeration, written by name */
} carrynet_field_kind;

/* Where fields are written: metadata of model files, JSON objects, tables of sweeps. Each has names and an order of its own. */
typedef enum carrynet_medium { CARRYNET_MEDIUM_MODEL, CARRYNET_MEDIUM_JSON, CARRYNET_MEDIUM_CSV } carrynet_medium;
#define CARRYNET_MEDIA 3

/* Bits of carrynet_field.traits. */
#define CARRYNET_FIELD_VARIES 1u        /* networks that train together, and rows of a sweep, may differ in it */
#define CARRYNET_FIELD_FOLLOWS_BATCH 2u /* rows of a sweep differ in it where their batches do */
#define CARRYNET_FIELD_SHAPES 4u        /* a network's weights after a number of updates depend on it */
#define CARRYNET_FIELD_TITLE 8u         /* named in the title of a plot */
#define CARRYNET_FIELD_AXIS 16u         /* what a plot may be drawn by */
#define CARRYNET_FIELD_OPTIONAL 32u     /* written only where it is set: a key that files did not always have */
#define CARRYNET_FIELD_BELOW 64u        /* its largest value is excluded */
#define CARRYNET_FIELD_FLOORED                                                                                         \
    128u /* 0 or at least 2^-30: less makes subnormal products (kernels/ARITHMETIC.md 2, rule 4) */

typedef struct carrynet_field_name {
    int value;
    const char *name;
} carrynet_field_name;

/* A field's key in a medium, NULL if it is not there, and its place in the order of the keys there, from 1. */
typedef struct carrynet_field_key {
    const char *key;
    unsigned place;
} carrynet_field_key;

/* How the program offers a field: what --help, man pages, completions and messages say of its option. */
typedef struct carrynet_field_option {
    const char *name;     /* without its dashes; NULL: there is none */
    const char *heading;  /* that it stands under, in the order of CARRYNET_MEDIUM_JSON */
    const char *argument; /* what --help calls the value, NULL of a flag */
    const char *meaning;
    const char *fallback; /* what holds without it, NULL: the default of carrynet_settings_init */
    double least,
        most; /* what it takes where the field takes more: rounded inwards to what is easily said; or both 0 */
} carrynet_field_option;

typedef struct carrynet_field {
    const char *key; /* in messages */
    carrynet_field_kind kind;
    size_t offset;                    /* in carrynet_settings */
    double least, most;               /* of numbers */
    const carrynet_field_name *names; /* of an enumeration, ended by a NULL name */
    unsigned traits;                  /* CARRYNET_FIELD_ bits */
    carrynet_field_key in[CARRYNET_MEDIA];
    carrynet_field_option option;
} carrynet_field;

/* The row of that index; NULL after the last. The order is that of the columns of a sweep's table. */
CARRYNET_API const carrynet_field *carrynet_field_at(size_t index);

/* The row with that key; NULL if there is none. */
CARRYNET_API const carrynet_field *carrynet_field_find(const char *key);

/* The field at a place, from 1, of a medium's order; NULL after the last. */
CARRYNET_API const carrynet_field *carrynet_field_in(carrynet_medium medium, unsigned place);

/* Whether the settings have a field that is only written where it is set; true for all others. */
CARRYNET_API bool carrynet_field_is_set(const carrynet_settings *settings, const carrynet_field *field);

/* A field's value: of a number, a flag (0 or 1) or an enumeration. Exact but for 64-bit numbers above 2^53. */
CARRYNET_API double carrynet_field_number(const carrynet_settings *settings, const carrynet_field *field);

/* A 32- or 64-bit field's value. */
CARRYNET_API uint64_t carrynet_field_count(const carrynet_settings *settings, const carrynet_field *field);

/* Sets a field of the kind that the value has: number, flag or enumeration; count: a 32- or 64-bit number that fits. */
CARRYNET_API void carrynet_field_set_number(carrynet_settings *settings, const carrynet_field *field, double number);
CARRYNET_API void carrynet_field_set_count(carrynet_settings *settings, const carrynet_field *field, uint64_t count);

/*
 * A field as text, as a medium spells it: decimal numbers, the shortest that give a double back; flags as "true" and "false", in
 * a sweep's table 1 and 0; names. Returns text.
 */
#define CARRYNET_FIELD_TEXT 40
CARRYNET_API char *carrynet_field_text(char text[CARRYNET_FIELD_TEXT], const carrynet_settings *settings,
                                       const carrynet_field *field, carrynet_medium medium);

/* Reads such a text; ranges are left to carrynet_settings_check. NULL, or what the text must be: "a whole number below 2^32". */
CARRYNET_API const char *carrynet_field_read(carrynet_settings *settings, const carrynet_field *field, const char *text,
                                             carrynet_medium medium);

/* ARGUMENT, naming the field, its value and its range, if it is out of range. */
CARRYNET_API carrynet_status carrynet_field_check(const carrynet_settings *settings, const carrynet_field *field);

#ifdef __cplusplus
}
#endif

#endif
