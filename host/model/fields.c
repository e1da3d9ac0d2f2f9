/*
 * The table of the fields of carrynet_settings (carrynet/fields.h), and the functions that use it: text, parsing,
 * ranges.
 */
#include "platform/platform.h"
#include <carrynet/fields.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const carrynet_field_name precisions[] = {{CARRYNET_FP32, "fp32"}, {CARRYNET_FP64, "fp64"}, {0, NULL}};
static const carrynet_field_name losses[] = {{CARRYNET_LOSS_SQUARED, "squared"},
                                             {CARRYNET_LOSS_CROSS_ENTROPY, "cross-entropy"},
                                             {CARRYNET_LOSS_FAULTY_SQUARED, "faulty-squared"},
                                             {0, NULL}};
static const carrynet_field_name optimizers[] = {{CARRYNET_OPTIMIZER_SGD, "sgd"},
                                                 {CARRYNET_OPTIMIZER_MOMENTUM, "momentum"},
                                                 {CARRYNET_OPTIMIZER_RMSPROP, "rmsprop"},
                                                 {CARRYNET_OPTIMIZER_ADAM, "adam"},
                                                 {0, NULL}};
static const carrynet_field_name schedules[] = {
    {CARRYNET_SCHEDULE_CONSTANT, "constant"}, {CARRYNET_SCHEDULE_COSINE, "cosine"}, {0, NULL}};

_Static_assert(sizeof(carrynet_precision) == sizeof(int) && sizeof(carrynet_loss) == sizeof(int) &&
                   sizeof(carrynet_optimizer) == sizeof(int) && sizeof(carrynet_schedule) == sizeof(int),
               "enumerations are copied as int");

#define AT(field) offsetof(carrynet_settings, field)
enum {
    VARIES = CARRYNET_FIELD_VARIES,
    FOLLOWS = CARRYNET_FIELD_FOLLOWS_BATCH,
    SHAPES = CARRYNET_FIELD_SHAPES,
    TITLE = CARRYNET_FIELD_TITLE,
    AXIS = CARRYNET_FIELD_AXIS,
    OPTIONAL = CARRYNET_FIELD_OPTIONAL,
    BELOW = CARRYNET_FIELD_BELOW,
    FLOORED = CARRYNET_FIELD_FLOORED
};

static const char LEARN[] = "What to learn", NETWORK[] = "The network", TRAINING[] = "Training", LONG[] = "How long";

/* clang-format off */
#define NONE {NULL, 0}
/*
 * Key, kind, where, least, most, names, traits, and its keys and places in model files, JSON and the tables of sweeps;
 * in the second line its option: name, heading, argument, meaning, what holds without it, least and most.
 */
