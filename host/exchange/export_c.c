/*
 * One network as a stand-alone C99 file: standalone.c.in with its marks replaced. @WORD@ becomes the value of WORD. A
 * line that starts with @X| is kept, without that mark, only if X holds: S or D for the precision, B or N for biases or
 * none, H or Z for h_0 or none, C for closing symbols, L if operand 0 must not be less.
 */
#include "exchange/exports.h"
#include "platform/embedded.h"
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

extern const struct embedded_file embedded_exports[];

enum { NUMBERS_A_LINE = 4, NAME_BYTES = 512, WORD_BYTES = 80 };

/* What the marks stand for. */
typedef struct marks {
    const exported *net;
    char name[NAME_BYTES], upper[NAME_BYTES];
    sys_text meaning, closing, arrays, list, example;
} marks;

/* ---- names and numbers ----------------------------------------------------------------------------------------- */

/* The file's name without folders and ending, made an identifier: "16-bit adder.c" gives net_16_bit_adder. */
static void make_name(marks *m, const char *path)
{
    const char *slash = strrchr(path, '/'), *file = slash != NULL ? slash + 1 : path, *dot = strrchr(file, '.');
    const size_t length = dot != NULL && dot > file ? (size_t)(dot - file) : strlen(file);
    const char *prefix = length > 0 && isalpha((unsigned char)file[0]) && (unsigned char)file[0] < 128 ? "" : "net_";
    (void)snprintf(m->name, sizeof m->name, "%s%.*s", prefix, (int)(length < 256 ? length : 256), file);
    for (size_t i = 0; m->name[i] != '\0'; ++i) {
        const unsigned char c = (unsigned char)m->name[i];
        m->name[i] = (char)(c < 128 && isalnum(c) ? c : '_');
        m->upper[i] = (char)toupper((unsigned char)m->name[i]);
    }
}

/* The number as C writes it in hexadecimal, without the locale: 0x1.8p+1f. */
static void add_number(sys_text *text, double value, carrynet_precision precision)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    const int exponent = (int)(bits >> 52 & 0x7ff);
    uint64_t digits = bits & UINT64_C(0xfffffffffffff);
    int count = 13;
    for (; count > 0 && digits % 16 == 0; --count)
        digits /= 16;
    sys_text_add(text, "%s0x%d", bits >> 63 != 0 ? "-" : "", exponent > 0);
    if (count > 0)
        sys_text_add(text, ".%0*" PRIx64, count, digits);
    sys_text_add(text, "p%+d%s",
                 exponent > 0 ? exponent - 1023
                 : value == 0 ? 0
                              : -1022,
                 precision == CARRYNET_FP32 ? "f" : "");
}

static void add_row(sys_text *text, const exported *net, const carrynet_tensor *tensor, size_t first,
                    const char *indent)
{
    for (size_t i = 0; i < tensor->columns; ++i) {
        sys_text_add(text, "%s", i % NUMBERS_A_LINE == 0 ? (i == 0 ? "" : indent) : " ");
        add_number(text, exported_value(net, tensor, first + i), net->settings->precision);
        if (i + 1 < tensor->columns)
            sys_text_add(text, "%s", (i + 1) % NUMBERS_A_LINE == 0 ? ",\n" : ",");
    }
}

static void add_array(sys_text *text, const marks *m, const carrynet_tensor *tensor)
{
    const char *real = m->net->settings->precision == CARRYNET_FP32 ? "float" : "double";
    sys_text_add(text, "static const %s %s_%s", real, m->name, tensor->name);
    if (tensor->vector) {
        sys_text_add(text, "[%zu] = {\n    ", tensor->columns);
        add_row(text, m->net, tensor, 0, "    ");
        sys_text_add(text, "};\n");
        return;
    }
    sys_text_add(text, "[%zu][%zu] = {\n", tensor->rows, tensor->columns);
    for (size_t row = 0; row < tensor->rows; ++row) {
        sys_text_add(text, "    {");
        add_row(text, m->net, tensor, row * tensor->columns, "     ");
        sys_text_add(text, "},\n");
    }
    sys_text_add(text, "};\n");
}

/* ---- the template ---------------------------------------------------------------------------------------------- */

static void make_marks(marks *m, const exported *net, const char *path)
{
    static const char *const examples[] = {" 93", " 38", " 5", " 7"};
    const carrynet_task *task = &net->settings->task;
    *m = (marks){.net = net};
    make_name(m, path);
    exported_meaning(&m->meaning, net);
    exported_closing(&m->closing, net);
    for (int p = 0; p < CARRYNET_PARAMETERS; ++p) {
        const carrynet_tensor tensor = carrynet_shape_tensor(&net->settings->shape, (carrynet_parameter)p);
        if (tensor.size > 0)
            add_array(&m->arrays, m, &tensor);
    }
    for (uint32_t i = 0; i < task->closing_count; ++i)
        sys_text_add(&m->list, "%u, ", task->closing[i]);
    for (uint32_t i = 0; i < task->inputs; ++i)
        sys_text_add(&m->example, "%s", examples[i]);
}

static void free_marks(marks *m)
{
    sys_text_free(&m->meaning);
    sys_text_free(&m->closing);
    sys_text_free(&m->arrays);
    sys_text_free(&m->list);
    sys_text_free(&m->example);
}

