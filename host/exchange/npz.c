/*
 * NPZ files: reads the zip around the arrays with libzip. An untrusted file is checked before use: the uncompressed
 * size of an array against its compressed bytes and the limit, its header before its values, their size against both.
 * The zip has the checksums.
 */
#include "exchange/npz.h"
#include "exchange/npz_header.h"
#include "model/file_kind.h"
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <zip.h>

enum {
    QUOTE = 64,
    RATIO = 1032 /* most bytes that a deflated byte unfolds to */,
    LOCAL_HEADER = 30,
    CENTRAL_HEADER = 46
};

/* A foreign name for a message: shortened, control and non-ASCII bytes as '?'. */
static const char *quoted(char quote[QUOTE], const char *text)
{
    size_t i = 0;
    for (; i < QUOTE - 1 && text[i] != '\0'; ++i)
        quote[i] = (char)(text[i] < ' ' || text[i] > '~' ? '?' : text[i]);
    quote[i] = '\0';
    return quote;
}

static carrynet_status zip_fails(const char *path, const char *what, zip_error_t *error)
{
    const int code = zip_error_code_zip(error);
    if (code == ZIP_ER_MEMORY || errno == ENOMEM) /* libzip may take a source that it had no memory for as no zip */
        return sys_fail(CARRYNET_ERROR_MEMORY, "%s: not enough memory to read the zip", path);
    return sys_fail(CARRYNET_ERROR_FORMAT, "%s: %s: %s", path, what, zip_error_strerror(error));
}

/* ---- values ---------------------------------------------------------------------------------------------------- */

void npz_swap_bytes(unsigned char *data, size_t count, size_t width)
{
    for (size_t i = 0; i < count; ++i)
        for (size_t k = 0; k < width / 2; ++k) {
            unsigned char *const a = &data[i * width + k], *const b = &data[i * width + width - 1 - k];
            const unsigned char kept = *a;
            *a = *b;
            *b = kept;
        }
}

/* Values whose first dimension is fastest, from `from` to `to`, where the last is. */
static void reorder(unsigned char *to, const unsigned char *from, const npz_layout *layout, size_t count)
{
    size_t index[NPZ_RANK] = {0};
    for (size_t i = 0; i < count; ++i) {
        size_t place = 0;
        for (size_t d = layout->rank; d-- > 0;)
            place = place * (size_t)layout->shape[d] + index[d];
        memcpy(to + i * layout->width, from + place * layout->width, layout->width);
        for (size_t d = layout->rank; d-- > 0 && ++index[d] == layout->shape[d];)
            index[d] = 0;
    }
}

static uint64_t bits_at(const npz_array *array, size_t i)
{
    const unsigned char *const bytes = (const unsigned char *)array->data + i * array->width;
    uint64_t bits = 0;
    for (size_t k = array->width; k-- > 0;)
        bits = bits << 8 | bytes[k];
    return bits;
}

/* binary16: a sign, 5 bits of exponent, 10 of fraction. */
static double real_of_half(uint64_t bits)
{
    const int exponent = (int)(bits >> 10 & 31u);
    const double fraction = (double)(bits & 1023u);
    const double value = exponent == 31  ? (bits & 1023u) != 0 ? (double)NAN : (double)INFINITY
                         : exponent == 0 ? ldexp(fraction, -24)
                                         : ldexp(1024 + fraction, exponent - 25);
    return (bits & 0x8000u) != 0 ? -value : value;
}

double npz_real(const npz_array *array, size_t i)
{
    const uint64_t bits = bits_at(array, i);
    if (array->kind == NPZ_FLOAT && array->width == 2)
        return real_of_half(bits);
    if (array->kind == NPZ_BFLOAT) { /* the upper half of a float32 */
        const uint32_t narrow = (uint32_t)bits << 16;
        float value;
        memcpy(&value, &narrow, sizeof value);
        return (double)value;
    }
    if (array->kind == NPZ_FLOAT && array->width == sizeof(float)) {
        const uint32_t narrow = (uint32_t)bits;
        float value;
        memcpy(&value, &narrow, sizeof value);
        return (double)value;
    }
    if (array->kind == NPZ_FLOAT) {
        double value;
        memcpy(&value, &bits, sizeof value);
        return value;
    }
    const uint64_t sign = UINT64_C(1) << (8 * array->width - 1);
    if (array->kind == NPZ_SIGNED && (bits & sign) != 0)
        return -(double)(~bits & (sign - 1)) - 1;
    return (double)bits;
}