static const carrynet_field fields[] = {
    {"bits",             CARRYNET_FIELD_U32,  AT(steps),            1,       1000000,         NULL,       SHAPES | TITLE | AXIS,            {{"bits", 5},            {"bits", 1},              {"bits", 1}},
     {"bits", LEARN, "T", "steps of a training sequence, one bit a step; operands have T-1 bits, so that the result fits (two less for add3 and times3, T where nothing is carried)", NULL, 2, 1000000}},
    {"hidden",           CARRYNET_FIELD_U32,  AT(shape.hidden),     1,       CARRYNET_HIDDEN, NULL,       VARIES | SHAPES | TITLE | AXIS,   {NONE,                   {"hidden", 2},            {"hidden", 2}},
     {"hidden", NETWORK, "H", "hidden units", NULL, 0, 0}},
    {"bias",             CARRYNET_FIELD_FLAG, AT(shape.bias),       0,       1,               NULL,       SHAPES | AXIS,                    {NONE,                   {"bias", 3},              {"bias", 3}},
     {"bias", NETWORK, NULL, "give hidden units and outputs a bias", NULL, 0, 0}},
    {"precision",        CARRYNET_FIELD_NAME, AT(precision),        0,       0,               precisions, SHAPES | AXIS,                    {{"precision", 1},       {"precision", 5},         {"precision", 4}},
     {"precision", NETWORK, "P", "32-bit or 64-bit floating point", NULL, 0, 0}},
    {"batch",            CARRYNET_FIELD_U32,  AT(batch),            1,       16777216,        NULL,       VARIES | SHAPES | TITLE | AXIS,   {{"batch", 6},           {"batch", 8},             {"batch", 5}},
     {"batch", TRAINING, "B", "sequences of one update", NULL, 0, 0}},
    {"loss",             CARRYNET_FIELD_NAME, AT(loss),             0,       0,               losses,     VARIES | SHAPES | TITLE | AXIS,   {{"loss", 2},            {"loss", 12},             {"loss", 6}},
     {"loss", TRAINING, "NAME", "what is made small; faulty-squared is the mistake of seed 003 (`carrynet replay 003`)", NULL, 0, 0}},
    {"optimizer",        CARRYNET_FIELD_NAME, AT(optimizer),        0,       0,               optimizers, VARIES | SHAPES | TITLE | AXIS,   {{"optimizer", 3},       {"optimizer", 9},         {"optimizer", 7}},
     {"optimizer", TRAINING, "NAME", "how the weights move", NULL, 0, 0}},
    {"schedule",         CARRYNET_FIELD_NAME, AT(schedule),         0,       0,               schedules,  SHAPES | AXIS,                    {{"schedule", 4},        {"schedule", 11},         {"schedule", 8}},
     {"schedule", TRAINING, "NAME", "the learning rate over time", NULL, 0, 0}},
    {"lr",               CARRYNET_FIELD_REAL, AT(rate),             0x1p-40, 0x1p20,          NULL,       VARIES | SHAPES | TITLE | AXIS,   {{"rate", 7},            {"lr", 10},               {"lr", 9}},
     {"lr", TRAINING, "X", "learning rate; the default suits the optimizer", NULL, 1e-12, 1e6}},
    {"momentum",         CARRYNET_FIELD_REAL, AT(momentum),         0,       1,               NULL,       SHAPES | AXIS | BELOW | FLOORED,  {{"momentum", 8},        {"momentum", 13},         {"momentum", 10}},
     {"momentum", TRAINING, "X", "memory of earlier gradients (momentum, adam)", NULL, 0, 0}},
    {"decay",            CARRYNET_FIELD_REAL, AT(decay),            0,       1,               NULL,       SHAPES | AXIS | BELOW | FLOORED,  {{"decay", 9},           {"decay", 14},            {"decay", 11}},
     {"decay", TRAINING, "X", "memory of their squares (rmsprop, adam)", NULL, 0, 0}},
    {"epsilon",          CARRYNET_FIELD_REAL, AT(epsilon),          0x1p-40, 1,               NULL,       SHAPES | AXIS,                    {{"epsilon", 10},        {"epsilon", 15},          {"epsilon", 12}},
     {"epsilon", TRAINING, "X", "keeps the division by them safe (rmsprop, adam)", NULL, 1e-12, 1}},
    {"clip",             CARRYNET_FIELD_REAL, AT(clip),             0,       0x1p60,          NULL,       SHAPES | AXIS | FLOORED,          {{"clip", 11},           {"clip", 16},             {"clip", 13}},
     {"clip", TRAINING, "X", "longest gradient; 0: any length", NULL, 0, 1e18}},
    {"noise",            CARRYNET_FIELD_REAL, AT(noise),            0,       1,               NULL,       VARIES | SHAPES | AXIS | FLOORED, {{"noise", 12},          {"noise", 17},            {"noise", 14}},
     {"noise", TRAINING, "X", "add random numbers from -X to X to the hidden units while training", NULL, 0, 0}},
    {"scale",            CARRYNET_FIELD_REAL, AT(scale),            0x1p-30, 0x1p10,          NULL,       SHAPES | AXIS,                    {{"scale", 13},          {"scale", 4},             {"scale", 15}},
     {"scale", NETWORK, "X", "first weights are random from -X to X", NULL, 1e-9, 0x1p10}},
    {"nets",             CARRYNET_FIELD_U32,  AT(networks),         1,       16777216,        NULL,       0,                                {NONE,                   {"nets", 6},              NONE},
     {"nets", NETWORK, "N", "train N networks at once, network i (from 0) with seed S+i; each comes out as if trained alone", NULL, 0, 0}},
    {"seed",             CARRYNET_FIELD_U64,  AT(seed),             0,       0x1p64,          NULL,       VARIES | SHAPES,                  {{"seed", 14},           {"seed", 7},              {"seed", 16}},
     {"seed", NETWORK, "S", "start of the random numbers: same seed and settings, same file, on every device", NULL, 0, 0}},
    {"check_every",      CARRYNET_FIELD_U32,  AT(check_every),      1,       4294967295.0,    NULL,       FOLLOWS | AXIS,                   {{"check_every", 16},    {"check_every", 21},      {"check_every", 17}},
     {"check-every", LONG, "E", "updates between two tests on the validation set", NULL, 0, 0}},
    {"updates",          CARRYNET_FIELD_U64,  AT(updates),          0,       4294967295.0,    NULL,       FOLLOWS,                          {{"updates", 15},        {"max_updates", 18},      {"max_updates", 18}},
     {"max-updates", LONG, "N", "give up after N updates; the file is written all the same, the exit code is 5", NULL, 1, 4294967295.0}},
    {"defaults_version", CARRYNET_FIELD_U32,  AT(defaults_version), 0,       4294967295.0,    NULL,       0,                                {{"defaults", 17},       {"defaults_version", 22}, {"defaults", 19}},
     {NULL, NULL, NULL, NULL, NULL, 0, 0}},
    {"until_proved",     CARRYNET_FIELD_U32,  AT(until_proved),     0,       4294967295.0,    NULL,       OPTIONAL,                         {{"until_proved", 18},   {"prover", 23},           {"prover", 20}},
     {NULL, NULL, NULL, NULL, NULL, 0, 0}},
    {"train_fraction",   CARRYNET_FIELD_REAL, AT(train_fraction),   0.01,    0.99,            NULL,       SHAPES | OPTIONAL,                {{"train_fraction", 19}, {"train_fraction", 19},   NONE},
     {"train-fraction", TRAINING, "F", "draw problems for training from about this share of all; how the network does on the others is in the log and the progress. It still stops when every problem is solved", "all are drawn", 0, 0}},
    {"split_seed",       CARRYNET_FIELD_U64,  AT(split_seed),       0,       0x1p64,          NULL,       SHAPES | OPTIONAL,                {{"split_seed", 20},     {"split_seed", 20},       NONE},
     {"split-seed", TRAINING, "S", "which problems are held out: the same for every seed, network and length", NULL, 0, 0}},
    {"weight_decay",     CARRYNET_FIELD_REAL, AT(weight_decay),     0,       1,               NULL,       SHAPES | AXIS | OPTIONAL,         {{"weight_decay", 21},   {"weight_decay", 24},     {"weight_decay", 21}},
     {"weight-decay", TRAINING, "X", "shrink each weight by X times the learning rate at every update, apart from the gradient, as AdamW does", NULL, 0, 0}},
};
/* clang-format on */
enum { FIELDS = sizeof fields / sizeof fields[0] };

