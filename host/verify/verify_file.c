/*
 * Checks a file of certificates against a model of any number of networks. Each certificate names its network by
 * digest.
 */
#include "model/file_kind.h"
#include "platform/platform.h"
#include "verify/checker.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LARGEST_FILE ((uint64_t)1 << 32)

/* A network of the model by its digest. */
struct entry {
    char digest[CARRYNET_DIGEST_TEXT];
    size_t network;
};

static int by_digest(const void *a, const void *b)
{
    return strcmp(((const struct entry *)a)->digest, ((const struct entry *)b)->digest);
}

/* The first of those with that digest, or NULL. */
static const struct entry *find(const struct entry *entries, size_t count, const char *digest)
{
    size_t first = 0, behind = count;
    while (first < behind) {
        const size_t middle = first + (behind - first) / 2;
        if (strcmp(entries[middle].digest, digest) < 0)
            first = middle + 1;
        else
            behind = middle;
    }
    return first < count && strcmp(entries[first].digest, digest) == 0 ? &entries[first] : NULL;
}

/* Room for one more result. */
static carrynet_status make_room(carrynet_verified *verified, size_t *room)
{
    if (verified->count < *room)
        return CARRYNET_OK;
    const size_t wanted = *room == 0 ? 16 : 2 * *room;
    const carrynet_status status = sys_grow(&verified->checked, verified->count, wanted, sizeof *verified->checked);
    if (status == CARRYNET_OK)
        *room = wanted;
    return status;
}

/* One more certificate, at the start of text; equal networks have equal proofs. */
static carrynet_status check_one(carrynet_verified *verified, const struct certificate *certificate, const char *text,
                                 const carrynet_model *model, const struct entry *entries, const carrynet_task *task)
{
    const struct entry *found = find(entries, verified->networks, certificate->network);
    carrynet_checked *checked = &verified->checked[verified->count];
    const carrynet_status status =
        verify_certificate(checked, certificate, text, model, found != NULL ? found->network : 0,
                           found != NULL ? found->digest : NULL, task);
    if (status != CARRYNET_OK)
        return status;
    checked->number = found != NULL ? found->network : verified->networks;
    ++verified->count;
    for (; checked->accepted && found < entries + verified->networks && by_digest(found, certificate->network) == 0;
         ++found) {
        verified->proved_networks += verified->proved[found->network] ? 0 : 1;
        verified->proved[found->network] = true;
    }
    return CARRYNET_OK;
}

carrynet_status carrynet_verify_file(carrynet_verified *verified, const carrynet_model *model,
                                     const carrynet_task *task, const char *path)
{
    struct entry *entries = NULL;
    char *text = NULL;
    size_t size = 0, at = 0, line = 1, room = 0;
    *verified = (carrynet_verified){.networks = carrynet_model_settings(model)->networks};
    carrynet_status status = sys_read_text(&text, &size, path, LARGEST_FILE);
    if (status == CARRYNET_OK)
        status = sys_allocate(&verified->proved, verified->networks, sizeof *verified->proved);
    if (status == CARRYNET_OK)
        status = sys_allocate(&entries, verified->networks, sizeof *entries);
    for (size_t n = 0; n < verified->networks && status == CARRYNET_OK; ++n) {
        entries[n].network = n;
        status = carrynet_network_digest(entries[n].digest, model, n);
    }
    if (status == CARRYNET_OK && size == 0)
        status = sys_fail(CARRYNET_ERROR_FORMAT, "%s: is empty", path);
    if (status == CARRYNET_OK)
        qsort(entries, verified->networks, sizeof *entries, by_digest);
    while (at < size && status == CARRYNET_OK) {
        struct certificate certificate;
        status = certificate_read(&certificate, text + at, size - at, line);
        if (status == CARRYNET_ERROR_FORMAT) {
            char message[CARRYNET_REASON];
            (void)snprintf(message, sizeof message, "%s", carrynet_message());
            if (line > 1 || memcmp(text, "carrynet", size < 8 ? size : 8) == 0 ||
                file_kind_refuse(path, "a certificate", text, size) == CARRYNET_OK)
                (void)sys_fail(status, "%s: %s", path, message);
        }
        if (status == CARRYNET_OK)
            status = make_room(verified, &room);
        if (status == CARRYNET_OK)
            status = check_one(verified, &certificate, text + at, model, entries, task);
        if (status == CARRYNET_OK)
            verified->checked[verified->count - 1].line = line;
        at += certificate.size;
        line += certificate.lines;
        certificate_free(&certificate);
    }
    sys_free(entries);
    sys_free(text);
    return status;
}

void carrynet_verified_free(carrynet_verified *verified)
{
    sys_free(verified->checked);
    sys_free(verified->proved);
    *verified = (carrynet_verified){0};
}
