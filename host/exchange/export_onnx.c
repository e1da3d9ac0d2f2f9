/*
 * One network as an ONNX model, opset 14: RNN (sigmoid, forward, layout 0) -> Squeeze -> MatMul -> Add -> Sigmoid; Add
 * only with biases. With an h_0, Shape -> Gather -> Concat -> Expand repeat h_0 as the initial state of every sequence.
 *
 *     x [time][batch][I] -> y [time][batch][O];  W [1][H][I] = w_xh^T, R [1][H][H] = w_hh^T, B [1][2 H] = b_h and 0
 *
 * protobuf-c compiles the messages from onnx.proto; this file fills and packs them.
 */
#include "exchange/exports.h"
#include "model/task_json.h"
#include <inttypes.h>
#include <onnx.pb-c.h>
#include <stdio.h>
#include <string.h>

enum { OPSET = 14, NODES = 9, INPUTS = 6, ATTRIBUTES = 6, TENSORS = 9, RANK = 3, PROPERTIES = 7, PUTS = 2 };

/* Where all messages of a model lie until they are packed. */
typedef struct builder {
    const exported *net;
    carrynet_status status;
    char *task; /* as JSON */
    sys_text about;
    char numbers[PROPERTIES][SYS_NUMBER];
    size_t nodes, attributes, tensors, properties;
    Onnx__NodeProto node[NODES], *node_list[NODES];
    Onnx__AttributeProto attribute[ATTRIBUTES], *attribute_list[ATTRIBUTES];
    ProtobufCBinaryData activation;
    Onnx__TensorProto tensor[TENSORS], *tensor_list[TENSORS];
    int64_t dims[TENSORS][RANK], integers[TENSORS];
    void *values[TENSORS];
    char *inputs[NODES][INPUTS], *outputs[NODES];
    Onnx__StringStringEntryProto property[PROPERTIES], *property_list[PROPERTIES];
    Onnx__ValueInfoProto put[PUTS], *put_list[PUTS];
    Onnx__TypeProto type[PUTS];
    Onnx__TypeProto__Tensor tensor_type[PUTS];
    Onnx__TensorShapeProto shape[PUTS];
    Onnx__TensorShapeProto__Dimension dimension[PUTS][RANK], *dimension_list[PUTS][RANK];
} builder;

/* ---- tensors --------------------------------------------------------------------------------------------------- */

static Onnx__TensorProto *next_tensor(builder *b, const char *name, size_t rank, const size_t *dims)
{
    Onnx__TensorProto *tensor = &b->tensor[b->tensors];
    onnx__tensor_proto__init(tensor);
    for (size_t i = 0; i < rank; ++i)
        b->dims[b->tensors][i] = (int64_t)dims[i];
    tensor->name = (char *)(uintptr_t)name;
    tensor->n_dims = rank;
    tensor->dims = b->dims[b->tensors];
    tensor->has_data_type = 1;
    b->tensor_list[b->tensors++] = tensor;
    return tensor;
}

static void add_integer(builder *b, const char *name, int64_t value)
{
    int64_t *place = &b->integers[b->tensors];
    Onnx__TensorProto *tensor = next_tensor(b, name, 1, (const size_t[]){1});
    *place = value;
    tensor->data_type = ONNX__TENSOR_PROTO__DATA_TYPE__INT64;
    tensor->n_int64_data = 1;
    tensor->int64_data = place;
}

/*
 * A parameter with other dimensions, or transposed, the values beyond its own zero. They are floats and doubles in the
 * message too, so that no order of bytes matters here.
 */
