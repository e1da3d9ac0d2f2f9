/* The names that options can have as values, from the library where it has them. NULL after the last. */
#include "cli/options.h"

const char *choice_loss(size_t index)
{
    return index <= CARRYNET_LOSS_FAULTY_SQUARED ? carrynet_loss_name((carrynet_loss)index) : NULL;
}

const char *choice_optimizer(size_t index)
{
    return index <= CARRYNET_OPTIMIZER_ADAM ? carrynet_optimizer_name((carrynet_optimizer)index) : NULL;
}

const char *choice_schedule(size_t index)
{
    return index <= CARRYNET_SCHEDULE_COSINE ? carrynet_schedule_name((carrynet_schedule)index) : NULL;
}

const char *choice_precision(size_t index)
{
    static const char *const names[] = {"fp32", "fp64"};
    return index < sizeof names / sizeof names[0] ? names[index] : NULL;
}

/* In the order of carrynet_kernel_shape, which has the automatic choice before them. */
const char *choice_kernel_shape(size_t index)
{
    static const char *const names[] = {"cpu", "gpu"};
    return index < sizeof names / sizeof names[0] ? names[index] : NULL;
}

const char *choice_until(size_t index)
{
    static const char *const names[] = {"exact", "proved"};
    return index < sizeof names / sizeof names[0] ? names[index] : NULL;
}

const char *choice_keep(size_t index)
{
    static const char *const names[] = {"all", "best", "exact"};
    return index < sizeof names / sizeof names[0] ? names[index] : NULL;
}

/* In the order of carrynet_prove_by. */
const char *choice_prove_by(size_t index)
{
    static const char *const names[] = {"auto", "exhaustion", "ellipsoids", "all"};
    return index < sizeof names / sizeof names[0] ? names[index] : NULL;
}

/* In the order of carrynet_cell, which has the unsaid one before them. */
const char *choice_cell(size_t index)
{
    static const char *const names[] = {"sigmoid", "tanh"};
    return index < sizeof names / sizeof names[0] ? names[index] : NULL;
}

/* In the order of carrynet_bounds. */
const char *choice_arithmetic(size_t index)
{
    static const char *const names[] = {"carrynet", "any"};
    return index < sizeof names / sizeof names[0] ? names[index] : NULL;
}