const char *npz_type_name(char name[16], npz_kind kind, size_t width)
{
    const char *const word = kind == NPZ_FLOAT ? "float" : kind == NPZ_SIGNED ? "int" : "uint";
    if (kind == NPZ_BOOLEAN || kind == NPZ_BFLOAT || kind == NPZ_OTHER)
        (void)snprintf(name, 16, "%s", kind == NPZ_BOOLEAN ? "bool" : kind == NPZ_BFLOAT ? "bfloat16" : "other");
    else
        (void)snprintf(name, 16, "%s%zu", word, 8 * width);
    return name;
}

/* ---- reading --------------------------------------------------------------------------------------------------- */

/* NPZ_LIMIT, or half of the memory that there is: a small file may unfold to a thousand times its size. */
static uint64_t memory_limit(void)
{
    const uint64_t memory = sys_memory();
    return memory != 0 && memory / 2 < NPZ_LIMIT ? memory / 2 : NPZ_LIMIT;
}

/* Bytes of the file that entries may still take, and that arrays may still unfold to. */
struct left {
    uint64_t packed, unfolded;
    uint64_t limit; /* the latter, at first */
};

/*
 * Bytes that an entry takes of the file, at least: its own, two headers, two names. Where entries lie within others they
 * take more than there are, and would unfold again and again.
 */
static uint64_t packed_size(const zip_stat_t *about)
{
    return about->comp_size + LOCAL_HEADER + CENTRAL_HEADER + 2 * strlen(about->name);
}

/*
 * What the directory says of an entry: a name that ends in .npy (libzip has seen to it that names differ), a known
 * method, a credible size.
 */
static carrynet_status check_entry(const char *path, const zip_stat_t *about, const struct left *left)
{
    char quote[QUOTE];
    const zip_uint64_t wanted = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD;
    if ((about->valid & wanted) != wanted)
        return sys_fail(CARRYNET_ERROR_FORMAT, "%s: the zip's directory is incomplete", path);
    (void)quoted(quote, about->name);
    const size_t length = strlen(about->name);
    if (length <= 4 || length - 4 >= NPZ_NAME || strcmp(about->name + length - 4, ".npy") != 0)
        return sys_fail(CARRYNET_ERROR_FORMAT, "%s: entry '%s' is no array: its name must be NAME.npy", path, quote);
    if ((about->valid & ZIP_STAT_ENCRYPTION_METHOD) != 0 && about->encryption_method != ZIP_EM_NONE)
        return sys_fail(CARRYNET_ERROR_FORMAT, "%s: entry '%s' is encrypted; save it without a password", path, quote);
    if (about->comp_method != ZIP_CM_STORE && about->comp_method != ZIP_CM_DEFLATE)
        return sys_fail(CARRYNET_ERROR_FORMAT,
                        "%s: entry '%s' is compressed by method %u, must be stored or deflated, as numpy.savez and "
                        "numpy.savez_compressed do",
                        path, quote, (unsigned)about->comp_method);
    const uint64_t most = about->comp_method == ZIP_CM_STORE          ? about->comp_size
                          : about->comp_size > UINT64_MAX / RATIO / 2 ? 0
                                                                      : RATIO * (about->comp_size + 1);
    if (about->size > most)
        return sys_fail(CARRYNET_ERROR_FORMAT,
                        "%s: entry '%s' would unfold to %" PRIu64 " bytes, which its %" PRIu64 " cannot", path, quote,
                        (uint64_t)about->size, (uint64_t)about->comp_size);
    if (about->comp_size > left->packed || packed_size(about) > left->packed)
        return sys_fail(CARRYNET_ERROR_FORMAT, "%s: entry '%s' shares bytes with others", path, quote);
    if (about->size > left->unfolded)
        return sys_fail(CARRYNET_ERROR_UNSUPPORTED,
                        "%s: the arrays would take more than %" PRIu64 " bytes, %s; save fewer in a file", path,
                        left->limit,
                        left->limit < NPZ_LIMIT ? "half of the memory that there is" : "the most that is read");
    return CARRYNET_OK;
}

