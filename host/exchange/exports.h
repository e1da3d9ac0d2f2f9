/*
 * One network to export, and the writers of its formats. The caller makes sure that all values are finite. A writer
 * writes the whole file or leaves the old one.
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

/* Value i of a parameter, in row-major order; exact. */
double exported_value(const exported *net, const carrynet_tensor *tensor, size_t i);

/*
 * The task in words, for a reader of the file: "a + b (task add)" for a built-in task that is unchanged, else "task
 * NAME". The text never ends a C comment.
 */
void exported_meaning(sys_text *text, const exported *net);

/* The closing symbols in words: "One more step follows them, with symbol 0." Empty if there are none. */
void exported_closing(sys_text *text, const exported *net);

/* Write the file. MEMORY, IO. */
carrynet_status export_onnx(const exported *net, const char *path);
carrynet_status export_npz(const exported *net, const char *path);
carrynet_status export_c(const exported *net, const char *path);

#endif
