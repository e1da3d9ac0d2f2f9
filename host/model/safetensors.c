/*
 * Safetensors files: reader and writer (format in safetensors.h).
 *
 * The reader checks every value of an untrusted file before use: the header's length before the header, every offset
 * before the data. The tensors must cover the data exactly, as the format requires, so that every byte of a file is
 * checked.
 */
#include "model/safetensors.h"
#include "model/file_kind.h"
#include "platform/json_text.h"
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LENGTH_BYTES = 8, WHY = 256 };
static const char metadata_key[] = "__metadata__";

const char *safetensors_quote(char quote[SAFETENSORS_QUOTE], const char *text)
{
    const size_t length = strlen(text), most = SAFETENSORS_QUOTE - 1;
    const size_t shown = length > most ? most - 3 : length;
    for (size_t i = 0; i < shown; ++i)
        quote[i] = (char)(text[i] < ' ' || text[i] > '~' ? '?' : text[i]);
    (void)snprintf(quote + shown, SAFETENSORS_QUOTE - shown, "%s", length > most ? "..." : "");
    return quote;
}

/* ---- one tensor of the header: each function says in `why` what is wrong --------------------------------------- */

/* Types of the format, as its own library knows them. */
static const struct {
    const char *dtype;
    safetensors_type type;
    unsigned bits;
} types[] = {
    {"F32", SAFETENSORS_F32, 32},
    {"F64", SAFETENSORS_F64, 64},
    {"F16", SAFETENSORS_F16, 16},
    {"BF16", SAFETENSORS_BF16, 16},
    {"BOOL", SAFETENSORS_BOOL, 8},
    {"U8", SAFETENSORS_U8, 8},
    {"I8", SAFETENSORS_I8, 8},
    {"U16", SAFETENSORS_U16, 16},
    {"I16", SAFETENSORS_I16, 16},
    {"U32", SAFETENSORS_U32, 32},
    {"I32", SAFETENSORS_I32, 32},
    {"U64", SAFETENSORS_U64, 64},
    {"I64", SAFETENSORS_I64, 64},
    {"C64", SAFETENSORS_OTHER, 64},
    {"F8_E4M3", SAFETENSORS_OTHER, 8},
    {"F4", SAFETENSORS_OTHER, 4},
    {"F8_E5M2", SAFETENSORS_OTHER, 8},
    {"F8_E8M0", SAFETENSORS_OTHER, 8},
    {"F8_E4M3FNUZ", SAFETENSORS_OTHER, 8},
    {"F8_E5M2FNUZ", SAFETENSORS_OTHER, 8},
    {"F6_E2M3", SAFETENSORS_OTHER, 6},
    {"F6_E3M2", SAFETENSORS_OTHER, 6},
};
enum { TYPES = sizeof types / sizeof types[0] };

/* The row of `types`, or TYPES with what is wrong in `why`. */
static size_t read_type(safetensors_tensor *tensor, char why[WHY], const json_t *info)
{
    char quote[SAFETENSORS_QUOTE];
    const char *dtype = json_string_value(json_object_get(info, "dtype"));
    size_t i = 0;
    while (dtype != NULL && i < TYPES && strcmp(dtype, types[i].dtype) != 0)
        ++i;
    if (dtype == NULL)
        (void)snprintf(why, WHY, "dtype is missing or no string");
    else if (i == TYPES)
        (void)snprintf(why, WHY, "dtype is '%s', which is no type of safetensors, such as F32",
                       safetensors_quote(quote, dtype));
    if (dtype == NULL || i == TYPES)
        return TYPES;
    tensor->type = types[i].type;
    tensor->dtype = types[i].dtype;
    return i;
}

/* The shape, and the bytes that values of so many bits then need. */
static bool read_shape(safetensors_tensor *tensor, uint64_t *bytes, char why[WHY], const json_t *info, unsigned bits)
{
    const json_t *shape = json_object_get(info, "shape");
    uint64_t all = bits;
    tensor->rank = json_array_size(shape);
    if (!json_is_array(shape))
        (void)snprintf(why, WHY, "shape is missing or no array");
    else if (tensor->rank > SAFETENSORS_RANK)
        (void)snprintf(why, WHY, "shape has %zu dimensions, at most %d are known", tensor->rank, SAFETENSORS_RANK);
    else
        for (size_t i = 0; i < tensor->rank && why[0] == '\0'; ++i) {
            const json_t *dimension = json_array_get(shape, i);
            const json_int_t value = json_integer_value(dimension);
            if (!json_is_integer(dimension) || value < 0)
                (void)snprintf(why, WHY, "shape[%zu] is not a whole number from 0", i);
            else if (value != 0 && all > (uint64_t)INT64_MAX / (uint64_t)value)
                (void)snprintf(why, WHY, "shape[%zu] is %" PRId64 ": too many values", i, (int64_t)value);
            else
                all *= tensor->shape[i] = (uint64_t)value;
        }
    if (why[0] == '\0' && all % 8 != 0)
        (void)snprintf(why, WHY, "its %" PRIu64 " bits are no whole number of bytes", all);
    *bytes = all / 8;
    return why[0] == '\0';
}

