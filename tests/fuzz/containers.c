/* Safetensors and zips around bytes that were mutated, and the other way, for seeds. */
#include "fuzz.h"
#include <stdlib.h>
#include <string.h>
#include <zip.h>

enum { LENGTH = 8, MOST = 1 << 16, BEFORE = 3 };

/* ---- safetensors ----------------------------------------------------------------------------------------------- */

void fuzz_write_tensors(const char *path, const uint8_t *bytes, size_t size)
{
    const uint8_t *zero = size > 0 ? memchr(bytes, 0, size) : NULL;
    const size_t header = zero != NULL ? (size_t)(zero - bytes) : size, data = zero != NULL ? size - header - 1 : 0;
    uint8_t *file = NULL;
    fuzz_must(sys_allocate(&file, LENGTH + size, 1) == CARRYNET_OK, "memory");
    for (unsigned i = 0; i < LENGTH; ++i)
        file[i] = (uint8_t)((uint64_t)header >> (8 * i));
    if (header > 0)
        memcpy(file + LENGTH, bytes, header);
    if (data > 0)
        memcpy(file + LENGTH + header, zero + 1, data);
    fuzz_write(path, file, LENGTH + header + data);
    sys_free(file);
}

uint8_t *fuzz_take_tensors(size_t *size, const char *path)
{
    size_t all = 0, header = 0;
    uint8_t *bytes = NULL;
    char *file = fuzz_read(&all, path);
    for (unsigned i = 0; i < LENGTH; ++i)
        header |= (size_t)(uint8_t)file[i] << (8 * i);
    *size = all - LENGTH + 1;
    fuzz_must(sys_allocate(&bytes, *size, 1) == CARRYNET_OK, "memory");
    memcpy(bytes, file + LENGTH, header);
    memcpy(bytes + header + 1, file + LENGTH + header, all - LENGTH - header);
    sys_free(file);
    return bytes;
}

/* ---- zips ------------------------------------------------------------------------------------------------------ */

/* The next entry's name and content; false at the end. What is missing at the end is left out. */
static bool next_entry(char name[256], const uint8_t **content, size_t *length, const uint8_t **at, const uint8_t *end)
{
    if (end - *at < BEFORE)
        return false;
    size_t letters = (*at)[0], left = (size_t)(end - *at) - BEFORE;
    *length = (*at)[1] + 256u * (*at)[2];
    letters = letters < left ? letters : left;
    *length = *length < left - letters ? *length : left - letters;
    memcpy(name, *at + BEFORE, letters);
    name[letters] = '\0';
    *content = *at + BEFORE + letters;
    *at = *content + *length;
    return true;
}

void fuzz_write_zip(const char *path, const uint8_t *bytes, size_t size, bool deflated)
{
    const uint8_t *at = bytes, *content;
    char name[256];
    size_t length = 0;
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t *made = zip_source_buffer_create(NULL, 0, 0, &error);
    fuzz_must(made != NULL, "a zip in memory");
    zip_source_keep(made);
    zip_t *zip = zip_open_from_source(made, ZIP_TRUNCATE, &error);
    fuzz_must(zip != NULL, "a zip");
    while (next_entry(name, &content, &length, &at, bytes + size)) {
        zip_source_t *entry = zip_source_buffer(zip, content, length, 0);
        const zip_int64_t index = zip_file_add(zip, name, entry, 0);
        if (index < 0)
            zip_source_free(entry); /* a name that is there already, or none */
        else
            (void)zip_set_file_compression(zip, (zip_uint64_t)index, deflated ? ZIP_CM_DEFLATE : ZIP_CM_STORE, 0);
    }
    zip_stat_t about;
    zip_stat_init(&about);
    uint8_t *file = NULL;
    zip_int64_t got = 0;
    if (zip_close(zip) != 0)
        zip_discard(zip);
    else if (zip_source_stat(made, &about) == 0 && (about.valid & ZIP_STAT_SIZE) != 0 && zip_source_open(made) == 0) {
        fuzz_must(sys_allocate(&file, (size_t)about.size, 1) == CARRYNET_OK, "memory");
        got = zip_source_read(made, file, about.size);
        (void)zip_source_close(made);
    }
    fuzz_write(path, file, got > 0 ? (size_t)got : 0);
    sys_free(file);
    zip_source_free(made);
    zip_error_fini(&error);
}

uint8_t *fuzz_take_zip(size_t *size, const char *path)
{
    int code = 0;
    uint8_t *bytes = NULL;
    zip_t *zip = zip_open(path, ZIP_RDONLY, &code);
    fuzz_must(zip != NULL && sys_allocate(&bytes, MOST, 1) == CARRYNET_OK, path);
    *size = 0;
    for (zip_int64_t i = 0; i < zip_get_num_entries(zip, 0); ++i) {
        zip_stat_t about;
        fuzz_must(zip_stat_index(zip, (zip_uint64_t)i, 0, &about) == 0, path);
        const size_t name = strlen(about.name), length = (size_t)about.size;
        zip_file_t *entry = zip_fopen_index(zip, (zip_uint64_t)i, 0);
        fuzz_must(entry != NULL && name < 256 && *size + BEFORE + name + length <= MOST, path);
        bytes[(*size)++] = (uint8_t)name;
        bytes[(*size)++] = (uint8_t)length;
        bytes[(*size)++] = (uint8_t)(length >> 8);
        memcpy(bytes + *size, about.name, name);
        *size += name;
        fuzz_must(zip_fread(entry, bytes + *size, length) == (zip_int64_t)length, path);
        *size += length;
        (void)zip_fclose(entry);
    }
    zip_discard(zip);
    return bytes;
}
