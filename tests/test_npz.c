/*
 * NPZ files: what is written comes back, in every type and order that NumPy has; and what a hostile file can say is
 * refused with the name of the field. The zips are made here byte by byte, so that they can lie.
 */
#include "exchange/npz.h"
#include <criterion/criterion.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- zips by hand ---------------------------------------------------------------------------------------------- */

static uint32_t crc_of(const char *bytes, size_t size)
{
    uint32_t crc = 0xffffffffu;
    for (size_t i = 0; i < size; ++i) {
        crc ^= (unsigned char)bytes[i];
        for (int k = 0; k < 8; ++k)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
    return ~crc;
}

static void put(sys_text *text, uint64_t value, size_t width)
{
    for (size_t i = 0; i < width; ++i)
        sys_text_append(text, (const char[]){(char)(unsigned char)(i < 8 ? value >> (8 * i) : 0)}, 1);
}

/* An entry, and what the zip says of it. */
struct entry {
    const char *name, *bytes;
    size_t size;
    uint32_t claimed; /* uncompressed size, if not 0 */
    uint16_t method, flags;
    bool wrong_sum;
};

static void put_head(sys_text *zip, const struct entry *e)
{
    put(zip, e->flags, 2);
    put(zip, e->method, 2);
    put(zip, 0x210000, 4); /* time and date */
    put(zip, crc_of(e->bytes, e->size) + (e->wrong_sum ? 1 : 0), 4);
    put(zip, e->size, 4);
    put(zip, e->claimed != 0 ? e->claimed : e->size, 4);
    put(zip, strlen(e->name), 2);
}

/* A zip; with `inside`, the second entry lies in the first one's values, and the directory has both. */
static sys_text make_zip_of(const struct entry *entries, size_t count, size_t inside)
{
    sys_text zip = {0}, directory = {0};
    for (size_t i = 0; i < count; ++i) {
        const struct entry *e = &entries[i];
        put(&directory, 0x02014b50, 4);
        put(&directory, 20 | 20 << 16, 4); /* versions */
        put_head(&directory, e);
        put(&directory, 0, 2 + 2 + 2 + 2 + 4); /* extra, comment, disk, attributes */
        put(&directory, inside > 0 && i > 0 ? inside : zip.size, 4);
        sys_text_append(&directory, e->name, strlen(e->name));
        if (inside > 0 && i > 0)
            continue;
        put(&zip, 0x04034b50, 4);
        put(&zip, 20, 2);
        put_head(&zip, e);
        put(&zip, 0, 2);
        sys_text_append(&zip, e->name, strlen(e->name));
        sys_text_append(&zip, e->bytes, e->size);
    }
    const size_t begins = zip.size;
    sys_text_append(&zip, directory.data, directory.size);
    put(&zip, 0x06054b50, 4);
    put(&zip, 0, 4);
    put(&zip, count | count << 16, 4);
    put(&zip, directory.size, 4);
    put(&zip, begins, 4);
    put(&zip, 0, 2);
    sys_text_free(&directory);
    cr_assert(!zip.failed);
    return zip;
}

static sys_text make_zip(const struct entry *entries, size_t count)
{
    return make_zip_of(entries, count, 0);
}

/* An array's file: format 1.0 or 2.0, header, values. */
static sys_text make_npy(int version, const char *header, const void *values, size_t size)
{
    sys_text npy = {0};
    sys_text_append(&npy, "\x93NUMPY", 6);
    put(&npy, (uint64_t)version, 2);
    put(&npy, strlen(header), version == 1 ? 2 : 4);
    sys_text_append(&npy, header, strlen(header));
    sys_text_append(&npy, values, size);
    cr_assert(!npy.failed);
    return npy;
}

static carrynet_status parse_array(npz_file *file, int version, const char *header, const void *values, size_t size)
{
    sys_text npy = make_npy(version, header, values, size);
    sys_text zip = make_zip(&(struct entry){.name = "a.npy", .bytes = npy.data, .size = npy.size}, 1);
    const carrynet_status status = npz_parse(file, "x.npz", zip.data, zip.size);
    sys_text_free(&npy);
    sys_text_free(&zip);
    return status;
}

#define F4(shape) "{'descr': '<f4', 'fortran_order': False, 'shape': " shape ", }\n"

/* ---- good files ------------------------------------------------------------------------------------------------ */

Test(npz, comes_back)
{
    char folder[] = "/tmp/carrynet-npz-XXXXXX", path[64], again[64];
    cr_assert_not_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/a.npz", folder);
    (void)snprintf(again, sizeof again, "%s/b.npz", folder);
    const float narrow[2][3] = {{1, -2.5f, 3}, {0x1p-149f, 1e30f, -0.0f}};
    const double wide[3] = {0x1p-1074, 1.0 / 3, -1e300};
    const uint8_t bits[2] = {0, 255};
    const uint64_t numbers[1] = {UINT64_C(1) << 52};
    const int16_t signs[2] = {-32768, 32767};
    const npz_array arrays[] = {
        {"narrow", NPZ_FLOAT, 4, 2, {2, 3}, narrow, sizeof narrow},
        {"wide", NPZ_FLOAT, 8, 1, {3}, wide, sizeof wide},
        {"bits", NPZ_UNSIGNED, 1, 3, {1, 2, 1}, bits, sizeof bits},
        {"numbers", NPZ_UNSIGNED, 8, 0, {0}, numbers, sizeof numbers},
        {"signs", NPZ_SIGNED, 2, 1, {2}, signs, sizeof signs},
        {"none", NPZ_FLOAT, 4, 2, {0, 3}, NULL, 0},
    };
    enum { COUNT = sizeof arrays / sizeof arrays[0] };
    npz_file file = {0};
    cr_assert_eq(npz_write(path, arrays, COUNT), CARRYNET_OK, "%s", carrynet_message());
    cr_assert_eq(npz_read(&file, path), CARRYNET_OK, "%s", carrynet_message());
    cr_assert_eq(file.count, COUNT);
    for (size_t i = 0; i < COUNT; ++i) {
        const npz_array *array = npz_find(&file, arrays[i].name);
        cr_assert_eq(array, &file.arrays[i]);
        cr_expect_eq(array->kind, arrays[i].kind);
        cr_expect_eq(array->width, arrays[i].width);
        cr_expect_eq(array->rank, arrays[i].rank);
        cr_expect_eq(array->size, arrays[i].size);
        for (size_t k = 0; k < array->rank; ++k)
            cr_expect_eq(array->shape[k], arrays[i].shape[k]);
    }
    for (size_t i = 0; i < 6; ++i)
        cr_expect_eq(npz_real(&file.arrays[0], i), (double)narrow[i / 3][i % 3]);
    for (size_t i = 0; i < 3; ++i)
        cr_expect_eq(npz_real(&file.arrays[1], i), wide[i]);
    cr_expect_eq(npz_real(&file.arrays[2], 1), 255);
    cr_expect_eq(npz_real(&file.arrays[3], 0), 0x1p52);
    cr_expect_eq(npz_real(&file.arrays[4], 0), -32768);
    cr_expect_eq(npz_real(&file.arrays[4], 1), 32767);
    cr_expect_null(npz_find(&file, "nowhere"));
    npz_free(&file);
    /* Equal arrays, equal files. */
    char *first = NULL, *second = NULL;
    size_t first_size = 0, second_size = 0;
    cr_assert_eq(npz_write(again, arrays, COUNT), CARRYNET_OK);
    cr_assert_eq(sys_read_file(&first, &first_size, path, INT64_MAX), CARRYNET_OK);
    cr_assert_eq(sys_read_file(&second, &second_size, again, INT64_MAX), CARRYNET_OK);
    cr_expect(first_size == second_size && memcmp(first, second, first_size) == 0);
    /* On every machine, and with every version of libzip. */
    char digest[SYS_SHA256];
    const void *const whole = first;
    cr_expect_str_eq(sys_sha256(digest, &whole, &first_size, 1),
                     "d30a93b9c19448fa0f740d67c31f983cd8e82a03952cce048f906d5bbf930e5f");
    sys_free(first);
    sys_free(second);
    cr_expect_eq(npz_write("/nonexistent/folder/a.npz", arrays, COUNT), CARRYNET_ERROR_IO);
    cr_expect_eq(npz_read(&file, "/nonexistent/a.npz"), CARRYNET_ERROR_IO);
    npz_free(&file);
    (void)unlink(path);
    (void)unlink(again);
    (void)rmdir(folder);
}

Test(npz, orders_of_bytes_and_dimensions)
{
    npz_file file = {0};
    /* [[1, 2, 3], [4, 5, 6]] by columns, the most significant byte first; as format 2.0, in other words. */
    const unsigned char columns[] = {0, 1, 0, 4, 0, 2, 0, 5, 0, 3, 0, 6};
    cr_assert_eq(parse_array(&file, 2, "{\"shape\":(2,3),'fortran_order' : True,'descr':'>i2'}", columns, 12),
                 CARRYNET_OK, "%s", carrynet_message());
    for (size_t i = 0; i < 6; ++i)
        cr_expect_eq(npz_real(&file.arrays[0], i), (double)(i + 1));
    cr_expect_eq(file.arrays[0].shape[0], 2);
    npz_free(&file);
    const unsigned char cube[] = {0, 4, 2, 6, 1, 5, 3, 7}; /* [2][2][2], counted up */
    cr_assert_eq(parse_array(&file, 1, "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 2, 2)}", cube, 8),
                 CARRYNET_OK, "%s", carrynet_message());
    for (size_t i = 0; i < 8; ++i)
        cr_expect_eq(npz_real(&file.arrays[0], i), (double)i);
    npz_free(&file);
    const unsigned char third[] = {0x3f, 0xd5, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55};
    cr_assert_eq(parse_array(&file, 1, "{'descr': '>f8', 'fortran_order': False, 'shape': ()}", third, 8), CARRYNET_OK);
    cr_expect_eq(npz_real(&file.arrays[0], 0), 1.0 / 3);
    npz_free(&file);
}

/* Headers that NumPy reads: with what Python 2 wrote, without a byte order, in UTF-8; and a float16. */
Test(npz, headers_in_other_words)
{
    static const struct {
        int version;
        const char *header;
    } cases[] = {
        {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2L, 1L), }"},
        {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2L,)}"},
        {3, F4("(2,)")},
        {2, F4("(2,)")},
        {1, "{'descr': '=f4', 'fortran_order': False, 'shape': (2,)}"},
        {1, "{'descr': '|f4', 'fortran_order': False, 'shape': (2,)}"},
        {1, "{'descr': 'f4', 'fortran_order': False, 'shape': (2,)}"},
        {1, "{'descr': 'float32', 'fortran_order': False, 'shape': (2,)}"},
        {1, "{'descr': '<float32', 'fortran_order': False, 'shape': (2,)}"},
    };
    const uint32_t one = 1;
    unsigned char first, values[8] = {0, 0, 0x80, 0x3f, 0, 0, 0x20, 0xc0}; /* 1, -2.5 */
    memcpy(&first, &one, 1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; ++i) {
        npz_file file = {0};
        if (first == 0 && strchr(cases[i].header, '<') == NULL)
            continue; /* the machine's order is the other */
        cr_assert_eq(parse_array(&file, cases[i].version, cases[i].header, values, 8), CARRYNET_OK, "%s: %s",
                     cases[i].header, carrynet_message());
        cr_expect_eq(npz_real(&file.arrays[0], 0), 1);
        cr_expect_eq(npz_real(&file.arrays[0], 1), -2.5);
        npz_free(&file);
    }
    npz_file file = {0};
    /* 1, -2, the largest, the smallest, the smallest normal one, infinity, and a NaN */
    const unsigned char halves[] = {0x3c, 0, 0xc0, 0, 0x7b, 0xff, 0, 1, 4, 0, 0x7c, 0, 0x7e, 0};
    cr_assert_eq(parse_array(&file, 1, "{'descr': '>f2', 'fortran_order': False, 'shape': (7,)}", halves, 14),
                 CARRYNET_OK, "%s", carrynet_message());
    const double wanted[] = {1, -2, 65504, 0x1p-24, 0x1p-14, INFINITY};
    for (size_t i = 0; i < 6; ++i)
        cr_expect_eq(npz_real(&file.arrays[0], i), wanted[i]);
    cr_expect(isnan(npz_real(&file.arrays[0], 6)));
    npz_free(&file);
}

