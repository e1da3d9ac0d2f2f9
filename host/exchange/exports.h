/*
 * One network on its way out, and the writers of its formats. They find a network whose values are finite, and write
 * the whole file or leave what was there.
 */
#ifndef EXCHANGE_EXPORTS_H
#define EXCHANGE_EXPORTS_H

#include "platform/platform.h"
#include <carrynet/export.h>

typedef struct exported {
    const carrynet_settings *settings;
    const carrynet_network *network;
    const char *values; /* [carrynet_shape_size], float or double */
    char digest[CARRYNET_DIGEST_TEXT];
} exported;

/* Value i of a parameter, counted row by row; exact. */
double exported_value(const exported *net, const carrynet_tensor *tensor, size_t i);

/*
 * The task in words, for a reader of the file: "a + b (task add)" where it is a built-in one as it stands, else "task
 * NAME". Nothing in it ends a comment of C.
 */
void exported_meaning(sys_text *text, const exported *net);

/* What follows the last bits of the operands: "One more step follows them, with symbol 0." Nothing for no closing. */
void exported_closing(sys_text *text, const exported *net);

/* MEMORY, IO. */
carrynet_status export_onnx(const exported *net, const char *path);
carrynet_status export_npz(const exported *net, const char *path);
carrynet_status export_c(const exported *net, const char *path);

#endif
