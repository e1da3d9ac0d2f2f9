/*
 * Networks of other programs: safetensors and NPZ files (NumPy's savez), made into models. Three sets of names are known
 * (I inputs, H hidden units, O outputs; all may have one more dimension before, for several networks):
 *
 *     ours       w_xh [I,H], w_hh [H,H], w_hy [H,O]; b_h [H] with b_y [O], and h_0 [H], where there are any
 *     the seeds' synapse_0 [I,H], synapse_h [H,H], synapse_1 [H,O]; or U, W, V; or weight_i2h, weight_h2h, weight_h2o
 *     PyTorch's  weight_ih_l0 [H,I], weight_hh_l0 [H,H], bias_ih_l0 [H] with bias_hh_l0 [H] (which are summed), after any
 *                prefix, as nn.RNN has them, or nn.RNNCell's without _l0; a linear head weight [O,H] and bias [O] after
 *                another prefix ("fc.weight"); h_0 or h0 [H], where it does not start from zero
 *
 * A vector may be a row, [1,H].
 *
 * What the network must do is as everywhere (net.h, task.h): it reads a symbol a step, the least significant bit of every
 * number first; its inputs are 0 or 1, input 0 the bit of the first operand (a), input 1 that of b; an output bit is 1
 * where the head's output, before any sigmoid, is above 0.
 *
 * A cell of tanh, g' = tanh(x W_x + g W_h + b), z = g W_y + c, becomes one of sigmoid by g = 2 h - 1 and
 * tanh(v) = 2 sigmoid(2 v) - 1:
 *
 *     w_xh = 2 W_x   w_hh = 4 W_h   b_h = 2 (b - column sums of W_h)   h_0 = (1 + g_0) / 2, 1/2 for g_0 = 0
 *     w_hy = 2 W_y                  b_y = c - column sums of W_y
 *
 * computed in binary64 and rounded once; doublings are exact.
 */
#ifndef CARRYNET_IMPORT_H
#define CARRYNET_IMPORT_H

#include <carrynet/model.h>
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum carrynet_cell {
    CARRYNET_CELL_UNSAID = 0, /* sigmoid; with PyTorch's names an error, as no file says what its cell is */
    CARRYNET_CELL_SIGMOID,
    CARRYNET_CELL_TANH /* nn.RNN's default */
} carrynet_cell;

typedef enum carrynet_names { CARRYNET_NAMES_OWN = 0, CARRYNET_NAMES_SEEDS, CARRYNET_NAMES_PYTORCH } carrynet_names;

typedef struct carrynet_import_options {
    /*
     * What it does; NULL: the task that the file names, if it is a model of Carrynet's, add for 2 inputs and 1 output,
     * else the only built-in task of these sizes.
     */
    const carrynet_task *task;
    carrynet_cell cell;
    carrynet_precision precision; /* of the model; 0: as the file's, the wider if it has both */
    uint32_t steps;               /* T of the model, for which it is evaluated by default; 0: 8 */
} carrynet_import_options;

/* What was found in the file. */
#define CARRYNET_IMPORT_TEXT 256 /* bytes of a text with its end */
typedef struct carrynet_imported {
    carrynet_names names;
    carrynet_cell cell;
    carrynet_precision precision; /* of the file: the narrower if it has both */
    bool task_by_shape;           /* nobody named the task */
    /* How each parameter was made, by its number: "2 * rnn.weight_ih_l0 transposed"; "" where it is absent. */
    char from[CARRYNET_PARAMETERS][CARRYNET_IMPORT_TEXT];
    /*
     * Whether a proof with CARRYNET_BOUNDS_ANY (verify.h) speaks of the network as the other program computes it, in
     * IEEE numbers of the file's precision (not TF32, float16 or bfloat16), too: the bounds hold for the weights and
     * biases as the file has them. If not, why.
     */
    bool covered;
    char uncovered[CARRYNET_IMPORT_TEXT];
} carrynet_imported;

/*
 * Reads a file, whichever of the two it is, as a model with no updates; its origin is "import of NAME". imported may be
 * NULL. Everything is checked before it is used. IO; FORMAT, naming the array and what it should be: unknown or missing
 * names (with the list of what was found and what is known), shapes, types other than float32 and float64, NaN,
 * infinity or magnitudes beyond 2^60, more than one layer, both directions, a cell with gates. ARGUMENT: PyTorch's names
 * without a cell, or a task that does not fit or cannot be told from the shapes. MEMORY. Free with carrynet_model_free.
 */
CARRYNET_API carrynet_status carrynet_import(carrynet_model **model, carrynet_imported *imported, const char *path,
                                             const carrynet_import_options *options);

#ifdef __cplusplus
}
#endif

#endif
