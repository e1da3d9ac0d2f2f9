/*
 * Networks of other programs: safetensors and NPZ files (NumPy's savez), made into models (I inputs, H hidden units, O
 * outputs; all arrays may have one more dimension before, for several networks). A file's arrays are found by names
 * that are in use (host/exchange/import_conventions.c has the table), after any prefix ("net/w_xh"): ours w_xh [I,H],
 * w_hh [H,H], w_hy [H,O]; b_h [H] with b_y [O], and h_0 [H], where there are any the seeds' synapse_0 [I,H], synapse_h
 * [H,H], synapse_1 [H,O]; or U, W, V; or weight_i2h, weight_h2h, weight_h2o PyTorch's weight_ih_l0 [H,I], weight_hh_l0
 * [H,H], bias_ih_l0 [H] with bias_hh_l0 [H] (which are summed), as nn.RNN has them, or nn.RNNCell's without _l0; a
 * linear head weight [O,H] and bias [O] after another prefix ("fc.weight"); h_0 or h0 [H], where it does not start from
 * zero; or linear layers i2h, h2h, h2o Keras' kernel [I,H], recurrent_kernel [H,H], bias [H] of a SimpleRNN, kernel
 * [H,O] and bias [O] of a Dense Flax' i/kernel [I,H], h/kernel [H,H], i/bias [H] of a SimpleCell, kernel [H,O] and bias
 * [O] of a Dense scripts' Wxh [H,I], Whh, Why [O,H], bh, by (Karpathy); Wax, Waa, Wya, ba, by (Coursera); W_xh, W_hh,
 * W_hq, b_h, b_q none arr_0, arr_1, ..., in the one order that fits their shapes or as a map says. Matrices of which
 * only the transposed shape fits are taken so. A vector may be a row, a column or, of one value, a scalar; a matrix of
 * one output a vector. Values are float16, bfloat16, float32, float64 or whole numbers. A head of two outputs for a
 * task of one is of two classes: the logit of the bit is the second minus the first. The network must compute as in
 * net.h and task.h: it reads one symbol a step, the least significant bit of every number first; its inputs are 0 or 1,
 * input 0 the bit of the first operand (a), input 1 that of b; an output bit is 1 where the head's output, before any
 * sigmoid, is above 0. A cell of tanh, g' = tanh(x W_x + g W_h + b), z = g W_y + c, becomes one of sigmoid by g = 2 h -
 * 1 and tanh(v) = 2 sigmoid(2 v) - 1: w_xh = 2 W_x w_hh = 4 W_h b_h = 2 (b - column sums of W_h) h_0 = (1 + g_0) / 2,
 * 1/2 for g_0 = 0 w_hy = 2 W_y b_y = c - column sums of W_y computed in binary64 and rounded once; doublings are exact.
 */
#ifndef CARRYNET_IMPORT_H
#define CARRYNET_IMPORT_H

#include <carrynet/model.h>
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum carrynet_cell {
    /*
     * By the names: tanh for those of Keras, Flax, Karpathy, Coursera and d2l, which have it without more; an error for
     * PyTorch's and for W_xh, W_hh, W_hy, as no file says what its cell is; else sigmoid.
     */
    CARRYNET_CELL_UNSAID = 0,
    CARRYNET_CELL_SIGMOID,
    CARRYNET_CELL_TANH /* nn.RNN's default */
} carrynet_cell;

typedef struct carrynet_import_options {
    /*
     * The network's task. NULL: the task that the file names, if it is a model of Carrynet's; add for 2 inputs and 1
     * output; else the only built-in task of these sizes.
     */
    const carrynet_task *task;
    carrynet_cell cell;
    carrynet_precision precision; /* of the model; 0: as the file's, the wider if it has both */
    uint32_t steps;               /* T of the model, for which it is evaluated by default; 0: 8 */
    /*
     * The arrays' meaning: "KEY=NAME,KEY=NAME,...", where KEY is w_xh, w_hh, w_hy, b_h, b_y or h_0. NAME.T is a matrix
     * that is transposed, [H,I]; b_h=NAME+NAME the sum of two; skip=NAME, or skip=START*, passes arrays over. A map
     * with all three matrices is the whole network; otherwise the rest is found by names. NULL: by names alone.
     */
    const char *map;
} carrynet_import_options;

/* The contents found in the file. */
#define CARRYNET_IMPORT_TEXT 256 /* bytes of a text with its end */
typedef struct carrynet_imported {
    const char *names; /* "PyTorch's names"; a constant */
    carrynet_cell cell;
    bool cell_by_names;           /* no cell was given, but the names imply tanh */
    bool cell_guessed;            /* neither the options nor the names give it: sigmoid is assumed */
    carrynet_precision precision; /* of the file: the narrower if it has both */
    bool task_by_shape;           /* no task was given */
    /* How each parameter was made, by its number: "2 * rnn.weight_ih_l0 transposed"; "" where it is absent. */
    char from[CARRYNET_PARAMETERS][CARRYNET_IMPORT_TEXT];
    bool transposed;      /* matrices of the file are [columns][rows] */
    bool turned_by_shape; /* the shapes contradict the order that the names imply */
    bool either;          /* both orders fit the shapes: that of the names was taken */
    bool two_logits;      /* the head has two classes a bit; the model has their differences */
    size_t rounded;       /* how many of these differences had to be rounded to the model's precision */
    char passed_over
        [CARRYNET_IMPORT_TEXT]; /* arrays that are no part of the network: "epoch, loss, and 7 more"; or "" */
    /*
     * Whether a proof with CARRYNET_BOUNDS_ANY (verify.h) also covers the network as the other program computes it in
     * IEEE arithmetic of the file's precision (not TF32, float16 or bfloat16): the bounds hold for the weights and
     * biases of the file. If not, uncovered says why.
     */
    bool covered;
    char uncovered[CARRYNET_IMPORT_TEXT];
} carrynet_imported;

/*
 * Reads a file, whichever of the two it is, as a model with no updates; its origin is "import of NAME". imported may be
 * NULL. Everything is checked before it is used. IO; FORMAT, naming what the file is if it is neither, or the array and
 * what it should be: unknown or missing names (with the list of what was found, and an example of a map), shapes, types,
 * NaN, infinity or magnitudes beyond 2^60, more than one layer, both directions, a cell with gates. ARGUMENT: a map that
 * does not fit, PyTorch's names without a cell, or a task that does not fit or cannot be told from the shapes. MEMORY. Free
 * with carrynet_model_free.
 */
CARRYNET_API carrynet_status carrynet_import(carrynet_model **model, carrynet_imported *imported, const char *path,
                                             const carrynet_import_options *options);

#ifdef __cplusplus
}
#endif

#endif