/* Types that are not read: the array is there, with what it is. */
Test(npz, types_that_are_not_read)
{
    static const struct {
        const char *descr, *says;
    } cases[] = {
        {"'<c8'", "descr is '<c8', must be float16, float32"},
        {"'|O'", "descr is an object"},
        {"'<U5'", "descr is '<U5', must be"},
        {"'<V2'", "descr is '<V2', two raw bytes, as NumPy saves bfloat16"},
        {"'<f16'", "descr is '<f16', must be"},
        {"'<M8[ns]'", "descr is '<M8[ns]', must be"},
        {"[('x', '<f4'), ('y]', '<i4', (2,))]", "descr is a structure"},
        {"'<f99999999999'", "descr is '<f99999999999'"},
        {"''", "descr is ''"},
        {"'<i3'", "descr is '<i3'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; ++i) {
        npz_file file = {0};
        char header[128];
        (void)snprintf(header, sizeof header, "{'descr': %s, 'fortran_order': False, 'shape': (3, 2)}", cases[i].descr);
        cr_assert_eq(parse_array(&file, 1, header, "any bytes", 9), CARRYNET_OK, "%s", carrynet_message());
        const npz_array *array = npz_find(&file, "a");
        cr_assert(array != NULL && array->kind == NPZ_OTHER && array->size == 0 && array->shape[1] == 2);
        cr_expect_not_null(strstr(array->data, cases[i].says), "no '%s' in: %s", cases[i].says,
                           (const char *)array->data);
        npz_free(&file);
    }
}

/* ---- bad files ------------------------------------------------------------------------------------------------- */

static void expect_refused(carrynet_status got, carrynet_status status, const char *says, npz_file *file)
{
    cr_expect_eq(got, status, "%d, not %d, for '%s': %s", (int)got, (int)status, says, carrynet_message());
    cr_expect_not_null(strstr(carrynet_message(), says), "no '%s' in: %s", says, carrynet_message());
    cr_expect_not_null(strstr(carrynet_message(), "x.npz"));
    npz_free(file);
}

Test(npz, headers_that_lie)
{
    static const struct {
        int version;
        const char *header, *says;
    } cases[] = {
        {1, F4("(3,)"), "array 'a.npy': its values have 8 bytes, shape and descr need 12"},
        {1, F4("(1,)"), "its values have 8 bytes, shape and descr need 4"},
        {1, F4("(9223372036854775807,)"), "shape: too many values"},
        {1, F4("(4294967296, 4294967296)"), "shape: too many values"},
        {1, F4("(99999999999999999999999999,)"), "shape is not a tuple of whole numbers"},
        {1, F4("(0, 3)"), "its values have 8 bytes, shape and descr need 0"},
        {1, F4("(-2,)"), "shape is not a tuple of whole numbers"},
        {1, F4("(2 2)"), "shape is not a tuple of whole numbers"},
        {1, F4("2"), "shape is no tuple"},
        {1, F4("(1, 1, 1, 1, 1, 1, 1, 1, 2)"), "shape has more than 8 dimensions"},
        {1, "{'descr': 4, 'fortran_order': False, 'shape': (2,)}", "descr is no string"},
        {1, "{'descr': '<f4', 'fortran_order': Maybe, 'shape': (2,)}", "fortran_order is neither"},
        {1, "{'descr': '<f4', 'shape': (2,)}", "the header has no fortran_order"},
        {1, "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", "'descr' twice"},
        {1, "{'descr': '<f4', 'colour': 'red', 'fortran_order': False, 'shape': (2,)}", "'colour', which is unknown"},
        {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} and more", "goes on after its '}'"},
        {1, "{'descr': '<f4", "descr is no string"},
        {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2,", "shape is not a tuple"},
        {1, "[]", "does not begin with '{'"},
        {1, "", "does not begin with '{'"},
        {1, "{'descr': [('x', '<f4'), 'fortran_order': False, 'shape': (2,)}", "no dictionary of descr"},
        {1, F4("(2L L,)"), "shape is not a tuple of whole numbers"},
        {1, F4("(L,)"), "shape is not a tuple of whole numbers"},
        {4, F4("(2,)"), "format 4.0, must be 1.0, 2.0 or 3.0"},
        {0, F4("(2,)"), "format 0.0, must be 1.0, 2.0 or 3.0"},
    };
    const char values[8] = {0};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; ++i) {
        npz_file file = {0};
        const carrynet_status got = parse_array(&file, cases[i].version, cases[i].header, values, sizeof values);
        expect_refused(got, CARRYNET_ERROR_FORMAT, cases[i].says, &file);
    }
}

static void expect_zip(carrynet_status status, const char *says, const struct entry *entries, size_t count)
{
    sys_text zip = make_zip(entries, count);
    npz_file file = {0};
    const carrynet_status got = npz_parse(&file, "x.npz", zip.data, zip.size);
    expect_refused(got, status, says, &file);
    sys_text_free(&zip);
}

Test(npz, zips_that_lie)
{
    sys_text npy = make_npy(1, F4("(2,)"), "\0\0\0\0\0\0\0\0", 8);
    const struct entry good = {.name = "a.npy", .bytes = npy.data, .size = npy.size};
    struct entry bad = good;
    bad.wrong_sum = true;
    expect_zip(CARRYNET_ERROR_FORMAT, "CRC", &bad, 1);
    bad = good;
    bad.name = "a.txt";
    expect_zip(CARRYNET_ERROR_FORMAT, "entry 'a.txt' is no array", &bad, 1);
    bad.name = ".npy";
    expect_zip(CARRYNET_ERROR_FORMAT, "entry '.npy' is no array", &bad, 1);
    bad.name = "net/data.pkl";
    expect_zip(CARRYNET_ERROR_FORMAT, "not an NPZ file but a file of torch.save; only Python can read it", &bad, 1);
    bad.name = "config.json";
    expect_zip(CARRYNET_ERROR_FORMAT, "not an NPZ file but a Keras archive", &bad, 1);
    expect_zip(CARRYNET_ERROR_FORMAT, "not a whole zip, as NPZ files are: File already exists",
               (const struct entry[]){good, good}, 2);
    bad = good;
    bad.flags = 1;
    bad.claimed = (uint32_t)npy.size - 12; /* without the header of the encryption */
    expect_zip(CARRYNET_ERROR_FORMAT, "is encrypted", &bad, 1);
    bad = good;
    bad.method = 12;
    expect_zip(CARRYNET_ERROR_FORMAT, "is compressed by method 12", &bad, 1);
    bad = good;
    bad.claimed = 0xfffffff0u;
    expect_zip(CARRYNET_ERROR_FORMAT, "x.npz: ", &bad, 1); /* libzip 1.11 finds it when it opens the zip */
    bad.method = 8;
    expect_zip(CARRYNET_ERROR_FORMAT, "would unfold to 4294967280 bytes", &bad, 1);
    bad.claimed = (uint32_t)npy.size;
    expect_zip(CARRYNET_ERROR_FORMAT, "x.npz: a.npy: ", &bad, 1); /* what zlib says of it */
    bad = good;
    bad.size = 7;
    expect_zip(CARRYNET_ERROR_FORMAT, "not an NPY array", &bad, 1);
    bad.size = 20;
    expect_zip(CARRYNET_ERROR_FORMAT, "truncated in its header", &bad, 1);
    /* One entry within another: the bytes of a small file would unfold again and again. */
    const struct entry inner = {.name = "b.npy", .bytes = npy.data, .size = npy.size};
    sys_text lone = make_zip(&inner, 1);
    const size_t length = 30 + 5 + npy.size; /* the entry without the directory */
    char shape[96];
    (void)snprintf(shape, sizeof shape, "{'descr': '|u1', 'fortran_order': False, 'shape': (%zu,), }", length);
    sys_text outer = make_npy(1, shape, lone.data, length);
    sys_text nested =
        make_zip_of((const struct entry[]){{.name = "a.npy", .bytes = outer.data, .size = outer.size}, inner}, 2,
                    30 + 5 + outer.size - length);
    npz_file shared = {0};
    expect_refused(npz_parse(&shared, "x.npz", nested.data, nested.size), CARRYNET_ERROR_FORMAT,
                   "entry 'b.npy' shares bytes with others", &shared);
    sys_text_free(&lone);
    sys_text_free(&outer);
    sys_text_free(&nested);
    /* Cut anywhere, it is refused or whole; flipped anywhere, it is read or refused, never worse. */
    sys_text zip = make_zip(&good, 1);
    for (size_t size = 0; size < zip.size; ++size) {
        npz_file file = {0};
        cr_expect_eq(npz_parse(&file, "x.npz", zip.data, size), CARRYNET_ERROR_FORMAT, "cut at %zu", size);
        npz_free(&file);
    }
    for (size_t i = 0; i < zip.size; ++i)
        for (unsigned bit = 0; bit < 8; ++bit) {
            npz_file file = {0};
            zip.data[i] = (char)((unsigned char)zip.data[i] ^ 1u << bit);
            (void)npz_parse(&file, "x.npz", zip.data, zip.size);
            npz_free(&file);
            zip.data[i] = (char)((unsigned char)zip.data[i] ^ 1u << bit);
        }
    sys_text_free(&zip);
    sys_text_free(&npy);
}

/* Any byte of a header changed, with a checksum that fits: read or refused, never worse. */
Test(npz, headers_with_any_byte_changed)
{
    static const char replacements[] = {0, 1, '\n', ' ', '\'', '(', ')', ',', '{', '}', '0', '9', '-', 'T', (char)0xff};
    sys_text npy = make_npy(1, F4("(2, 1)"), "\0\0\0\0\0\0\0\0", 8);
    for (size_t i = 0; i < npy.size - 8; ++i)
        for (size_t r = 0; r < sizeof replacements; ++r) {
            npz_file file = {0};
            const char kept = npy.data[i];
            npy.data[i] = replacements[r];
            sys_text zip = make_zip(&(struct entry){.name = "a.npy", .bytes = npy.data, .size = npy.size}, 1);
            const carrynet_status status = npz_parse(&file, "x.npz", zip.data, zip.size);
            cr_expect(status == CARRYNET_OK || status == CARRYNET_ERROR_FORMAT);
            if (status == CARRYNET_OK)
                cr_expect_leq(file.arrays[0].size, 8);
            npz_free(&file);
            sys_text_free(&zip);
            npy.data[i] = kept;
        }
    sys_text_free(&npy);
}
