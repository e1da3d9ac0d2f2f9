/*
 * Certificates: their text and its check against a network (host/verify). How: 0 as it is, else with the network's digest
 * in its line and the text's own at the end. Any that is accepted must be of the network that is right.
 */
#include "fuzz.h"
#include <string.h>

enum { HIDDEN = 3, DIGITS = CARRYNET_DIGEST_TEXT - 1 };

/* `carrynet train --task parity --hidden 3 --until proved --seed 1 --max-updates 1500`: w_xh, w_hh, w_hy. */
static const float right[] = {0x1.ba7fdap+2f, 0x1.40f03p+2f,   -0x1.4927bp+2f,  0x1.be1d8cp+2f,  0x1.1c1ebp+0f,
                              0x1.0e0546p+3f, -0x1.5b78c2p+2f, -0x1.2ea1dep+2f, -0x1.0eea1p-1f,  -0x1.d08c1p+1f,
                              -0x1.f7ceep+1f, 0x1.ae5e8cp-2f,  0x1.3a297ep+2f,  -0x1.e236f6p+1f, -0x1.805f7ep+1f};

static const char *path;
static carrynet_model *model;
static char network[CARRYNET_DIGEST_TEXT];

void fuzz_prepare(void)
{
    path = fuzz_path("certificate");
    model = fuzz_model("parity", HIDDEN, 2, false, CARRYNET_FP32);
    memcpy((float *)carrynet_model_values(model) + sizeof right / sizeof right[0], right, sizeof right);
    fuzz_must(carrynet_network_digest(network, model, 1) == CARRYNET_OK, "a digest");
}

void fuzz_seeds(void)
{
    static const struct {
        const char *name;
        carrynet_bounds bounds;
    } kinds[] = {{"own", CARRYNET_BOUNDS_OWN}, {"any", CARRYNET_BOUNDS_ANY}};
    for (uint8_t k = 0; k < 2; ++k) {
        carrynet_prove_options options;
        carrynet_proof proof;
        carrynet_prove_options_init(&options);
        options.by = CARRYNET_BY_ELLIPSOIDS;
        options.bounds = kinds[k].bounds;
        fuzz_must(carrynet_prove(&proof, model, 1, NULL, NULL, &options) == CARRYNET_OK, "a proof");
        fuzz_must(proof.certificate != NULL, "a certificate");
        fuzz_seed(kinds[k].name, k, proof.certificate, proof.certificate_size);
        sys_text twice = {0};
        sys_text_append(&twice, proof.certificate, proof.certificate_size);
        sys_text_append(&twice, proof.certificate, proof.certificate_size);
        fuzz_seed(k == 0 ? "own-twice" : "any-twice", 1, twice.data, twice.size);
        sys_text_free(&twice);
        carrynet_proof_free(&proof);
    }
}

/* Overwrites what follows the first, or the last, `word` in text [size] from `start` on. False if there is none. */
static bool put_digest(char *text, size_t size, size_t start, const char *word, const char *digest)
{
    const size_t length = strlen(word);
    for (size_t at = start; at + length + DIGITS <= size; ++at)
        if (memcmp(text + at, word, length) == 0) {
            memcpy(text + at + length, digest, DIGITS);
            return true;
        }
    return false;
}

/* Certificate after certificate. */
static void put_digests(char *text, size_t size)
{
    static const char word[] = "\ndigest ";
    char digest[SYS_SHA256];
    for (size_t begin = 0; begin < size;) {
        size_t end = begin;
        while (end < size && (end + sizeof word - 1 > size || memcmp(text + end, word, sizeof word - 1) != 0))
            ++end;
        (void)put_digest(text, end, begin, "\nnetwork ", network);
        if (end == size)
            return;
        const size_t body = end + 1 - begin;
        (void)sys_sha256(digest, (const void *[]){text + begin}, &body, 1);
        (void)put_digest(text, size, end, word, digest);
        begin = end + sizeof word + DIGITS;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    carrynet_verified verified;
    carrynet_checked checked;
    char *text = NULL;
    if (size < 2)
        return 0;
    fuzz_must(sys_allocate(&text, size - 1, 1) == CARRYNET_OK, "memory");
    memcpy(text, data + 1, size - 1);
    if (data[0] != 0)
        put_digests(text, size - 1);
    fuzz_answered(carrynet_verify(&checked, model, 1, NULL, text, size - 1));
    fuzz_write(path, text, size - 1);
    fuzz_answered(carrynet_verify_file(&verified, model, NULL, path));
    for (size_t i = 0; i < verified.count; ++i)
        fuzz_must(!verified.checked[i].accepted || (verified.checked[i].number == 1 && verified.checked[i].margin > 0),
                  "the other network is not right");
    fuzz_must(verified.proved_networks <= 1, "the other network is not right");
    carrynet_verified_free(&verified);
    sys_free(text);
    return 0;
}
