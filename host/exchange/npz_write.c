/*
 * NPZ files: the writer. The zip is built in memory, so that the file is written atomically like every other. Entries
 * are stored, not deflated, little-endian, with a fixed date and mode, so that equal arrays give equal files on every
 * machine and with every version of libzip.
 */
#include "exchange/npz.h"
#include "exchange/npz_header.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <zip.h>

enum { NAME = NPZ_NAME + 4, DATE = 0x21 /* the first that a zip can say: 1 January 1980 */ };
static const zip_uint32_t MODE = 0100666; /* a regular file that all may read and write */

static carrynet_status zip_fails(const char *path, zip_error_t *error)
{
    if (zip_error_code_zip(error) == ZIP_ER_MEMORY || errno == ENOMEM)
        return sys_fail(CARRYNET_ERROR_MEMORY, "%s: not enough memory to make the zip", path);
    return sys_fail(CARRYNET_ERROR_IO, "%s: cannot make the zip: %s", path, zip_error_strerror(error));
}

static bool is_little_endian(void)
{
    const uint16_t one = 1;
    unsigned char first;
    memcpy(&first, &one, 1);
    return first == 1;
}

/* The values of an array with the least significant byte first: its own, or a copy of the caller's in *swapped. */
static carrynet_status little_endian(const void **data, unsigned char **swapped, const npz_array *array)
{
    *data = array->data;
    if (is_little_endian() || array->width == 1)
        return CARRYNET_OK;
    const carrynet_status status = sys_allocate(swapped, array->size, 1);
    if (status != CARRYNET_OK)
        return status;
    if (array->size > 0)
        memcpy(*swapped, array->data, array->size);
    npz_swap_bytes(*swapped, array->size / array->width, array->width);
    *data = *swapped;
    return CARRYNET_OK;
}

/* Adds one array; its header [NPZ_HEADER], its data and *swapped must stay until the zip is closed. */
static carrynet_status add_array(zip_t *zip, char *header, unsigned char **swapped, const npz_array *array,
                                 const char *path)
{
    char name[NAME];
    const void *data = NULL;
    const carrynet_status status = little_endian(&data, swapped, array);
    if (status != CARRYNET_OK)
        return status;
    zip_buffer_fragment_t parts[] = {
        {(zip_uint8_t *)header, npz_header_write(header, array)},
        {(zip_uint8_t *)(uintptr_t)data, array->size},
    };
    (void)snprintf(name, sizeof name, "%s.npy", array->name);
    zip_source_t *source = zip_source_buffer_fragment(zip, parts, array->size > 0 ? 2 : 1, 0);
    if (source == NULL)
        return zip_fails(path, zip_get_error(zip));
    /* Said to be UTF-8, a name that is ASCII gets a flag from some versions. */
    const zip_int64_t index = zip_file_add(zip, name, source, ZIP_FL_ENC_GUESS);
    if (index < 0) {
        zip_source_free(source);
        return zip_fails(path, zip_get_error(zip));
    }
    if (zip_set_file_compression(zip, (zip_uint64_t)index, ZIP_CM_STORE, 0) != 0 ||
        zip_file_set_dostime(zip, (zip_uint64_t)index, 0, DATE, 0) != 0 ||
        zip_file_set_external_attributes(zip, (zip_uint64_t)index, 0, ZIP_OPSYS_UNIX, MODE << 16) != 0)
        return zip_fails(path, zip_get_error(zip));
    return CARRYNET_OK;
}

/* The bytes of a closed zip, the caller's. */
static carrynet_status take_bytes(char **bytes, size_t *size, zip_source_t *source, const char *path)
{
    zip_stat_t about;
    zip_stat_init(&about);
    if (zip_source_stat(source, &about) != 0 || (about.valid & ZIP_STAT_SIZE) == 0 || zip_source_open(source) != 0)
        return zip_fails(path, zip_source_error(source));
    carrynet_status status = sys_allocate(bytes, (size_t)about.size, 1);
    for (*size = 0; status == CARRYNET_OK && *size < about.size;) {
        const zip_int64_t got = zip_source_read(source, *bytes + *size, about.size - *size);
        if (got <= 0)
            status = zip_fails(path, zip_source_error(source));
        else
            *size += (size_t)got;
    }
    (void)zip_source_close(source);
    return status;
}

carrynet_status npz_write(const char *path, const npz_array *arrays, size_t count)
{
    zip_error_t error;
    zip_source_t *source = NULL;
    zip_t *zip = NULL;
    char *headers = NULL, *bytes = NULL;
    unsigned char **swapped = NULL;
    size_t size = 0;
    zip_error_init(&error);
    errno = 0;
    carrynet_status status = sys_allocate(&headers, count, NPZ_HEADER);
    if (status == CARRYNET_OK)
        status = sys_allocate(&swapped, count, sizeof *swapped);
    if (status != CARRYNET_OK)
        goto done;
    source = zip_source_buffer_create(NULL, 0, 0, &error);
    if (source != NULL)
        zip = zip_open_from_source(source, ZIP_TRUNCATE, &error);
    if (zip == NULL) {
        status = zip_fails(path, &error);
        goto done;
    }
    zip_source_keep(source); /* the zip has the other */
    for (size_t i = 0; i < count && status == CARRYNET_OK; ++i)
        status = add_array(zip, headers + i * NPZ_HEADER, &swapped[i], &arrays[i], path);
    if (status == CARRYNET_OK && zip_close(zip) == 0)
        zip = NULL;
    else if (status == CARRYNET_OK)
        status = zip_fails(path, zip_get_error(zip));
    if (status == CARRYNET_OK)
        status = take_bytes(&bytes, &size, source, path);
    if (status == CARRYNET_OK)
        status = sys_write_file(path, (const void *const[]){bytes}, &size, 1);
done:
    if (zip != NULL)
        zip_discard(zip);
    zip_source_free(source);
    zip_error_fini(&error);
    for (size_t i = 0; i < count && swapped != NULL; ++i)
        sys_free(swapped[i]);
    sys_free(swapped);
    sys_free(headers);
    sys_free(bytes);
    return status;
}
