/*
 * Checkpoints of train. A checkpoint that cannot be written is reported once and the training continues; the last
 * checkpoint remains.
 */
#include "cli/train_checkpoints.h"
#include "cli/console.h"
#include "cli/job_ranks.h"
#include <inttypes.h>
#include <string.h>

static const double SECONDS = 30;

/* ---- the options ------------------------------------------------------------------------------------------------ */

/* "500" updates, or "30s". */
static bool read_every(carrynet_checkpoints *wanted, const char *text)
{
    char number[SYS_NUMBER];
    const size_t length = strlen(text);
    if (length < 1 || length >= sizeof number)
        return false;
    if (text[length - 1] != 's') {
        const char *end = sys_read_whole(&wanted->every_updates, text, UINT32_MAX);
        return end != NULL && *end == '\0' && wanted->every_updates > 0;
    }
    memcpy(number, text, length - 1);
    number[length - 1] = '\0';
    return sys_read_real(&wanted->every_seconds, number) && wanted->every_seconds > 0;
}

/* ---- what the training tells ------------------------------------------------------------------------------------ */

static void mark(void *self, uint64_t *marks)
{
    const train_checkpoints *checkpoints = self;
    train_progress_mark(checkpoints->progress, marks);
}

static void saved(void *self, uint64_t updates)
{
    train_checkpoints *checkpoints = self;
    checkpoints->stands = true;
    checkpoints->updates = updates;
}

static void resumed(void *self, const carrynet_resumption *resumption)
{
    train_checkpoints *checkpoints = self;
    train_progress *progress = checkpoints->progress;
    console_progress_clear();
    if (resumption->reason != NULL)
        console_note("%s; going on from %s", resumption->reason, resumption->path);
    if (resumption->path == NULL && !progress->quiet)
        console_note("No checkpoint at %s yet: starting at the beginning", checkpoints->wanted.path);
    if (resumption->path != NULL && !progress->quiet)
        console_note("Resumed from update %" PRIu64 " of %s", resumption->updates, resumption->path);
    if (resumption->path == NULL)
        return;
    train_progress_resume(progress, resumption->updates, resumption->marks);
    saved(self, resumption->updates);
}

static carrynet_status failed(void *self, carrynet_status status, uint64_t updates)
{
    train_checkpoints *checkpoints = self;
    (void)status;
    if (!checkpoints->failed)
        console_error("no checkpoint at update %" PRIu64 ": %s; training goes on", updates, carrynet_message());
    checkpoints->failed = true;
    return CARRYNET_OK;
}

/* ---- before the training ---------------------------------------------------------------------------------------- */

bool train_checkpoints_prepare(train_checkpoints *checkpoints, const cli_arguments *arguments,
                               const train_checkpoints_given *given, train_progress *progress, const char *path,
                               int *code)
{
    const char *file = given->path, *every = given->every, *log = progress->log_path;
    *checkpoints = (train_checkpoints){.progress = progress};
    carrynet_checkpoints *wanted = &checkpoints->wanted;
    *wanted = (carrynet_checkpoints){.resume = given->resume,
                                     .mark = mark,
                                     .resumed = resumed,
                                     .failed = failed,
                                     .saved = saved,
                                     .self = checkpoints};
    *code = EXIT_CODE_DONE;
    if (file == NULL && (every != NULL || wanted->resume))
        *code =
            arguments_wrong(arguments, "--%s needs --checkpoint FILE", every != NULL ? "checkpoint-every" : "resume");
    else if (file != NULL && (strcmp(file, path) == 0 || (log != NULL && strcmp(log, file) == 0)))
        *code = arguments_wrong(arguments, "--checkpoint names %s, where %s goes; give it another file", file,
                                strcmp(file, path) == 0 ? "the model" : "the log");
    else if (file != NULL && sys_is_stream(file))
        *code =
            arguments_wrong(arguments,
                            "--checkpoint is %.200s, but every checkpoint takes the place of the one before; name a "
                            "file",
                            file);
    else if (every != NULL && !read_every(wanted, every))
        *code = arguments_wrong(
            arguments, "--checkpoint-every is '%s', must be a number of updates, 500, or of seconds, 30s", every);
    if (file == NULL || *code != EXIT_CODE_DONE)
        return *code == EXIT_CODE_DONE;
    const carrynet_status status = job_writable(file);
    if (status != CARRYNET_OK) {
        *code = console_status(status);
        return false;
    }
    wanted->path = file;
    if (every == NULL)
        wanted->every_seconds = SECONDS;
    return true;
}

/* ---- after it --------------------------------------------------------------------------------------------------- */

void train_checkpoints_say(const train_checkpoints *checkpoints)
{
    const carrynet_checkpoints *wanted = &checkpoints->wanted;
    if (checkpoints->stands)
        console_note("The checkpoint of update %" PRIu64 " stands in %s: go on with the same command%s.",
                     checkpoints->updates, wanted->path, wanted->resume ? "" : " and --resume");
}
