/*
 * The array names that programs and scripts use for a network of this kind, one convention per row. Also array names
 * that show another network or no network: layers that cannot be imported, with advice, and optimizer state of a
 * training.
 */
#include "exchange/import_parts.h"
#include <string.h>

/* w_xh, w_hh, w_hy, b_h, b_y, h_0, second hidden bias */
const import_convention import_conventions[] = {
    {"Carrynet's names", {"w_xh", "w_hh", "w_hy", "b_h", "b_y", "h_0", NULL}, false, false, CARRYNET_CELL_SIGMOID},
    {"the seeds' names", {"synapse_0", "synapse_h", "synapse_1"}, false, false, CARRYNET_CELL_SIGMOID},
    {"the seeds' names", {"U", "W", "V"}, false, false, CARRYNET_CELL_SIGMOID},
    {"the seeds' names", {"weight_i2h", "weight_h2h", "weight_h2o"}, false, false, CARRYNET_CELL_SIGMOID},
    /* nn.RNN, nn.RNNCell, and linear layers as PyTorch's tutorial names them */
    {"PyTorch's names",
     {"weight_ih_l0", "weight_hh_l0", "weight", "bias_ih_l0", "bias", "h_0|h0", "bias_hh_l0"},
     true,
     true,
     CARRYNET_CELL_UNSAID},
    {"PyTorch's names",
     {"weight_ih", "weight_hh", "weight", "bias_ih", "bias", "h_0|h0", "bias_hh"},
     true,
     true,
     CARRYNET_CELL_UNSAID},
    {"PyTorch's names",
     {"i2h/weight", "h2h/weight", "h2o/weight", "i2h/bias", "h2o/bias", "h_0|h0", "h2h/bias"},
     false,
     true,
     CARRYNET_CELL_UNSAID},
    {"Karpathy's names", {"Wxh", "Whh", "Why", "bh", "by", NULL, NULL}, false, true, CARRYNET_CELL_TANH},
    {"Coursera's names", {"Wax", "Waa", "Wya", "ba", "by", "a0", NULL}, false, true, CARRYNET_CELL_TANH},
    {"d2l's names", {"W_xh", "W_hh", "W_hq", "b_h", "b_q", NULL, NULL}, false, false, CARRYNET_CELL_TANH},
    {"textbooks' names", {"W_xh", "W_hh", "W_hy", "b_h", "b_y", "h_0|h0", NULL}, false, false, CARRYNET_CELL_UNSAID},
    /* Variables of SimpleRNN and Dense by name, and as Keras 3 numbers them in a file of weights */
    {"Keras' names",
     {"kernel", "recurrent_kernel", "kernel", "bias", "bias", NULL, NULL},
     true,
     false,
     CARRYNET_CELL_TANH},
    {"Keras' names",
     {"cell/vars/0", "cell/vars/1", "vars/0", "cell/vars/2", "vars/1", NULL, NULL},
     true,
     false,
     CARRYNET_CELL_TANH},
    /* SimpleCell of linen, and of nnx */
    {"Flax' names",
     {"i/kernel", "h/kernel", "kernel", "i/bias", "bias", NULL, "h/bias"},
     true,
     false,
     CARRYNET_CELL_TANH},
    {"Flax' names",
     {"dense_i/kernel", "dense_h/kernel", "kernel", "dense_i/bias", "bias", NULL, "dense_h/bias"},
     true,
     false,
     CARRYNET_CELL_TANH},
};
const size_t import_convention_count = sizeof import_conventions / sizeof import_conventions[0];

enum {
    XH = CARRYNET_W_XH,
    HH = CARRYNET_W_HH,
    HY = CARRYNET_W_HY,
    BH = CARRYNET_B_H,
    BY = CARRYNET_B_Y,
    H0 = CARRYNET_H_0,
    B2 = IMPORT_SECOND_BIAS
};

/* numpy.savez(FILE, a, b, ...) calls them arr_0, arr_1, ... */
const import_order import_orders[] = {
    {3, {XH, HH, HY}},
    {5, {XH, HH, BH, HY, BY}}, /* Keras' get_weights() */
    {5, {XH, HH, HY, BH, BY}},
    {6, {XH, HH, BH, B2, HY, BY}}, /* PyTorch's parameters() */
    {6, {XH, HH, BH, HY, BY, H0}},
    {6, {XH, HH, HY, BH, BY, H0}},
};
const size_t import_order_count = sizeof import_orders / sizeof import_orders[0];

bool import_ends_with(size_t *prefix, const char *path, const char *words)
{
    const size_t length = strlen(path);
    for (const char *word = words; word != NULL; word = strchr(word, '|'), word = word != NULL ? word + 1 : NULL) {
        const size_t size = strcspn(word, "|");
        *prefix = length >= size ? length - size : 0;
        if (length >= size && memcmp(path + *prefix, word, size) == 0 && (*prefix == 0 || path[*prefix - 1] == '/'))
            return true;
    }
    return false;
}

/* ---- other networks -------------------------------------------------------------------------------------------- */

static const char layer[] = "is of another layer: one layer can be imported (num_layers=1)";
static const char lstm[] =
    "is of an LSTM; only a simple recurrent cell can be imported (nn.RNN, SimpleRNN, SimpleCell)";
static const char gru[] = "is of a GRU; only a simple recurrent cell can be imported (nn.RNN, SimpleRNN, SimpleCell)";
static const char norm[] = "is of a normalization; multiply it into the weights, or train without it";
static const char weight_norm[] = "is a part of a weight under weight_norm; before you save, take it off: "
                                  "torch.nn.utils.remove_weight_norm(module, \"weight_hh_l0\"), or "
                                  "torch.nn.utils.parametrize.remove_parametrizations(module, \"weight_hh_l0\")";

