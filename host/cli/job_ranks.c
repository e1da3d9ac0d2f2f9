/* The ranks of the program: joined before the command runs, left after it. */
#include "cli/job_ranks.h"
#include "cli/console.h"
#include "comm/collectives.h"
#include "engine/device_list.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static carrynet_comm *joined; /* of several */
static int kept = -1;         /* the standard error of a rank that is silent */
static int *codes;            /* [ranks], as they leave; made when there is still memory */

carrynet_comm *job_ranks(void)
{
    return joined;
}

bool job_is_first(void)
{
    return carrynet_comm_rank(joined) == 0;
}

carrynet_status job_writable(const char *path)
{
    return job_is_first() ? sys_writable(path) : CARRYNET_OK;
}

static void be_silent(void)
{
    kept = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (nowhere < 0)
        return;
    (void)dup2(nowhere, STDOUT_FILENO);
    (void)dup2(nowhere, STDERR_FILENO);
    (void)close(nowhere);
}

/* What rank 0 does not know of, such as that memory is short here: so without any. */
static void say_alone(void)
{
    static char line[21000];
    const int size =
        snprintf(line, sizeof line, "carrynet: rank %u: %s\n", carrynet_comm_rank(joined), console_last_error());
    if (kept >= 0 && size > 0 && console_last_error()[0] != '\0')
        (void)!write(kept, line, (size_t)size < sizeof line ? (size_t)size : sizeof line - 1);
}

/* The rank by the launcher's variables, before MPI has told. */
static bool launched_as_first(void)
{
    static const char *const names[] = {"OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; ++i) {
        const char *value = getenv(names[i]);
        if (value != NULL)
            return strcmp(value, "0") == 0;
    }
    return true;
}

bool job_join(bool briefly, int *code)
{
    uint32_t count = 1;
    *code = EXIT_CODE_DONE;
    if (!carrynet_comm_launched(&count) || count == 1)
        return true;
    if (briefly) {
        if (!launched_as_first())
            be_silent();
        return true;
    }
    const carrynet_status status = carrynet_comm_create(&joined);
    if (status != CARRYNET_OK) {
        /* The first process that ends in error has its launcher end the others: the one that speaks must be it. */
        if (launched_as_first())
            console_error("%s", carrynet_message());
        else
            (void)nanosleep(&(struct timespec){.tv_nsec = 500000000}, NULL);
        *code = console_exit_code(status);
        return false;
    }
    if (carrynet_comm_size(joined) == 1) {
        (void)carrynet_comm_free(joined, 0, NULL);
        joined = NULL;
    } else {
        codes = calloc(carrynet_comm_size(joined), sizeof *codes);
    }
    if (!job_is_first())
        be_silent();
    return true;
}

int job_leave(int code)
{
    const uint32_t rank = carrynet_comm_rank(joined), count = carrynet_comm_size(joined);
    if (joined == NULL)
        return code;
    if (!carrynet_comm_free(joined, code, codes)) {
        if (rank > 0)
            say_alone();
        carrynet_comm_abort(joined, code);
        return code;
    }
    if (codes != NULL && rank > 0 && code != 0 && codes[0] == 0)
        say_alone();
    for (uint32_t r = 0; r < count && codes != NULL; ++r)
        if (codes[r] != 0) {
            code = codes[r];
            break;
        }
    free(codes);
    codes = NULL;
    joined = NULL;
    return code;
}

void job_take_first(double *number)
{
    uint64_t bits = 0;
    memcpy(&bits, number, sizeof bits);
    if (joined != NULL && comm_broadcast_number(joined, &bits))
        memcpy(number, &bits, sizeof bits);
}

carrynet_status job_own_engine(carrynet_engine_options *options, sys_text *device)
{
    options->comm = NULL;
    if (joined == NULL || options->device == NULL)
        return CARRYNET_OK;
    const carrynet_status status = device_list_text(device, options->device, joined);
    options->device = status == CARRYNET_OK ? device->data : options->device;
    return status;
}

/* Whether all ranks have the same text; else *code is set, after a message. */
static bool same(const char *what, const char *text, int *code)
{
    const carrynet_status status = comm_check_same(joined, CARRYNET_OK, what, text);
    if (status != CARRYNET_OK)
        *code = console_status(status);
    return status == CARRYNET_OK;
}

bool job_same_command(const char *name, int *code)
{
    return same("the command", name, code);
}

bool job_same_model(const carrynet_model *model, int *code)
{
    const carrynet_settings *s = carrynet_model_settings(model);
    const size_t size = s->networks * carrynet_shape_size(&s->shape) * (s->precision / 8);
    const void *values = carrynet_model_values_const(model);
    char digest[SYS_SHA256];
    if (joined == NULL)
        return true;
    return same("the networks of the model", sys_sha256(digest, &values, &size, 1), code);
}

bool job_agree(int *code)
{
    const uint32_t count = carrynet_comm_size(joined);
    uint64_t *sizes = NULL;
    int *found = NULL;
    if (joined == NULL)
        return *code == EXIT_CODE_DONE;
    const bool failed = *code != EXIT_CODE_DONE;
    carrynet_status status = failed ? sys_fail(CARRYNET_ERROR_ARGUMENT, "%s", console_last_error()) : CARRYNET_OK;
    status = comm_allreduce_status(joined, status);
    if (status == CARRYNET_OK)
        return true;
    if (!failed)
        console_error("%s", carrynet_message());
    status = sys_allocate(&found, count, sizeof *found);
    if (status == CARRYNET_OK)
        status = sys_allocate(&sizes, count, sizeof *sizes);
    for (uint32_t r = 0; r < count && status == CARRYNET_OK; ++r)
        sizes[r] = sizeof *found;
    if (status == CARRYNET_OK && comm_allgather(joined, status, found, sizes, code) == CARRYNET_OK)
        for (uint32_t r = count; r-- > 0;)
            *code = found[r] != EXIT_CODE_DONE ? found[r] : *code;
    sys_free(sizes);
    sys_free(found);
    return false;
}