static void add_parameter(builder *b, const char *name, carrynet_parameter parameter, bool transposed, size_t rank,
                          const size_t *dims)
{
    const exported *net = b->net;
    const carrynet_tensor parameter_tensor = carrynet_shape_tensor(&net->settings->shape, parameter);
    const bool narrow = net->settings->precision == CARRYNET_FP32;
    void **values = &b->values[b->tensors];
    Onnx__TensorProto *tensor = next_tensor(b, name, rank, dims);
    size_t count = 1;
    for (size_t i = 0; i < rank; ++i)
        count *= dims[i];
    if (b->status == CARRYNET_OK)
        b->status = sys_allocate(values, count, narrow ? sizeof(float) : sizeof(double));
    if (b->status != CARRYNET_OK)
        return;
    for (size_t i = 0; i < parameter_tensor.size; ++i) {
        const double value = exported_value(net, &parameter_tensor, i);
        const size_t to =
            transposed ? i % parameter_tensor.columns * parameter_tensor.rows + i / parameter_tensor.columns : i;
        if (narrow)
            ((float *)*values)[to] = (float)value;
        else
            ((double *)*values)[to] = value;
    }
    tensor->data_type = narrow ? ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT : ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE;
    tensor->n_float_data = narrow ? count : 0;
    tensor->float_data = narrow ? *values : NULL;
    tensor->n_double_data = narrow ? 0 : count;
    tensor->double_data = narrow ? NULL : *values;
}

/* ---- nodes ----------------------------------------------------------------------------------------------------- */

/* A node named as what it gives; inputs [count], "" for one that is left out. */
static Onnx__NodeProto *add_node(builder *b, const char *operation, size_t count, const char *const *inputs,
                                 const char *output)
{
    Onnx__NodeProto *node = &b->node[b->nodes];
    onnx__node_proto__init(node);
    for (size_t i = 0; i < count; ++i)
        b->inputs[b->nodes][i] = (char *)(uintptr_t)inputs[i];
    b->outputs[b->nodes] = (char *)(uintptr_t)output;
    node->op_type = (char *)(uintptr_t)operation;
    node->name = (char *)(uintptr_t)output;
    node->n_input = count;
    node->input = b->inputs[b->nodes];
    node->n_output = 1;
    node->output = &b->outputs[b->nodes];
    b->node_list[b->nodes++] = node;
    return node;
}

/* An attribute of the node added last, whose attributes lie side by side. */
static Onnx__AttributeProto *add_attribute(builder *b, Onnx__NodeProto *node, const char *name,
                                           Onnx__AttributeProto__AttributeType type)
{
    Onnx__AttributeProto *attribute = &b->attribute[b->attributes];
    onnx__attribute_proto__init(attribute);
    attribute->name = (char *)(uintptr_t)name;
    attribute->has_type = 1;
    attribute->type = type;
    b->attribute_list[b->attributes] = attribute;
    if (node->n_attribute++ == 0)
        node->attribute = &b->attribute_list[b->attributes];
    ++b->attributes;
    return attribute;
}

static void add_whole(builder *b, Onnx__NodeProto *node, const char *name, int64_t value)
{
    Onnx__AttributeProto *attribute = add_attribute(b, node, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT);
    attribute->has_i = 1;
    attribute->i = value;
}

/* h_0 for every sequence of the batch: [1][batch][H]. */
static void add_start(builder *b, size_t H)
{
    add_parameter(b, "h_0", CARRYNET_H_0, false, 3, (const size_t[]){1, 1, H});
    add_integer(b, "one", 1);
    add_integer(b, "hidden", (int64_t)H);
    (void)add_node(b, "Shape", 1, (const char *const[]){"x"}, "x_shape");
    (void)add_node(b, "Gather", 2, (const char *const[]){"x_shape", "one"}, "batch_size");
    Onnx__NodeProto *concat =
        add_node(b, "Concat", 3, (const char *const[]){"one", "batch_size", "hidden"}, "start_shape");
    add_whole(b, concat, "axis", 0);
    (void)add_node(b, "Expand", 2, (const char *const[]){"h_0", "start_shape"}, "start");
}

