/* Writes and reads the bytes of a checkpoint. XXH3 hashes faster than a disk writes. */
#include "train/checkpoint_file.h"
#include "model/file_kind.h"
#include <string.h>
#include <xxhash.h>

static const char MAGIC[] = "carrynet checkpoint ";
static const char FIRST[] = "carrynet checkpoint 1\n";
enum { FIRST_SIZE = sizeof FIRST - 1, SIZE = 8, START = FIRST_SIZE + SIZE, HASH = sizeof(XXH128_canonical_t) };

static const uint64_t LONGEST_HEADER = 1 << 22; /* bytes: its longest text is the task's table */

static void put_size(unsigned char bytes[SIZE], uint64_t size)
{
    for (size_t i = 0; i < SIZE; ++i)
        bytes[i] = (unsigned char)(size >> (8 * i));
}

static uint64_t get_size(const char *bytes)
{
    uint64_t size = 0;
    for (size_t i = 0; i < SIZE; ++i)
        size |= (uint64_t)(unsigned char)bytes[i] << (8 * i);
    return size;
}

/* Of parts [count] of sizes [count]. MEMORY. */
static carrynet_status hash_parts(XXH128_canonical_t *hash, const void *const *parts, const size_t *sizes, size_t count)
{
    XXH3_state_t *state = XXH3_createState();
    if (state == NULL)
        return sys_fail(CARRYNET_ERROR_MEMORY, "no memory for the hash of a checkpoint");
    (void)XXH3_128bits_reset(state);
    for (size_t i = 0; i < count; ++i)
        (void)XXH3_128bits_update(state, parts[i], sizes[i]);
    XXH128_canonicalFromHash(hash, XXH3_128bits_digest(state));
    (void)XXH3_freeState(state);
    return CARRYNET_OK;
}

carrynet_status checkpoint_file_write(const char *path, const char *previous, const char *header,
                                      const struct checkpoint_part *parts, size_t count)
{
    unsigned char size[SIZE];
    XXH128_canonical_t hash;
    const void **all = NULL;
    size_t *sizes = NULL;
    const size_t before = 3;
    carrynet_status status = sys_allocate(&all, before + count + 1, sizeof *all);
    if (status == CARRYNET_OK)
        status = sys_allocate(&sizes, before + count + 1, sizeof *sizes);
    if (status != CARRYNET_OK)
        goto done;
    put_size(size, strlen(header));
    all[0] = FIRST, sizes[0] = FIRST_SIZE;
    all[1] = size, sizes[1] = SIZE;
    all[2] = header, sizes[2] = strlen(header);
    for (size_t i = 0; i < count; ++i)
        all[before + i] = parts[i].data, sizes[before + i] = parts[i].size;
    status = hash_parts(&hash, all, sizes, before + count);
    all[before + count] = hash.digest, sizes[before + count] = HASH;
    if (status == CARRYNET_OK)
        status = sys_keep_previous(path, previous);
    if (status == CARRYNET_OK)
        status = sys_write_file(path, all, sizes, before + count + 1);
done:
    sys_free(all);
    sys_free(sizes);
    return status;
}

carrynet_status checkpoint_file_read(struct checkpoint_file *file, const char *path)
{
    size_t size = 0;
    XXH128_canonical_t hash;
    *file = (struct checkpoint_file){0};
    carrynet_status status = sys_read_file(&file->bytes, &size, path, UINT64_MAX);
    if (status != CARRYNET_OK)
        return status;
    if (size < sizeof MAGIC - 1 || memcmp(file->bytes, MAGIC, sizeof MAGIC - 1) != 0)
        return file_kind_refuse(path, "a checkpoint", file->bytes, size) != CARRYNET_OK
                   ? CARRYNET_ERROR_FORMAT
                   : sys_fail(CARRYNET_ERROR_FORMAT, "%s: is not a checkpoint", path);
    if (size < START + HASH)
        return sys_fail(CARRYNET_ERROR_FORMAT, "%s: ends too early for a checkpoint: %zu bytes", path, size);
    if (memcmp(file->bytes, FIRST, FIRST_SIZE) != 0)
        return sys_fail(CARRYNET_ERROR_FORMAT, "%s: is a checkpoint of another version than 1", path);
    status = hash_parts(&hash, (const void *[]){file->bytes}, (const size_t[]){size - HASH}, 1);
    if (status != CARRYNET_OK)
        return status;
    if (memcmp(hash.digest, file->bytes + size - HASH, HASH) != 0)
        return sys_fail(CARRYNET_ERROR_FORMAT, "%s: is damaged: its bytes and their hash do not agree", path);
    const uint64_t header = get_size(file->bytes + FIRST_SIZE);
    const size_t rest = size - START - HASH;
    if (header > rest || header > LONGEST_HEADER)
        return sys_fail(CARRYNET_ERROR_FORMAT, "%s: header size %llu is beyond the end of the file, or of any header",
                        path, (unsigned long long)header);
    status = sys_allocate(&file->header, (size_t)header + 1, 1);
    if (status != CARRYNET_OK)
        return status;
    memcpy(file->header, file->bytes + START, (size_t)header);
    file->data = file->bytes + START + header;
    file->size = rest - (size_t)header;
    return CARRYNET_OK;
}

void checkpoint_file_free(struct checkpoint_file *file)
{
    sys_free(file->header);
    sys_free(file->bytes);
    *file = (struct checkpoint_file){0};
}
