/* Growing text, numbers as text, and texts that are part of the binary. */
#include "platform/embedded.h"
#include "platform/environment.h"
#include "platform/platform.h"
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room for `count` bytes more and a NUL; false, with `failed` set, if there is none. */
static int reserve(sys_text *text, size_t count)
{
    if (text->failed || count >= SIZE_MAX / 2 - text->size) {
        text->failed = 1;
        return 0;
    }
    const size_t need = text->size + count + 1;
    if (need > text->capacity) {
        const size_t capacity = need > 2 * text->capacity ? need : 2 * text->capacity;
        char *data = realloc(text->data, capacity);
        if (data == NULL) {
            text->failed = 1;
            return 0;
        }
        text->data = data;
        text->capacity = capacity;
    }
    return 1;
}

void sys_text_add(sys_text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    va_list again;
    va_copy(again, arguments);
    const int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0)
        text->failed = 1;
    if (reserve(text, (size_t)(length < 0 ? 0 : length))) {
        (void)vsnprintf(text->data + text->size, text->capacity - text->size, format, again);
        text->size += (size_t)length;
    }
    va_end(again);
}

void sys_text_append(sys_text *text, const char *bytes, size_t count)
{
    if (!reserve(text, count))
        return;
    memcpy(text->data + text->size, bytes, count);
    text->size += count;
    text->data[text->size] = '\0';
}

void sys_text_free(sys_text *text)
{
    free(text->data);
    *text = (sys_text){0};
}

size_t sys_unprintable(const char *text)
{
    const unsigned char c = (unsigned char)text[0], next = c == 0xc2 ? (unsigned char)text[1] : 0;
    if (c == 0xc2 && next >= 0x80 && next < 0xa0) /* control characters of Unicode, in UTF-8 */
        return 2;
    return (c < ' ' && c != '\0' && c != '\n' && c != '\t') || c == 0x7f ? 1 : 0;
}

char *sys_printable(char *text)
{
    for (size_t i = 0, count; text[i] != '\0'; i += count > 0 ? count : 1) {
        count = sys_unprintable(text + i);
        memset(text + i, '?', count);
    }
    return text;
}

static int small(char letter)
{
    return letter >= 'A' && letter <= 'Z' ? letter - 'A' + 'a' : letter;
}

bool sys_same_word(const char *a, const char *b)
{
    while (*a != '\0' && small(*a) == small(*b)) {
        ++a;
        ++b;
    }
    return small(*a) == small(*b);
}

bool sys_has_word(const char *text, const char *word)
{
    for (; *text != '\0'; ++text) {
        size_t i = 0;
        while (word[i] != '\0' && small(text[i]) == small(word[i]))
            ++i;
        if (word[i] == '\0')
            return true;
    }
    return false;
}

void sys_point(char *number)
{
    static const char plain[] = "0123456789+-e";
    char *point = number + strspn(number, plain);
    const size_t foreign = strcspn(point, plain);
    if (foreign > 0) {
        *point = '.';
        memmove(point + 1, point + foreign, strlen(point + foreign) + 1);
    }
}

char *sys_real_text(char text[SYS_NUMBER], double value)
{
    char local[SYS_NUMBER];
    const fenv_t environment = sys_enter_arithmetic();
    for (int digits = 15; digits <= 17; ++digits) {
        (void)snprintf(local, sizeof local, "%.*g", digits, value);
        if (strtod(local, NULL) == value)
            break;
    }
    (void)sys_leave_arithmetic(&environment, CARRYNET_OK);
    sys_point(local);
    return memcpy(text, local, sizeof local);
}

bool sys_read_real(double *value, const char *text)
{
    char local[2 * SYS_NUMBER];
    const char *point = strchr(text, '.');
    char *end = NULL;
    if (text[0] == '\0' || text[strspn(text, "0123456789.eE+-")] != '\0' || strlen(text) >= SYS_NUMBER)
        return false;
    (void)snprintf(local, sizeof local, "%s", text);
    if (point != NULL)
        (void)snprintf(local + (point - text), sizeof local - (size_t)(point - text), "%.8s%s",
                       localeconv()->decimal_point, point + 1);
    const fenv_t environment = sys_enter_arithmetic();
    *value = strtod(local, &end);
    (void)sys_leave_arithmetic(&environment, CARRYNET_OK);
    return end != local && *end == '\0' && isfinite(*value);
}

const char *sys_read_whole(uint64_t *value, const char *text, uint64_t most)
{
    const char *digit = text;
    *value = 0;
    for (; *digit >= '0' && *digit <= '9'; ++digit) {
        const uint64_t next = (uint64_t)(*digit - '0');
        if (next > most || *value > (most - next) / 10)
            return NULL;
        *value = 10 * *value + next;
    }
    return digit == text ? NULL : digit;
}

const char *sys_embedded(const struct embedded_file *files, const char *name)
{
    for (; files->name != NULL; ++files)
        if (strcmp(files->name, name) == 0)
            return files->text;
    return NULL;
}