static void add_graph(builder *b)
{
    static char sigmoid[] = "Sigmoid", forward[] = "forward";
    const carrynet_shape *shape = &b->net->settings->shape;
    const size_t H = shape->hidden, I = shape->inputs, O = shape->outputs;
    add_parameter(b, "W", CARRYNET_W_XH, true, 3, (const size_t[]){1, H, I});
    add_parameter(b, "R", CARRYNET_W_HH, true, 3, (const size_t[]){1, H, H});
    add_parameter(b, "w_hy", CARRYNET_W_HY, false, 2, (const size_t[]){H, O});
    add_integer(b, "directions", 1);
    if (shape->bias) {
        add_parameter(b, "B", CARRYNET_B_H, false, 2, (const size_t[]){1, 2 * H});
        add_parameter(b, "b_y", CARRYNET_B_Y, false, 1, (const size_t[]){O});
    }
    if (shape->initial_state)
        add_start(b, H);
    const char *const inputs[INPUTS] = {"x", "W", "R", shape->bias ? "B" : "", "", "start"};
    Onnx__NodeProto *rnn = add_node(b, "RNN", shape->initial_state ? 6 : shape->bias ? 4 : 3, inputs, "states");
    Onnx__AttributeProto *activations =
        add_attribute(b, rnn, "activations", ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRINGS);
    b->activation = (ProtobufCBinaryData){.len = strlen(sigmoid), .data = (uint8_t *)sigmoid};
    activations->n_strings = 1;
    activations->strings = &b->activation;
    Onnx__AttributeProto *direction = add_attribute(b, rnn, "direction", ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING);
    direction->has_s = 1;
    direction->s = (ProtobufCBinaryData){.len = strlen(forward), .data = (uint8_t *)forward};
    add_whole(b, rnn, "hidden_size", (int64_t)H);
    add_whole(b, rnn, "layout", 0);
    (void)add_node(b, "Squeeze", 2, (const char *const[]){"states", "directions"}, "h");
    (void)add_node(b, "MatMul", 2, (const char *const[]){"h", "w_hy"}, shape->bias ? "sums" : "z");
    if (shape->bias)
        (void)add_node(b, "Add", 2, (const char *const[]){"sums", "b_y"}, "z");
    (void)add_node(b, "Sigmoid", 1, (const char *const[]){"z"}, "y");
}

/* ---- what surrounds the graph ---------------------------------------------------------------------------------- */

/* x or y: [time][batch][width]. */
static void set_put(builder *b, size_t i, const char *name, uint32_t width, const char *about)
{
    static const char *const free_sizes[] = {"time", "batch"};
    onnx__value_info_proto__init(&b->put[i]);
    onnx__type_proto__init(&b->type[i]);
    onnx__type_proto__tensor__init(&b->tensor_type[i]);
    onnx__tensor_shape_proto__init(&b->shape[i]);
    for (size_t d = 0; d < RANK; ++d) {
        Onnx__TensorShapeProto__Dimension *dimension = &b->dimension[i][d];
        onnx__tensor_shape_proto__dimension__init(dimension);
        if (d < 2) {
            dimension->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
            dimension->dim_param = (char *)(uintptr_t)free_sizes[d];
        } else {
            dimension->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
            dimension->dim_value = width;
        }
        b->dimension_list[i][d] = dimension;
    }
    b->shape[i].n_dim = RANK;
    b->shape[i].dim = b->dimension_list[i];
    b->tensor_type[i].has_elem_type = 1;
    b->tensor_type[i].elem_type = b->net->settings->precision == CARRYNET_FP32 ? ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT
                                                                               : ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE;
    b->tensor_type[i].shape = &b->shape[i];
    b->type[i].value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    b->type[i].tensor_type = &b->tensor_type[i];
    b->put[i].name = (char *)(uintptr_t)name;
    b->put[i].type = &b->type[i];
    b->put[i].doc_string = (char *)(uintptr_t)about;
    b->put_list[i] = &b->put[i];
}

static void add_property(builder *b, const char *key, const char *value)
{
    Onnx__StringStringEntryProto *property = &b->property[b->properties];
    onnx__string_string_entry_proto__init(property);
    property->key = (char *)(uintptr_t)key;
    property->value = (char *)(uintptr_t)value;
    b->property_list[b->properties++] = property;
}