/* Whether lines with this mark stand. */
static bool holds(const exported *net, char mark)
{
    const carrynet_settings *settings = net->settings;
    switch (mark) {
    case 'S':
        return settings->precision == CARRYNET_FP32;
    case 'D':
        return settings->precision == CARRYNET_FP64;
    case 'B':
        return settings->shape.bias;
    case 'N':
        return !settings->shape.bias;
    case 'H':
        return settings->shape.initial_state;
    case 'Z':
        return !settings->shape.initial_state;
    case 'C':
        return settings->task.closing_count > 0;
    default:
        return settings->task.constraint == CARRYNET_CONSTRAINT_NOT_LESS;
    }
}

static const char *text_of(const sys_text *text)
{
    return text->data != NULL ? text->data : "";
}

/* The value of a word: a text, or a number where it is NULL. False if there is no such word. */
static bool value_of(const char **text, unsigned long *number, const marks *m, const char *word)
{
    static const char *const bits[] = {"1 bit", "2 bits", "3 bits", "4 bits"};
    static const char *const numbers[] = {"a whole number", "two whole numbers", "three whole numbers",
                                          "four whole numbers"};
    const exported *net = m->net;
    const carrynet_settings *settings = net->settings;
    const bool narrow = settings->precision == CARRYNET_FP32;
    const uint32_t closing = settings->task.closing_count;
    const struct {
        const char *word, *text;
        unsigned long number;
    } values[] = {
        {"NAME", m->name, 0},
        {"UPPER", m->upper, 0},
        {"REAL", narrow ? "float" : "double", 0},
        {"FMA", narrow ? "fmaf" : "fma", 0},
        {"I", NULL, settings->shape.inputs},
        {"H", NULL, settings->shape.hidden},
        {"O", NULL, settings->shape.outputs},
        {"I_BITS", bits[settings->shape.inputs - 1], 0},
        {"O_BITS", bits[settings->shape.outputs - 1], 0},
        {"NUMBERS", numbers[settings->shape.inputs - 1], 0},
        /* next, z, the partial sums, and some for the compiler. */
        {"STACK", NULL, (settings->shape.hidden + 32) * ((unsigned long)settings->precision / 8) + 128},
        {"VERSION", carrynet_version(), 0},
        {"ARITHMETIC", NULL, (unsigned long)carrynet_arithmetic_version()},
        {"DIGEST", net->digest, 0},
        {"MEANING", text_of(&m->meaning), 0},
        {"CLOSING", text_of(&m->closing), 0},
        {"ARRAYS", text_of(&m->arrays), 0},
        {"EXAMPLE", text_of(&m->example), 0},
        {"CLOSING_COUNT", NULL, closing},
        {"CLOSING_LIST", text_of(&m->list), 0},
        /* Results fit 64 bits. */
        {"MOST", NULL, closing > 0 ? 64 - closing : 63},
    };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; ++i)
        if (strcmp(values[i].word, word) == 0) {
            *text = values[i].text;
            *number = values[i].number;
            return true;
        }
    return false;
}

/* One line, its end included, with its words replaced. An at sign that starts no word stays. */
static void add_line(sys_text *file, const marks *m, const char *line, const char *end)
{
    char word[WORD_BYTES];
    while (line < end) {
        const char *at = memchr(line, '@', (size_t)(end - line));
        sys_text_append(file, line, (size_t)((at != NULL ? at : end) - line));
        if (at == NULL)
            return;
        const char *value = NULL, *close = memchr(at + 1, '@', (size_t)(end - at - 1));
        unsigned long number = 0;
        const size_t length = close != NULL ? (size_t)(close - at - 1) : WORD_BYTES;
        (void)snprintf(word, sizeof word, "%.*s", (int)(length < WORD_BYTES ? length : 0), at + 1);
        if (!value_of(&value, &number, m, word)) {
            sys_text_append(file, at, 1);
            line = at + 1;
            continue;
        }
        if (value != NULL)
            sys_text_append(file, value, strlen(value));
        else
            sys_text_add(file, "%lu", number);
        line = close + 1;
    }
}

carrynet_status export_c(const exported *net, const char *path)
{
    const char *line = sys_embedded(embedded_exports, "standalone.c.in");
    sys_text file = {0};
    marks m;
    sys_stream stream; /* has no name of its own */
    carrynet_status status = sys_find_stream(&stream, path);
    if (status != CARRYNET_OK)
        return status;
    make_marks(&m, net, stream.is ? "network" : path);
    while (line != NULL && *line != '\0') {
        const size_t length = strcspn(line, "\n") + 1;
        const char *end = line[length - 1] == '\n' ? line + length : line + length - 1;
        const bool marked = line[0] == '@' && end - line > 2 && line[2] == '|';
        if (!marked || holds(net, line[1]))
            add_line(&file, &m, line + (marked ? 3 : 0), end);
        line = end;
    }
    if (file.failed || m.arrays.failed || m.meaning.failed || m.closing.failed || m.list.failed || m.example.failed)
        status = sys_fail(CARRYNET_ERROR_MEMORY, "%s: no memory for a network of %zu values", path,
                          carrynet_shape_size(&net->settings->shape));
    else
        status = sys_write_file(path, (const void *const[]){file.data}, &file.size, 1);
    sys_text_free(&file);
    free_marks(&m);
    return status;
}
