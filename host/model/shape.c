/* Shapes, the table of parameters, and initial weights (kernels/ARITHMETIC.md 6). */
#include "kernels/arithmetic.h"
#include "model/uniform_64.h"
#include "model/value.h"
#include "platform/environment.h"
#include "platform/platform.h"
#include <carrynet/net.h>
#include <carrynet/task.h>

carrynet_status carrynet_shape_check(const carrynet_shape *shape)
{
    if (shape->inputs < 1 || shape->inputs > CARRYNET_TASK_INPUTS)
        return sys_fail(CARRYNET_ERROR_ARGUMENT, "inputs is %u, must be 1 to %d", shape->inputs, CARRYNET_TASK_INPUTS);
    if (shape->hidden < 1 || shape->hidden > CARRYNET_HIDDEN)
        return sys_fail(CARRYNET_ERROR_ARGUMENT, "hidden is %u, must be 1 to %d", shape->hidden, CARRYNET_HIDDEN);
    if (shape->outputs < 1 || shape->outputs > CARRYNET_TASK_OUTPUTS)
        return sys_fail(CARRYNET_ERROR_ARGUMENT, "outputs is %u, must be 1 to %d", shape->outputs,
                        CARRYNET_TASK_OUTPUTS);
    return CARRYNET_OK;
}

carrynet_tensor carrynet_shape_tensor(const carrynet_shape *shape, carrynet_parameter parameter)
{
    static const char *const names[CARRYNET_PARAMETERS] = {"w_xh", "w_hh", "w_hy", "b_h", "b_y", "h_0"};
    const size_t inputs = shape->inputs, hidden = shape->hidden, outputs = shape->outputs;
    const size_t rows[CARRYNET_PARAMETERS] = {inputs, hidden, hidden, 1, 1, 1};
    const size_t columns[CARRYNET_PARAMETERS] = {hidden, hidden, outputs, hidden, outputs, hidden};
    const bool present[CARRYNET_PARAMETERS] = {true, true, true, shape->bias, shape->bias, shape->initial_state};
    size_t offset = 0;
    for (int p = 0; p < (int)parameter; ++p)
        offset += present[p] ? rows[p] * columns[p] : 0;
    return (carrynet_tensor){
        .name = names[parameter],
        .rows = rows[parameter],
        .columns = columns[parameter],
        .offset = offset,
        .size = present[parameter] ? rows[parameter] * columns[parameter] : 0,
        .vector = parameter >= CARRYNET_B_H,
    };
}

size_t carrynet_shape_size(const carrynet_shape *shape)
{
    const carrynet_tensor last = carrynet_shape_tensor(shape, CARRYNET_H_0);
    return last.offset + last.size;
}

size_t carrynet_shape_trained(const carrynet_shape *shape)
{
    return carrynet_shape_tensor(shape, CARRYNET_H_0).offset;
}

void carrynet_initialize(void *values, const carrynet_shape *shape, carrynet_precision precision, uint64_t seed,
                         double scale)
{
    const size_t weights = carrynet_shape_tensor(shape, CARRYNET_B_H).offset, size = carrynet_shape_size(shape);
    uint32_t c[4] = {0};
    const fenv_t environment = sys_enter_arithmetic();
    for (size_t i = 0; i < size; ++i) {
        if (i % 4 == 0) {
            c[0] = (uint32_t)(i / 4);
            c[1] = c[2] = 0;
            c[3] = CARRYNET_STREAM_WEIGHTS;
            philox4x32(&c[0], &c[1], &c[2], &c[3], (uint32_t)seed, (uint32_t)(seed >> 32));
        }
        if (precision == CARRYNET_FP32)
            ((float *)values)[i] = i < weights ? flush(uniform(c[i % 4], (float)scale)) : 0.0f;
        else
            ((double *)values)[i] = i < weights ? net_uniform_64(c[i % 4], scale) : 0.0;
    }
    (void)sys_leave_arithmetic(&environment, CARRYNET_OK);
}

double carrynet_value(const void *values, carrynet_precision precision, size_t i)
{
    return net_value(values, precision, i);
}