static void add_count(builder *b, const char *key, uint64_t value)
{
    char *number = b->numbers[b->properties];
    (void)snprintf(number, SYS_NUMBER, "%" PRIu64, value);
    add_property(b, key, number);
}

/* The keys of model files where they mean the same. */
static void add_properties(builder *b)
{
    add_property(b, "task", b->task);
    add_count(b, "arithmetic", (uint64_t)carrynet_arithmetic_version());
    add_property(b, "precision", b->net->settings->precision == CARRYNET_FP32 ? "fp32" : "fp64");
    add_count(b, "network_seed", b->net->network->seed);
    add_count(b, "network_updates", b->net->network->updates);
    add_property(b, "network_digest", b->net->digest);
    add_property(b, "bit_order", "least significant first");
}

/* What the model is, for whoever opens it. */
static void describe(builder *b)
{
    if (b->status == CARRYNET_OK)
        b->status = task_to_json(&b->task, &b->net->settings->task);
    exported_meaning(&b->about, b->net);
    sys_text_add(&b->about, ": a recurrent network with sigmoids that reads the operands bit by bit, least "
                            "significant bit first, and writes a bit of every result a step. ");
    exported_closing(&b->about, b->net);
    if (b->about.failed && b->status == CARRYNET_OK)
        b->status = sys_fail(CARRYNET_ERROR_MEMORY, "no memory for the description of the network");
}

static carrynet_status write_model(builder *b, const char *path)
{
    static char name[] = "carrynet", domain[] = "", graph_name[] = "network";
    Onnx__ModelProto model = ONNX__MODEL_PROTO__INIT;
    Onnx__GraphProto graph = ONNX__GRAPH_PROTO__INIT;
    Onnx__OperatorSetIdProto opset = ONNX__OPERATOR_SET_ID_PROTO__INIT, *opsets[] = {&opset};
    uint8_t *bytes = NULL;
    opset.domain = domain;
    opset.has_version = 1;
    opset.version = OPSET;
    graph.name = graph_name;
    graph.doc_string = b->about.data;
    graph.n_node = b->nodes;
    graph.node = b->node_list;
    graph.n_initializer = b->tensors;
    graph.initializer = b->tensor_list;
    graph.n_input = graph.n_output = 1;
    graph.input = &b->put_list[0];
    graph.output = &b->put_list[1];
    model.has_ir_version = 1;
    model.ir_version = ONNX__VERSION__IR_VERSION_2020_5_8; /* the one of opset 14 */
    model.n_opset_import = 1;
    model.opset_import = opsets;
    model.producer_name = name;
    model.producer_version = (char *)(uintptr_t)carrynet_version();
    model.doc_string = b->about.data;
    model.graph = &graph;
    model.n_metadata_props = b->properties;
    model.metadata_props = b->property_list;
    const size_t size = onnx__model_proto__get_packed_size(&model);
    carrynet_status status = sys_allocate(&bytes, size, 1);
    if (status == CARRYNET_OK) {
        (void)onnx__model_proto__pack(&model, bytes);
        status = sys_write_file(path, (const void *const[]){bytes}, &size, 1);
    }
    sys_free(bytes);
    return status;
}

carrynet_status export_onnx(const exported *net, const char *path)
{
    builder *b = NULL;
    carrynet_status status = sys_allocate(&b, 1, sizeof *b);
    if (status != CARRYNET_OK)
        return status;
    b->net = net;
    describe(b);
    add_graph(b);
    set_put(b, 0, "x", net->settings->shape.inputs, "x[t][s][i]: bit t of operand i of problem s, 0 or 1");
    set_put(b, 1, "y", net->settings->shape.outputs, "y[t][s][o]: above 1/2 where bit t of result o of problem s is 1");
    add_properties(b);
    status = b->status == CARRYNET_OK ? write_model(b, path) : b->status;
    for (size_t i = 0; i < TENSORS; ++i)
        sys_free(b->values[i]);
    sys_text_free(&b->about);
    sys_free(b->task);
    sys_free(b);
    return status;
}