/* A star stands for anything; the first row that fits a whole path holds. */
static const struct {
    const char *pattern, *obstacle;
} obstacles[] = {
    {"*_reverse*", "is of a second direction (bidirectional=True): a network that adds reads its digits once, from the "
                   "lowest; train it with one direction"},
    {"*backward_*kernel",
     "is of a second direction (Bidirectional): a network that adds reads its digits once, from the "
     "lowest; train it with one direction"},
    {"*weight_hr_l*", "is a projection (proj_size), which only an LSTM has; an nn.RNN is needed"},
    {"*weight_*_l0_g", weight_norm},
    {"*weight_*_l0_v", weight_norm},
    {"*weight_g", weight_norm},
    {"*weight_v", weight_norm},
    {"*weight_hh_g", weight_norm},
    {"*weight_hh_v", weight_norm},
    {"*weight_ih_g", weight_norm},
    {"*weight_ih_v", weight_norm},
    {"*parametrizations/*/original0", weight_norm},
    {"*parametrizations/*/original1", weight_norm},
    {"*parametrizations/*", "is a weight under a parametrization; before you save, take it off: "
                            "torch.nn.utils.parametrize.remove_parametrizations(module, \"weight\")"},
    {"*weight*_orig", "is a weight under spectral_norm or pruning; before you save, take it off: "
                      "torch.nn.utils.remove_spectral_norm(module), torch.nn.utils.prune.remove(module, \"weight\")"},
    {"*weight*_mask",
     "is of a pruning; before you save, make it lasting: torch.nn.utils.prune.remove(module, \"weight\")"},
    {"*weight_?h_l1*", layer},
    {"*weight_?h_l2*", layer},
    {"*weight_?h_l3*", layer},
    {"*bias_?h_l1*", layer},
    {"*bias_?h_l2*", layer},
    {"*bias_?h_l3*", layer},
    {"*/running_mean", norm},
    {"*/running_var", norm},
    {"*/moving_mean", norm},
    {"*/moving_variance", norm},
    {"*/gamma", norm},
    {"*/beta", norm},
    {"*/scale", norm},
    {"*lstm*kernel", lstm},
    {"*/hf/kernel", lstm},
    {"*gru*kernel", gru},
    {"*/hr/kernel", gru},
    {"*embed*/weight",
     "is of an embedding; a network that reads the bits themselves is needed: multiply it into the input "
     "weights"},
    {"*embeddings",
     "is of an embedding; a network that reads the bits themselves is needed: multiply it into the input "
     "weights"},
};

/* '*' is any text, '?' any character. */
static bool fits(const char *text, const char *pattern)
{
    const char *star = NULL, *again = NULL;
    while (*text != '\0')
        if (*pattern == '*') {
            star = pattern++;
            again = text;
        } else if (*pattern == *text || *pattern == '?') {
            ++pattern;
            ++text;
        } else if (star != NULL) {
            pattern = star + 1;
            text = ++again;
        } else
            return false;
    while (*pattern == '*')
        ++pattern;
    return *pattern == '\0';
}

const char *import_obstacle(const foreign_array *array)
{
    for (size_t i = 0; i < sizeof obstacles / sizeof obstacles[0]; ++i)
        if (fits(array->path, obstacles[i].pattern))
            return obstacles[i].obstacle;
    return NULL;
}

/* ---- what is beside the network -------------------------------------------------------------------------------- */

/* In any case of letters. */
static bool same_word(const char *word, size_t length, const char *other)
{
    for (size_t i = 0; i < length; ++i)
        if (other[i] == '\0' || (word[i] >= 'A' && word[i] <= 'Z' ? word[i] - 'A' + 'a' : word[i]) != other[i])
            return false;
    return other[length] == '\0';
}

static bool is_state_word(const char *word, size_t length)
{
    static const char *const words[] = {"epoch",        "epochs",        "step",
                                        "steps",        "iteration",     "iterations",
                                        "loss",         "losses",        "history",
                                        "lr",           "accuracy",      "acc",
                                        "seed",         "rng",           "optimizer",
                                        "optimizers",   "opt_state",     "opt",
                                        "optim",        "adam",          "rmsprop",
                                        "sgd",          "momentum",      "momentums",
                                        "velocity",     "velocities",    "exp_avg",
                                        "exp_avg_sq",   "grad",          "grads",
                                        "gradients",    "learning_rate", "train_loss",
                                        "val_loss",     "smooth_loss",   "hprev",
                                        "losses_train", "losses_val",    "num_batches_tracked",
                                        "best_loss"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; ++i)
        if (same_word(word, length, words[i]))
            return true;
    return false;
}

/* Karpathy's dWxh and mWxh: a gradient, and the memory of Adagrad. */
static bool is_memory(const char *word)
{
    size_t prefix = 0;
    if (word[0] != 'd' && word[0] != 'm')
        return false;
    for (size_t c = 0; c < import_convention_count; ++c)
        for (int p = 0; p < IMPORT_ARRAYS && !import_conventions[c].head_apart; ++p)
            if (import_conventions[c].words[p] != NULL &&
                import_ends_with(&prefix, word + 1, import_conventions[c].words[p]) && prefix == 0)
                return true;
    return false;
}

bool import_is_beside(const foreign_array *array)
{
    const char *last = array->path;
    for (const char *word = array->path;; ++word) {
        const size_t length = strcspn(word, "/");
        if (is_state_word(word, length))
            return true;
        last = word;
        word += length;
        if (*word == '\0')
            break;
    }
    return is_memory(last);
}