const carrynet_field *carrynet_field_at(size_t index)
{
    return index < FIELDS ? &fields[index] : NULL;
}

const carrynet_field *carrynet_field_find(const char *key)
{
    for (size_t i = 0; i < FIELDS; ++i)
        if (strcmp(fields[i].key, key) == 0)
            return &fields[i];
    return NULL;
}

const carrynet_field *carrynet_field_in(carrynet_medium medium, unsigned place)
{
    for (size_t i = 0; i < FIELDS; ++i)
        if (fields[i].in[medium].place == place && place > 0)
            return &fields[i];
    return NULL;
}

/* ---- values ---------------------------------------------------------------------------------------------------- */

static const void *value_of(const carrynet_settings *settings, const carrynet_field *field)
{
    return (const char *)settings + field->offset;
}

bool carrynet_field_is_set(const carrynet_settings *settings, const carrynet_field *field)
{
    if ((field->traits & CARRYNET_FIELD_OPTIONAL) == 0)
        return true;
    if (field->offset == AT(split_seed)) /* 0 is a seed like any other */
        return settings->train_fraction != 0;
    return carrynet_field_number(settings, field) != 0;
}

uint64_t carrynet_field_count(const carrynet_settings *settings, const carrynet_field *field)
{
    uint32_t narrow;
    uint64_t wide;
    if (field->kind == CARRYNET_FIELD_U32) {
        memcpy(&narrow, value_of(settings, field), sizeof narrow);
        return narrow;
    }
    memcpy(&wide, value_of(settings, field), sizeof wide);
    return wide;
}