static bool read_offsets(safetensors_tensor *tensor, char why[WHY], const json_t *info, uint64_t bytes,
                         const unsigned char *data, size_t data_size)
{
    const json_t *offsets = json_object_get(info, "data_offsets");
    const json_t *first = json_array_get(offsets, 0), *second = json_array_get(offsets, 1);
    const json_int_t begin = json_integer_value(first), end = json_integer_value(second);
    if (json_array_size(offsets) != 2 || !json_is_integer(first) || !json_is_integer(second))
        (void)snprintf(why, WHY, "data_offsets is missing or not two whole numbers");
    else if (begin < 0 || begin > end || (uint64_t)end > data_size)
        (void)snprintf(why, WHY, "data_offsets [%" PRId64 ", %" PRId64 "] are not inside the file's %zu bytes of data",
                       (int64_t)begin, (int64_t)end, data_size);
    else if ((uint64_t)(end - begin) != bytes)
        (void)snprintf(why, WHY,
                       "data_offsets [%" PRId64 ", %" PRId64 "] hold %" PRId64 " bytes, dtype and shape need %" PRIu64,
                       (int64_t)begin, (int64_t)end, (int64_t)(end - begin), bytes);
    else {
        tensor->data = data + begin;
        tensor->size = (size_t)bytes;
    }
    return why[0] == '\0';
}

/* Tensors of size 0 first among those that begin at the same place, so that their neighbours still meet. */
static int by_place(const void *left, const void *right)
{
    const safetensors_tensor *a = left, *b = right;
    if (a->data != b->data)
        return a->data < b->data ? -1 : 1;
    return (a->size > b->size) - (a->size < b->size);
}

/* ---- the header ------------------------------------------------------------------------------------------------ */

static carrynet_status read_metadata(safetensors_file *file, const char *path, json_t *metadata)
{
    char quote[SAFETENSORS_QUOTE];
    const char *key = NULL;
    json_t *value = NULL;
    if (!json_is_object(metadata))
        return sys_fail(CARRYNET_ERROR_FORMAT, "%s: __metadata__ is not an object", path);
    const carrynet_status status = sys_allocate(&file->metadata, json_object_size(metadata), sizeof *file->metadata);
    if (status != CARRYNET_OK)
        return status;
    json_object_foreach(metadata, key, value)
    {
        if (!json_is_string(value))
            return sys_fail(CARRYNET_ERROR_FORMAT, "%s: __metadata__ '%s' is not a string", path,
                            safetensors_quote(quote, key));
        file->metadata[file->metadata_count++] = (safetensors_entry){key, json_string_value(value)};
    }
    return CARRYNET_OK;
}

static carrynet_status read_tensors(safetensors_file *file, const char *path, json_t *header, const unsigned char *data,
                                    size_t data_size)
{
    char quote[SAFETENSORS_QUOTE], why[WHY] = "";
    const char *name = NULL;
    json_t *info = NULL;
    const carrynet_status status = sys_allocate(&file->tensors, json_object_size(header), sizeof *file->tensors);
    if (status != CARRYNET_OK)
        return status;
    json_object_foreach(header, name, info)
    {
        if (strcmp(name, metadata_key) == 0)
            continue;
        safetensors_tensor *tensor = &file->tensors[file->tensor_count++];
        uint64_t bytes = 0;
        tensor->name = name;
        if (!json_is_object(info))
            (void)snprintf(why, WHY, "is not an object");
        else {
            const size_t type = read_type(tensor, why, info);
            if (type < TYPES && read_shape(tensor, &bytes, why, info, types[type].bits))
                (void)read_offsets(tensor, why, info, bytes, data, data_size);
        }
        if (why[0] != '\0')
            return sys_fail(CARRYNET_ERROR_FORMAT, "%s: tensor '%s': %s", path, safetensors_quote(quote, name), why);
    }
    qsort(file->tensors, file->tensor_count, sizeof *file->tensors, by_place);
    size_t covered = 0;
    for (size_t i = 0; i < file->tensor_count; ++i) {
        const safetensors_tensor *tensor = &file->tensors[i];
        const size_t begin = (size_t)(tensor->data - data);
        if (begin != covered)
            return sys_fail(CARRYNET_ERROR_FORMAT, "%s: tensor '%s': data_offsets begin at %zu, %s at %zu", path,
                            safetensors_quote(quote, tensor->name), begin,
                            begin < covered ? "but overlap the tensor that ends" : "but the data before it ends",
                            covered);
        covered += tensor->size;
    }
    if (covered != data_size)
        return sys_fail(CARRYNET_ERROR_FORMAT, "%s: the data has %zu bytes, but data_offsets end at %zu", path,
                        data_size, covered);
    return CARRYNET_OK;
}

