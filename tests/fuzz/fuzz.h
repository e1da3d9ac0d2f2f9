/*
 * What the fuzzing harnesses share. A harness reads hostile files through the functions that the program calls, and is
 * given its inputs by libFuzzer; this gives it a folder of its own, files in it, and what must hold whatever a file says.
 * The first byte of an input says how the rest becomes a file, so that mutations get past lengths and hashes.
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include "platform/platform.h"
#include <carrynet/carrynet.h>

/* ---- what each harness has ------------------------------------------------------------------------------------- */

/* Called once, before all else. */
void fuzz_prepare(void);

/* Makes the seed corpus, a call of fuzz_seed for each. */
void fuzz_seeds(void);

/* libFuzzer's. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* ---- what it is given ------------------------------------------------------------------------------------------ */

/* Aborts, which libFuzzer reports with the input, unless it holds. */
void fuzz_must(bool holds, const char *what);

/*
 * That a reader ended well, or with a status that a bad file can have, and with a message that a terminal can show:
 * without control characters, whatever the file has.
 */
void fuzz_answered(carrynet_status status);

/* The path of a file in the harness's own folder, which is empty at first; it stays valid. At most 8 names. */
const char *fuzz_path(const char *name);
void fuzz_write(const char *path, const void *bytes, size_t size);
/* The whole file, to sys_free. */
char *fuzz_read(size_t *size, const char *path);

/* A seed: how the rest becomes a file, and the rest. */
void fuzz_seed(const char *name, uint8_t how, const void *bytes, size_t size);

/* A model of small networks of a built-in task, as they begin; bias: with biases and h_0. To carrynet_model_free. */
carrynet_model *fuzz_model(const char *task, uint32_t hidden, uint32_t networks, bool bias,
                           carrynet_precision precision);

/* ---- containers ------------------------------------------------------------------------------------------------ */

/*
 * Writes safetensors with the right length before the header: the header is what precedes the first zero byte (or all),
 * the data what follows it.
 */
void fuzz_write_tensors(const char *path, const uint8_t *bytes, size_t size);

/* A safetensors file as such bytes: without the length, a zero byte between header and data. To sys_free. */
uint8_t *fuzz_take_tensors(size_t *size, const char *path);

/*
 * Writes a zip of entries that are whole, whatever is in them: for each a byte with the length of its name and two with
 * that of its content, then both. Deflated or stored.
 */
void fuzz_write_zip(const char *path, const uint8_t *bytes, size_t size, bool deflated);

/* A zip as such bytes; to sys_free. */
uint8_t *fuzz_take_zip(size_t *size, const char *path);

#endif