double carrynet_field_number(const carrynet_settings *settings, const carrynet_field *field)
{
    double real = 0;
    bool flag = false;
    int name = 0;
    switch (field->kind) {
    case CARRYNET_FIELD_U32:
    case CARRYNET_FIELD_U64:
        return (double)carrynet_field_count(settings, field);
    case CARRYNET_FIELD_REAL:
        memcpy(&real, value_of(settings, field), sizeof real);
        break;
    case CARRYNET_FIELD_FLAG:
        memcpy(&flag, value_of(settings, field), sizeof flag);
        return flag ? 1 : 0;
    case CARRYNET_FIELD_NAME:
        memcpy(&name, value_of(settings, field), sizeof name);
        return name;
    }
    return real;
}

void carrynet_field_set_count(carrynet_settings *settings, const carrynet_field *field, uint64_t count)
{
    const uint32_t narrow = (uint32_t)count;
    if (field->kind == CARRYNET_FIELD_U32)
        memcpy((char *)settings + field->offset, &narrow, sizeof narrow);
    else
        memcpy((char *)settings + field->offset, &count, sizeof count);
}

void carrynet_field_set_number(carrynet_settings *settings, const carrynet_field *field, double number)
{
    char *value = (char *)settings + field->offset;
    const bool flag = number != 0;
    int name = 0;
    switch (field->kind) {
    case CARRYNET_FIELD_U32:
    case CARRYNET_FIELD_U64:
        carrynet_field_set_count(settings, field, number >= 0x1p64 ? UINT64_MAX : number > 0 ? (uint64_t)number : 0);
        break;
    case CARRYNET_FIELD_REAL:
        memcpy(value, &number, sizeof number);
        break;
    case CARRYNET_FIELD_FLAG:
        memcpy(value, &flag, sizeof flag);
        break;
    case CARRYNET_FIELD_NAME:
        name = (int)number;
        memcpy(value, &name, sizeof name);
        break;
    }
}

/* ---- text ------------------------------------------------------------------------------------------------------ */

static const char *name_of(const carrynet_field *field, double value)
{
    for (const carrynet_field_name *n = field->names; n->name != NULL; ++n)
        if (n->value == (int)value)
            return n->name;
    return "unknown";
}

char *carrynet_field_text(char text[CARRYNET_FIELD_TEXT], const carrynet_settings *settings,
                          const carrynet_field *field, carrynet_medium medium)
{
    static const char *const flags[2][2] = {{"false", "true"}, {"0", "1"}};
    const double number = carrynet_field_number(settings, field);
    switch (field->kind) {
    case CARRYNET_FIELD_U32:
    case CARRYNET_FIELD_U64:
        (void)snprintf(text, CARRYNET_FIELD_TEXT, "%" PRIu64, carrynet_field_count(settings, field));
        break;
    case CARRYNET_FIELD_REAL:
        (void)sys_real_text(text, number);
        break;
    case CARRYNET_FIELD_FLAG:
        (void)snprintf(text, CARRYNET_FIELD_TEXT, "%s", flags[medium == CARRYNET_MEDIUM_CSV][number != 0]);
        break;
    case CARRYNET_FIELD_NAME:
        (void)snprintf(text, CARRYNET_FIELD_TEXT, "%s", name_of(field, number));
        break;
    }
    return text;
}