/*
 * Whether a header has more values than any file of tensors: each takes a hundred times the memory of its letters, so
 * that the parser is not given it.
 */
static bool is_crowded(const char *text, size_t length)
{
    size_t values = 0;
    bool quoted = false;
    for (size_t i = 0; i < length; ++i) {
        if (quoted && text[i] == '\\')
            ++i;
        else if (text[i] == '"')
            quoted = !quoted;
        else if (!quoted && (text[i] == ',' || text[i] == '[' || text[i] == '{'))
            ++values;
    }
    return values > SAFETENSORS_VALUES;
}

carrynet_status safetensors_parse(safetensors_file *file, const char *path, const char *bytes, size_t size)
{
    char quote[SAFETENSORS_QUOTE];
    json_error_t error;
    *file = (safetensors_file){0};
    if (!file_kind_is_safetensors(bytes, size)) {
        const carrynet_status other = file_kind_refuse(path, "a safetensors file", bytes, size);
        if (other != CARRYNET_OK)
            return other;
    }
    if (size < LENGTH_BYTES)
        return sys_fail(CARRYNET_ERROR_FORMAT, "%s: %zu bytes are too few for a safetensors file", path, size);
    uint64_t length = 0;
    for (unsigned i = 0; i < LENGTH_BYTES; ++i)
        length |= (uint64_t)(unsigned char)bytes[i] << (8 * i);
    if (length > SAFETENSORS_HEADER)
        return sys_fail(CARRYNET_ERROR_FORMAT,
                        "%s: not a safetensors file: its header length would be %" PRIu64 ", at most %d is allowed",
                        path, length, SAFETENSORS_HEADER);
    if (length > size - LENGTH_BYTES)
        return sys_fail(CARRYNET_ERROR_FORMAT, "%s: truncated: the header has %" PRIu64 " bytes, the file %zu", path,
                        length, size);
    if (!file_kind_is_safetensors(bytes, LENGTH_BYTES + (size_t)length))
        return sys_fail(CARRYNET_ERROR_FORMAT, "%s: not a safetensors file: the header does not begin with '{'", path);
    if (is_crowded(bytes + LENGTH_BYTES, (size_t)length))
        return sys_fail(CARRYNET_ERROR_FORMAT, "%s: the header has more than %d values", path, SAFETENSORS_VALUES);
    json_t *header = NULL;
    carrynet_status status =
        sys_json_read(&header, &error, bytes + LENGTH_BYTES, (size_t)length, JSON_REJECT_DUPLICATES);
    if (status == CARRYNET_ERROR_MEMORY)
        return sys_fail(CARRYNET_ERROR_MEMORY, "%s: not enough memory for the header", path);
    if (status != CARRYNET_OK)
        return sys_fail(CARRYNET_ERROR_FORMAT, "%s: the header is not valid JSON: %s (at byte %d)", path,
                        safetensors_quote(quote, error.text), LENGTH_BYTES + error.position);
    file->header = header;
    json_t *metadata = json_object_get(header, metadata_key);
    if (metadata != NULL && !json_is_null(metadata)) /* null is none to the format's own library */
        status = read_metadata(file, path, metadata);
    if (status == CARRYNET_OK)
        status = read_tensors(file, path, header, (const unsigned char *)bytes + LENGTH_BYTES + length,
                              size - LENGTH_BYTES - (size_t)length);
    return status;
}

carrynet_status safetensors_read(safetensors_file *file, const char *path)
{
    char *bytes = NULL;
    size_t size = 0;
    *file = (safetensors_file){0};
    /* No limit of its own: data_offsets say how large the file must be, and memory how large it can be. */
    carrynet_status status = sys_read_file(&bytes, &size, path, INT64_MAX);
    if (status != CARRYNET_OK)
        return status;
    status = safetensors_parse(file, path, bytes, size);
    file->bytes = bytes;
    return status;
}

void safetensors_free(safetensors_file *file)
{
    sys_free(file->tensors);
    sys_free(file->metadata);
    json_decref(file->header);
    sys_free(file->bytes);
    *file = (safetensors_file){0};
}

