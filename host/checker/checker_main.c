/*
 * carrynet-verify: the checker as a program of its own, without OpenCL, engines or prover.
 *
 *     carrynet-verify MODEL CERTIFICATES
 *
 * Either file may be a pipe, or "-" for standard input. Prints one line per certificate. Exit codes: 0 each certificate
 * is accepted and every network of the model has one; 1 not so; 2 usage; 3 this build or host does not compute in plain
 * binary64; 4 a file.
 */
#include <carrynet/verify.h>
#include <stdio.h>
#include <string.h>

enum { ALL_PROVED = 0, NOT_PROVED = 1, USAGE = 2, HOST = 3, BAD_FILE = 4 };

static void print_checked(const carrynet_checked *checked)
{
    (void)printf("line %zu: network %.16s: ", checked->line, checked->network);
    if (checked->accepted)
        (void)printf("accepted for words of every length%s: %u cells, depth %u, %llu steps, margin %.3g, error %.3g\n",
                     checked->bounds == CARRYNET_BOUNDS_ANY ? ", in any program's arithmetic" : "", checked->cells,
                     checked->depth, (unsigned long long)checked->steps, checked->margin, checked->error);
    else
        (void)printf("rejected: %s\n", checked->reason);
}

static const char *path_of(const char *word)
{
    return strcmp(word, "-") == 0 ? "/dev/stdin" : word;
}

int main(int argc, char **argv)
{
    carrynet_model *model = NULL;
    carrynet_verified verified = {0};
    int code = BAD_FILE;
    if (argc != 3 || (argv[1][0] == '-' && argv[1][1] != '\0')) {
        const int asked = argc == 2 && strcmp(argv[1], "--help") == 0;
        (void)fprintf(asked ? stdout : stderr, "carrynet-verify MODEL CERTIFICATES\n");
        return asked ? 0 : USAGE;
    }
    carrynet_status status = carrynet_model_load(&model, path_of(argv[1]));
    if (status == CARRYNET_OK)
        status = carrynet_verify_file(&verified, model, NULL, path_of(argv[2]));
    bool accepted = true;
    for (size_t i = 0; i < verified.count; ++i) {
        print_checked(&verified.checked[i]);
        accepted = accepted && verified.checked[i].accepted;
    }
    if (status != CARRYNET_OK) {
        (void)fprintf(stderr, "carrynet-verify: %s\n", carrynet_message());
        code = status == CARRYNET_ERROR_DEVICE ? HOST : BAD_FILE;
        goto done;
    }
    (void)printf("%zu of %zu networks of %s are proved right for words of every length\n", verified.proved_networks,
                 verified.networks, argv[1]);
    code = accepted && verified.proved_networks == verified.networks ? ALL_PROVED : NOT_PROVED;
done:
    if (fflush(stdout) != 0 || ferror(stdout)) {
        (void)fprintf(stderr, "carrynet-verify: cannot write\n");
        code = BAD_FILE;
    }
    carrynet_verified_free(&verified);
    carrynet_model_free(model);
    return code;
}