static const char *read_count(carrynet_settings *settings, const carrynet_field *field, const char *text)
{
    const bool narrow = field->kind == CARRYNET_FIELD_U32;
    uint64_t count = 0;
    const char *end = sys_read_whole(&count, text, narrow ? UINT32_MAX : UINT64_MAX);
    if (end == NULL || *end != '\0')
        return narrow ? "a whole number below 2^32" : "a whole number below 2^64";
    carrynet_field_set_count(settings, field, count);
    return NULL;
}

const char *carrynet_field_read(carrynet_settings *settings, const carrynet_field *field, const char *text,
                                carrynet_medium medium)
{
    const bool digits = medium == CARRYNET_MEDIUM_CSV;
    const char *const yes = digits ? "1" : "true", *const no = digits ? "0" : "false";
    double real = 0;
    switch (field->kind) {
    case CARRYNET_FIELD_U32:
    case CARRYNET_FIELD_U64:
        return read_count(settings, field, text);
    case CARRYNET_FIELD_REAL:
        if (!sys_read_real(&real, text))
            return "a decimal number";
        carrynet_field_set_number(settings, field, real);
        return NULL;
    case CARRYNET_FIELD_FLAG:
        carrynet_field_set_number(settings, field, strcmp(text, yes) == 0);
        return strcmp(text, yes) == 0 || strcmp(text, no) == 0 ? NULL : digits ? "0 or 1" : "true or false";
    case CARRYNET_FIELD_NAME:
        for (const carrynet_field_name *n = field->names; n->name != NULL; ++n)
            if (strcmp(n->name, text) == 0) {
                carrynet_field_set_number(settings, field, n->value);
                return NULL;
            }
        break;
    }
    return field->offset == AT(precision)   ? "fp32 or fp64"
           : field->offset == AT(loss)      ? "the name of a loss"
           : field->offset == AT(optimizer) ? "the name of an optimizer"
                                            : "the name of a schedule";
}

/* ---- ranges ---------------------------------------------------------------------------------------------------- */

static carrynet_status check_name(const carrynet_field *field, int value)
{
    for (const carrynet_field_name *n = field->names; n->name != NULL; ++n)
        if (n->value == value)
            return CARRYNET_OK;
    if (field->offset == AT(precision))
        return sys_fail(CARRYNET_ERROR_ARGUMENT, "precision is %d, must be 32 or 64", value);
    return sys_fail(CARRYNET_ERROR_ARGUMENT, "%s %d is unknown", field->key, value);
}

carrynet_status carrynet_field_check(const carrynet_settings *settings, const carrynet_field *field)
{
    const double number = carrynet_field_number(settings, field);
    /* The task's closing symbols come after the operands' bits. */
    const double least = field->offset == AT(steps) ? settings->task.closing_count + field->least : field->least;
    const bool below = (field->traits & CARRYNET_FIELD_BELOW) != 0;
    char value[SYS_NUMBER], low[SYS_NUMBER], high[SYS_NUMBER];
    if (!carrynet_field_is_set(settings, field))
        return CARRYNET_OK;
    if (field->kind == CARRYNET_FIELD_NAME)
        return check_name(field, (int)number);
    if (number >= least && (below ? number < field->most : number <= field->most)) { /* false for a NaN */
        if ((field->traits & CARRYNET_FIELD_FLOORED) != 0 && number != 0 && number < 0x1p-30)
            return sys_fail(CARRYNET_ERROR_ARGUMENT, "clip, noise, momentum and decay must be 0 or at least 2^-30");
        return CARRYNET_OK;
    }
    if (isfinite(number))
        (void)sys_real_text(value, number);
    else
        (void)snprintf(value, sizeof value, "%g", number);
    /* Whole ones are shown whole, others need no more than this. */
    (void)snprintf(low, sizeof low, "%.10g", least);
    (void)snprintf(high, sizeof high, "%.10g", field->most);
    return sys_fail(CARRYNET_ERROR_ARGUMENT, "%s is %s, must be %s%s %s", field->key, value, low,
                    below ? " or more, below" : " to", high);
}