const safetensors_tensor *safetensors_find(const safetensors_file *file, const char *name)
{
    for (size_t i = 0; i < file->tensor_count; ++i)
        if (strcmp(file->tensors[i].name, name) == 0)
            return &file->tensors[i];
    return NULL;
}

const char *safetensors_metadata(const safetensors_file *file, const char *key)
{
    for (size_t i = 0; i < file->metadata_count; ++i)
        if (strcmp(file->metadata[i].key, key) == 0)
            return file->metadata[i].value;
    return NULL;
}

/* ---- writing --------------------------------------------------------------------------------------------------- */

/* The name of a type that is not OTHER. */
static const char *type_name(safetensors_type type)
{
    size_t i = 0;
    while (types[i].type != type)
        ++i;
    return types[i].dtype;
}

/* Jansson keeps the order of insertion. NULL on failure: text that is not UTF-8, or out of memory, as errno says. */
static json_t *make_header(const safetensors_tensor *tensors, size_t tensor_count, const safetensors_entry *metadata,
                           size_t metadata_count)
{
    errno = 0;
    json_t *header = json_object();
    json_t *texts = json_object();
    int failed = 0;
    for (size_t i = 0; i < metadata_count; ++i)
        failed |= json_object_set_new(texts, metadata[i].key, json_string(metadata[i].value));
    if (metadata_count > 0)
        failed |= json_object_set(header, metadata_key, texts);
    size_t begin = 0;
    for (size_t i = 0; i < tensor_count; ++i) {
        const safetensors_tensor *tensor = &tensors[i];
        const size_t end = begin + tensor->size;
        json_t *shape = json_array();
        for (size_t k = 0; k < tensor->rank; ++k)
            failed |= json_array_append_new(shape, json_integer((json_int_t)tensor->shape[k]));
        json_t *info = json_pack("{s:s, s:o, s:[I, I]}", "dtype", type_name(tensor->type), "shape", shape,
                                 "data_offsets", (json_int_t)begin, (json_int_t)end);
        failed |= json_object_set_new(header, tensor->name, info);
        begin = end;
    }
    json_decref(texts);
    if (failed != 0) {
        json_decref(header);
        header = NULL;
    }
    return header;
}

carrynet_status safetensors_write(const char *path, const safetensors_tensor *tensors, size_t tensor_count,
                                  const safetensors_entry *metadata, size_t metadata_count)
{
    enum { BEFORE = 2 }; /* parts before the tensors: length, header */
    carrynet_status status = CARRYNET_OK;
    unsigned char length[LENGTH_BYTES];
    char *json = NULL, *text = NULL;
    const void **parts = NULL;
    size_t *sizes = NULL, size = 0;
    json_t *header = make_header(tensors, tensor_count, metadata, metadata_count);
    if (header == NULL)
        status = errno == ENOMEM
                     ? sys_fail(CARRYNET_ERROR_MEMORY, "%s: not enough memory for the header", path)
                     : sys_fail(CARRYNET_ERROR_ARGUMENT, "%s: cannot make the header: a text is not UTF-8", path);
    else
        status = sys_json_write(&json, &size, header, JSON_COMPACT);
    if (status != CARRYNET_OK)
        goto done;
    const size_t padded = (size + LENGTH_BYTES - 1) / LENGTH_BYTES * LENGTH_BYTES;
    if (padded > SAFETENSORS_HEADER) {
        status = sys_fail(CARRYNET_ERROR_ARGUMENT, "%s: the header would have %zu bytes, at most %d can be written",
                          path, padded, SAFETENSORS_HEADER);
        goto done;
    }
    status = sys_allocate(&text, padded, 1);
    if (status == CARRYNET_OK)
        status = sys_allocate(&parts, BEFORE + tensor_count, sizeof *parts);
    if (status == CARRYNET_OK)
        status = sys_allocate(&sizes, BEFORE + tensor_count, sizeof *sizes);
    if (status != CARRYNET_OK)
        goto done;
    memset(text, ' ', padded);
    memcpy(text, json, size);
    for (unsigned i = 0; i < LENGTH_BYTES; ++i)
        length[i] = (unsigned char)((uint64_t)padded >> (8 * i));
    parts[0] = length;
    sizes[0] = sizeof length;
    parts[1] = text;
    sizes[1] = padded;
    for (size_t i = 0; i < tensor_count; ++i) {
        parts[BEFORE + i] = tensors[i].data;
        sizes[BEFORE + i] = tensors[i].size;
    }
    status = sys_write_file(path, parts, sizes, BEFORE + tensor_count);
done:
    json_decref(header);
    sys_free(json);
    sys_free(text);
    sys_free(parts);
    sys_free(sizes);
    return status;
}
