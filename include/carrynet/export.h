/*
 * Export: one network of a model as a file for other tools. onnx a graph for ONNX Runtime and others: op RNN with
 * sigmoid, opset 14; x [time][batch][inputs] to y [time][batch][outputs], time and batch of any size; of doubles for
 * fp64, which not every runtime has an RNN for npz arrays for numpy.load: w_xh [I][H], w_hh [H][H], w_hy [H][O], and
 * b_h, b_y, h_0 where present c one C99 file without dependencies, which computes the bits of the reference All read
 * the bits of the operands least significant bit first. Equal networks give equal files.
 */
#ifndef CARRYNET_EXPORT_H
#define CARRYNET_EXPORT_H

#include <carrynet/model.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum carrynet_format { CARRYNET_FORMAT_ONNX = 0, CARRYNET_FORMAT_NPZ, CARRYNET_FORMAT_C } carrynet_format;

/* The name of a format, which is also the ending of its files: "onnx"; NULL beyond the last. */
CARRYNET_API const char *carrynet_format_name(carrynet_format format);

/* The format of that name in *format. ARGUMENT, with the list of names, if no format has it. */
CARRYNET_API carrynet_status carrynet_format_find(carrynet_format *format, const char *name);

/* The format by the ending of a file's name, in any case. ARGUMENT, with the list, if the ending is unknown. */
CARRYNET_API carrynet_status carrynet_format_of_path(carrynet_format *format, const char *path);

/*
 * Writes network `network` of a model to `path`, as carrynet_model_save writes. The functions of a C file are named after
 * the file: adder.c has adder_start and adder_step, a pipe network_start. ARGUMENT: no such network or format;
 * NUMERIC, before anything is written: a weight that is NaN or infinite; IO; MEMORY.
 */
CARRYNET_API carrynet_status carrynet_export(const carrynet_model *model, size_t network, const char *path,
                                             carrynet_format format);

#ifdef __cplusplus
}
#endif

#endif