/* Reads up to `most` bytes; fewer only at the end. */
static carrynet_status read_bytes(size_t *size, void *bytes, size_t most, zip_file_t *entry, const char *path,
                                  const char *name)
{
    for (*size = 0; *size < most;) {
        const zip_int64_t got = zip_fread(entry, (char *)bytes + *size, most - *size);
        if (got < 0)
            return zip_fails(path, name, zip_file_get_error(entry));
        if (got == 0)
            break;
        *size += (size_t)got;
    }
    return CARRYNET_OK;
}

/* An array of a type that is not read: *owned gets what it is and, behind it, its name. */
static carrynet_status name_array(npz_array *array, void **owned, const npz_layout *layout, const char *why,
                                  const char *name, size_t length)
{
    const size_t text = strlen(why) + 1;
    char *made = NULL;
    const carrynet_status status = sys_allocate(&made, text + length + 1, 1);
    if (status != CARRYNET_OK)
        return status;
    memcpy(made, why, text);
    memcpy(made + text, name, length);
    *array = (npz_array){.name = made + text, .kind = NPZ_OTHER, .width = 1, .rank = layout->rank, .data = made};
    memcpy(array->shape, layout->shape, sizeof array->shape);
    *owned = made;
    return CARRYNET_OK;
}

/* One array, of which the directory has been checked: *owned gets its data and, behind them, its name. */
static carrynet_status read_array(npz_array *array, void **owned, zip_file_t *entry, const char *path,
                                  const zip_stat_t *about)
{
    char start[NPZ_HEADER], quote[QUOTE], why[NPZ_WHY] = "";
    unsigned char *made = NULL, *ordered = NULL;
    npz_layout layout;
    size_t began = 0, size = 0;
    const size_t name = strlen(about->name) - strlen(".npy");
    (void)quoted(quote, about->name);
    carrynet_status status =
        read_bytes(&began, start, about->size < sizeof start ? (size_t)about->size : sizeof start, entry, path, quote);
    if (status != CARRYNET_OK)
        return status;
    if (!npz_header_read(&layout, why, start, began))
        return sys_fail(CARRYNET_ERROR_FORMAT, "%s: array '%s': %s", path, quote, why);
    if (layout.kind == NPZ_OTHER)
        return name_array(array, owned, &layout, why, about->name, name);
    if (layout.bytes != about->size - layout.data_begins)
        return sys_fail(CARRYNET_ERROR_FORMAT,
                        "%s: array '%s': its values have %" PRIu64 " bytes, shape and descr need %" PRIu64, path, quote,
                        (uint64_t)about->size - layout.data_begins, layout.bytes);
    const size_t bytes = (size_t)layout.bytes, there = began - layout.data_begins;
    status = sys_allocate(&made, bytes + name + 1, 1);
    if (status != CARRYNET_OK)
        goto done;
    memcpy(made, start + layout.data_begins, there);
    status = read_bytes(&size, made + there, bytes - there, entry, path, quote);
    if (status != CARRYNET_OK)
        goto done;
    if (size != bytes - there) {
        status = sys_fail(CARRYNET_ERROR_FORMAT, "%s: array '%s': truncated", path, quote);
        goto done;
    }
    /* At its end the zip's checksum is compared. */
    status = read_bytes(&size, start, 1, entry, path, quote);
    if (status == CARRYNET_OK && size != 0)
        status = sys_fail(CARRYNET_ERROR_FORMAT, "%s: array '%s': more bytes than the zip says", path, quote);
    if (status != CARRYNET_OK)
        goto done;
    if (layout.swapped)
        npz_swap_bytes(made, bytes / layout.width, layout.width);
    if (layout.fortran) {
        status = sys_allocate(&ordered, bytes + name + 1, 1);
        if (status != CARRYNET_OK)
            goto done;
        reorder(ordered, made, &layout, bytes / layout.width);
        sys_free(made);
        made = ordered;
    }
    memcpy(made + bytes, about->name, name);
    *array = (npz_array){.name = (const char *)made + bytes,
                         .kind = layout.kind,
                         .width = layout.width,
                         .rank = layout.rank,
                         .data = made,
                         .size = bytes};
    memcpy(array->shape, layout.shape, sizeof array->shape);
    *owned = made;
    made = NULL;
done:
    sys_free(made);
    return status;
}

