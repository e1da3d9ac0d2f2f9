/*
 * Writes certificates as text. Numbers are written as hexadecimal floats digit by digit, since printf depends on the
 * locale.
 */
#include "prove/certificate_write.h"
#include "kernels/arithmetic.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

/* Smaller numbers are written as 0: a shape without them is another, and the checker's. */
static const double LEAST = 0x1p-200;

static void add_real(sys_text *text, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    if (!(fabs(value) >= LEAST)) {
        sys_text_add(text, " 0x0p+0");
        return;
    }
    uint64_t digits = bits & 0xfffffffffffff;
    int width = 13;
    for (; width > 0 && (digits & 0xf) == 0; digits >>= 4)
        --width;
    sys_text_add(text, value < 0 ? " -0x1" : " 0x1");
    if (width > 0)
        sys_text_add(text, ".%0*" PRIx64, width, digits);
    sys_text_add(text, "p%+d", (int)(bits >> 52 & 0x7ff) - 1023);
}

static void add_row(sys_text *text, const double *values, size_t count)
{
    for (size_t i = 0; i < count; ++i)
        add_real(text, values[i]);
}

static void add_task(sys_text *text, const carrynet_task *task)
{
    const uint32_t symbols = 1u << task->inputs;
    sys_text_add(text, "task %u %u %u %u\n", task->inputs, task->outputs, task->states, task->start);
    for (uint32_t q = 0; q < task->states; ++q) {
        sys_text_add(text, "state %u next", q);
        for (uint32_t a = 0; a < symbols; ++a)
            sys_text_add(text, " %u", task->next[q][a]);
        sys_text_add(text, " out");
        for (uint32_t a = 0; a < symbols; ++a)
            sys_text_add(text, " %u", task->out[q][a]);
        sys_text_add(text, "\n");
    }
}

/* order [*count]: the start and the cells that it leads to, breadth first; number [cells]: their places, 0 for others. */
static void number_cells(size_t *order, size_t *count, size_t *number, const struct cover *cover)
{
    order[0] = 0;
    *count = 1;
    for (size_t done = 0; done < *count; ++done) {
        const struct cover_cell *cell = &cover->cells[order[done]];
        for (size_t i = 0; i < cell->length; ++i)
            if (cell->tree[i] >= 0 && number[cell->tree[i]] == 0) {
                number[cell->tree[i]] = *count;
                order[(*count)++] = (size_t)cell->tree[i];
            }
    }
}

static void add_cells(sys_text *text, const struct cover *cover, const size_t *order, size_t count,
                      const size_t *number)
{
    const size_t H = cover->net->hidden;
    sys_text_add(text, "cells %zu\n", count - 1);
    for (size_t n = 1; n < count; ++n) {
        const struct cover_cell *cell = &cover->cells[order[n]];
        sys_text_add(text, "cell %u %u", cell->state, cell->kind);
        add_real(text, ldexp(1, -(int)cell->level));
        add_row(text, cover->centres + order[n] * H, H);
        sys_text_add(text, "\n");
    }
    for (size_t n = 0; n < count; ++n) {
        const struct cover_cell *cell = &cover->cells[order[n]];
        sys_text_add(text, "tree");
        for (size_t i = 0; i < cell->length; ++i)
            if (cell->tree[i] < 0)
                sys_text_add(text, " *");
            else
                sys_text_add(text, " %zu", number[cell->tree[i]] - 1);
        sys_text_add(text, "\n");
    }
}

carrynet_status certificate_write(sys_text *text, const struct cover *cover, const char *network_digest,
                                  carrynet_bounds bounds)
{
    const struct flow_network *net = cover->net;
    const size_t H = net->hidden, before = text->size;
    size_t *order = NULL, *number = NULL, count;
    char digest[SYS_SHA256];
    carrynet_status status = sys_allocate(&order, cover->count, sizeof *order);
    if (status == CARRYNET_OK)
        status = sys_allocate(&number, cover->count, sizeof *number);
    if (status != CARRYNET_OK)
        goto done;
    number_cells(order, &count, number, cover);
    sys_text_add(text, "carrynet certificate %d\n", CARRYNET_CERTIFICATE_VERSION);
    if (bounds == CARRYNET_BOUNDS_OWN)
        sys_text_add(text, "arithmetic %d\n", CARRYNET_ARITHMETIC_VERSION);
    else
        sys_text_add(text, "arithmetic any\n");
    sys_text_add(text, "network %s\n", network_digest);
    add_task(text, net->task);
    sys_text_add(text, "hidden %zu\nbases %zu\n", H, cover->basis->count);
    for (size_t q = 0; q < cover->basis->count; ++q) {
        sys_text_add(text, "basis %zu\n", q);
        for (size_t i = 0; i < H; ++i) {
            sys_text row = {0};
            add_row(&row, cover->basis->b + (q * H + i) * H, H);
            if (row.failed)
                text->failed = 1;
            else
                sys_text_append(text, row.data + 1, row.size - 1);
            sys_text_append(text, "\n", 1);
            sys_text_free(&row);
        }
    }
    add_cells(text, cover, order, count, number);
    if (!text->failed) {
        const void *part = text->data + before;
        const size_t size = text->size - before;
        sys_text_add(text, "digest %s\n", sys_sha256(digest, &part, &size, 1));
    }
    if (text->failed)
        status = sys_fail(CARRYNET_ERROR_MEMORY, "cannot allocate a certificate of %zu cells", count - 1);
done:
    sys_free(order);
    sys_free(number);
    return status;
}