static carrynet_status read_entry(npz_file *file, const char *path, zip_t *zip, zip_uint64_t index, struct left *left)
{
    zip_stat_t about;
    zip_stat_init(&about);
    if (zip_stat_index(zip, index, 0, &about) != 0)
        return zip_fails(path, "the zip's directory", zip_get_error(zip));
    if ((about.valid & ZIP_STAT_NAME) != 0 && about.name[0] != '\0' && about.name[strlen(about.name) - 1] == '/')
        return CARRYNET_OK; /* a folder of arrays that `zip` packed */
    carrynet_status status = check_entry(path, &about, left);
    if (status != CARRYNET_OK)
        return status;
    left->packed -= packed_size(&about);
    left->unfolded -= about.size;
    zip_file_t *entry = zip_fopen_index(zip, index, 0);
    if (entry == NULL)
        return zip_fails(path, "an entry of the zip", zip_get_error(zip));
    status = read_array(&file->arrays[file->count], &file->owned[file->count], entry, path, &about);
    file->count += status == CARRYNET_OK;
    (void)zip_fclose(entry);
    return status;
}

carrynet_status npz_parse(npz_file *file, const char *path, const char *bytes, size_t size)
{
    zip_error_t error;
    zip_t *zip = NULL;
    const uint64_t limit = memory_limit();
    struct left left = {.packed = size, .unfolded = limit, .limit = limit};
    carrynet_status status = CARRYNET_OK;
    *file = (npz_file){0};
    zip_error_init(&error);
    errno = 0;
    if (!file_kind_is_npz(bytes, size)) {
        status = file_kind_refuse(path, "an NPZ file", bytes, size);
        if (status == CARRYNET_OK)
            status = sys_fail(CARRYNET_ERROR_FORMAT, "%s: not an NPZ file: it does not begin as a zip does", path);
        goto done;
    }
    zip_source_t *source = zip_source_buffer_create(bytes, size, 0, &error);
    if (source != NULL)
        zip = zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &error);
    if (zip == NULL) {
        zip_source_free(source);
        status = zip_fails(path, "not a whole zip, as NPZ files are", &error);
        goto done;
    }
    const zip_int64_t entries = zip_get_num_entries(zip, 0);
    const size_t count = entries > 0 ? (size_t)entries : 0; /* each has its place in the file */
    status = sys_allocate(&file->arrays, count, sizeof *file->arrays);
    if (status == CARRYNET_OK)
        status = sys_allocate(&file->owned, count, sizeof *file->owned);
    for (size_t i = 0; i < count && status == CARRYNET_OK; ++i)
        status = read_entry(file, path, zip, i, &left);
done:
    if (zip != NULL)
        zip_discard(zip);
    zip_error_fini(&error);
    return status;
}

carrynet_status npz_read(npz_file *file, const char *path)
{
    char *bytes = NULL;
    size_t size = 0;
    *file = (npz_file){0};
    carrynet_status status = sys_read_file(&bytes, &size, path, INT64_MAX);
    if (status == CARRYNET_OK)
        status = npz_parse(file, path, bytes, size);
    sys_free(bytes);
    return status;
}

void npz_free(npz_file *file)
{
    for (size_t i = 0; i < file->count; ++i)
        sys_free(file->owned[i]);
    sys_free(file->owned);
    sys_free(file->arrays);
    *file = (npz_file){0};
}

const npz_array *npz_find(const npz_file *file, const char *name)
{
    for (size_t i = 0; i < file->count; ++i)
        if (strcmp(file->arrays[i].name, name) == 0)
            return &file->arrays[i];
    return NULL;
}
