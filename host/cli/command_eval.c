/*
 * carrynet eval MODEL: counts wrong sums. For one network and one length it prints two lines of text, for several
 * networks (--nets) or lengths a table. It shows the first wrong problem with the right result and the network's. Exit
 * code 1 if any sum is wrong.
 */
#include "cli/console.h"
#include "cli/device_options.h"
#include "cli/json_values.h"
#include "cli/problem_text.h"
#include "cli/prove_report.h"
#include <inttypes.h>
#include <string.h>

/* What eval reports of one network at one length. */
typedef struct eval_outcome {
    size_t network;
    size_t steps;
    carrynet_evaluation evaluation;
    wrong_sum first; /* wrong problem */
} eval_outcome;

static void outcome_free(eval_outcome *outcome)
{
    carrynet_evaluation_free(&outcome->evaluation);
    wrong_sum_free(&outcome->first);
}

static carrynet_status evaluate(eval_outcome *outcome, saved_network *saved, size_t network, size_t steps,
                                uint64_t problems)
{
    const carrynet_task *task = &saved->settings->task;
    carrynet_evaluation *evaluation = &outcome->evaluation;
    outcome->network = network;
    outcome->steps = steps;
    const carrynet_status status = carrynet_evaluate(evaluation, saved->engine, task, 0, steps, problems);
    if (status != CARRYNET_OK || evaluation->first_symbols == NULL)
        return status;
    outcome->first = (wrong_sum){.steps = steps, .symbols = evaluation->first_symbols};
    evaluation->first_symbols = NULL;
    return wrong_sum_answer(&outcome->first, saved, task);
}

/* ---- text ------------------------------------------------------------------------------------------------------ */

static size_t number_bits(const carrynet_task *task, size_t steps)
{
    return steps - task->closing_count;
}

static carrynet_status print_first_wrong(const eval_outcome *outcome, const carrynet_task *task, const char *before)
{
    sys_text text = {0};
    if (outcome->first.given == NULL)
        return CARRYNET_OK;
    sys_text_add(&text, "%s", before);
    const carrynet_status status = wrong_sum_text(&text, &outcome->first, task);
    if (status == CARRYNET_OK && !text.failed) {
        console_fold(stdout, 0, strspn(before, " "), text.data + strspn(before, " "));
        (void)putchar('\n');
    }
    sys_text_free(&text);
    return status;
}

static carrynet_status print_alone(const eval_outcome *outcome, const saved_network *saved)
{
    const carrynet_task *task = &saved->settings->task;
    const carrynet_evaluation *e = &outcome->evaluation;
    if (saved->settings->networks > 1)
        (void)printf("Network %zu, seed %" PRIu64 "\n", outcome->network, saved->networks[outcome->network].seed);
    (void)printf("%zu-bit operands, %zu steps: %s\n", number_bits(task, outcome->steps), outcome->steps,
                 e->exhaustive ? "every problem there is"
                               : "random problems, carry chains, constant and alternating bits");
    (void)printf("%" PRIu64 " of %" PRIu64 " %s right", e->problems - e->wrong, e->problems, problem_word(task));
    if (e->wrong != 0)
        (void)printf("; %" PRIu64 " wrong, with %" PRIu64 " wrong bits", e->wrong, e->wrong_bits);
    (void)putchar('\n');
    return print_first_wrong(outcome, task, "First wrong: ");
}

static void print_heading(bool several)
{
    (void)printf("%s%8s %9s %10s %10s %10s  %s\n", several ? " network " : "", "steps", "operands", "problems", "right",
                 "wrong", "checked");
}

static carrynet_status print_row(const eval_outcome *outcome, const carrynet_task *task, bool several)
{
    const carrynet_evaluation *e = &outcome->evaluation;
    if (several)
        (void)printf("%8zu ", outcome->network);
    (void)printf("%8zu %5zu-bit %10" PRIu64 " %10" PRIu64 " %10" PRIu64 "  %s\n", outcome->steps,
                 number_bits(task, outcome->steps), e->problems, e->problems - e->wrong, e->wrong,
                 e->exhaustive ? "all" : "a sample");
    const carrynet_status status = print_first_wrong(outcome, task, "    first wrong: ");
    (void)fflush(stdout);
    return status;
}

/* ---- JSON ------------------------------------------------------------------------------------------------------ */

static carrynet_status put_outcome(json_t *results, const eval_outcome *outcome, const saved_network *saved)
{
    const carrynet_task *task = &saved->settings->task;
    const carrynet_evaluation *e = &outcome->evaluation;
    carrynet_status status = CARRYNET_OK;
    json_t *object = json_object();
    json_put(object, "network", json_of_count(outcome->network));
    json_put(object, "seed", json_of_count(saved->networks[outcome->network].seed));
    json_put(object, "bits", json_of_count(outcome->steps));
    json_put(object, "exhaustive", json_boolean(e->exhaustive));
    json_put(object, "problems", json_of_count(e->problems));
    json_put(object, "wrong", json_of_count(e->wrong));
    json_put(object, "wrong_bits", json_of_count(e->wrong_bits));
    if (outcome->first.given != NULL) {
        json_t *first = json_object();
        json_put(first, "index", json_of_count(e->first_wrong));
        status = wrong_sum_json(first, &outcome->first, task);
        json_put(object, "first_wrong", first);
    }
    json_append(results, object);
    return status;
}

/* ---- the proof ------------------------------------------------------------------------------------------------- */

/* What a file of certificates says of the networks first, ..., first + count - 1. */
typedef struct eval_proof {
    const char *path; /* NULL: none was asked for */
    carrynet_verified verified;
    size_t first, count, proved;
    const carrynet_checked *rejected, *accepted; /* the first of each, of any network and of network `first`; or NULL */
} eval_proof;

static carrynet_status check_proof(eval_proof *proof, const saved_network *saved)
{
    if (proof->path == NULL)
        return CARRYNET_OK;
    const carrynet_verified *verified = &proof->verified;
    const carrynet_status status = carrynet_verify_file(&proof->verified, saved->model, NULL, proof->path);
    if (status != CARRYNET_OK)
        return status;
    for (size_t i = verified->count; i-- > 0;)
        if (!verified->checked[i].accepted)
            proof->rejected = &verified->checked[i];
        else if (verified->checked[i].number == proof->first || proof->accepted == NULL)
            proof->accepted = &verified->checked[i];
    for (size_t n = 0; n < proof->count; ++n)
        proof->proved += verified->proved[proof->first + n] ? 1 : 0;
    return status;
}

static bool proof_holds(const eval_proof *proof)
{
    return proof->path == NULL || (proof->rejected == NULL && proof->proved == proof->count);
}

static void print_proof(const eval_proof *proof)
{
    sys_text text = {0};
    if (proof->path == NULL)
        return;
    if (proof->rejected != NULL)
        sys_text_add(&text, "Rejected: %s, line %zu: %s", proof->path, proof->rejected->line, proof->rejected->reason);
    else if (proof->proved == 0)
        sys_text_add(&text, "Not proved: %s has no certificate of %s", proof->path,
                     proof->count == 1 ? "this network" : "these networks");
    else if (proof->count > 1)
        sys_text_add(&text, "%zu of %zu networks proved for every length (%s)", proof->proved, proof->count,
                     proof->path);
    else
        sys_text_add(&text, "Proved for every length%s (%" PRIu32 " cells, margin %.3g; %s)",
                     proof->accepted->bounds == CARRYNET_BOUNDS_ANY ? ", in any program's arithmetic" : "",
                     proof->accepted->cells, proof->accepted->margin, proof->path);
    console_put(&text, "what is said of the proof");
}

static void put_proof(json_t *object, const eval_proof *proof)
{
    if (proof->path == NULL)
        return;
    json_t *found = json_object();
    json_put(found, "certificates", json_of_text(proof->path));
    json_put(found, "proved", json_of_count(proof->proved));
    if (proof->rejected != NULL)
        json_put(found, "rejected", json_of_text(proof->rejected->reason));
    if (proof->count == 1 && proof->proved == 1)
        prove_report_checked(found, proof->accepted);
    json_put(object, "proof", found);
}

/* ---- the command ----------------------------------------------------------------------------------------------- */

/*
 * The lengths to check: --lengths, --bits, or as trained; they must leave room for a number beside the closing
 * symbols.
 */
static bool lengths_fit(const saved_network *saved, const cli_arguments *arguments, const uint64_t *lengths,
                        size_t count, int *code)
{
    const carrynet_task *task = &saved->settings->task;
    for (size_t i = 0; i < count; ++i)
        if (lengths[i] <= task->closing_count) {
            *code = arguments_wrong(arguments, "%llu steps are too few for task %s, which needs at least %u",
                                    (unsigned long long)lengths[i], task->name, task->closing_count + 1);
            return false;
        }
    return true;
}

static struct {
    cli_value bits, lengths, problems, net;
    const char *proof;
    bool json;
} given;

const cli_option eval_options[] = {
    {.heading = "What to check",
     .name = "proof",
     .kind = OPTION_READ,
     .argument = "CERT",
     .meaning = "check this certificate too, and say what it proves; exit code 1 if it is rejected",
     .text = &given.proof},
    {.heading = "What to check",
     .field = "bits",
     .meaning = "steps of a problem; operands have T-1 bits, or as the task has it. Every problem up to 12 bits, above "
                "that random ones, carry chains, constant and alternating bits",
     .fallback = "as trained",
     .value = &given.bits},
    {.name = "lengths",
     .kind = OPTION_COUNTS,
     .argument = "T,T,...",
     .least = 2,
     .most = 1000000,
     .meaning = "several lengths, as a table",
     .value = &given.lengths},
    {.name = "problems",
     .kind = OPTION_COUNT,
     .argument = "N",
     .least = 1,
     .most = 1000000000,
     .meaning = "check so many of the fixed set, even where all could be",
     .value = &given.problems},
    {OPT_NET("What to check", &given.net, "only network I of the file, counted from 0", "all")},
    {.include = device_options},
    {OPT_JSON(&given.json)},
    {0},
};

int command_eval(const cli_arguments *arguments)
{
    const bool as_json = given.json;
    json_t *results = NULL;
    uint64_t wrong = 0;
    saved_network saved = {0};
    eval_proof proof = {.path = given.proof};
    int code;
    if (given.bits.given && given.lengths.given)
        return arguments_wrong(arguments, "--bits and --lengths both say how long; leave one out");
    if (!saved_network_open(&saved, arguments, &given.net, NULL, &code))
        goto done;
    const carrynet_task *task = &saved.settings->task;
    const uint64_t one = given.bits.given ? given.bits.count : saved.settings->steps;
    const uint64_t *lengths = given.lengths.given ? given.lengths.list : &one;
    const size_t length_count = given.lengths.given ? (size_t)given.lengths.count : 1;
    const size_t first = saved.network, count = given.net.given ? 1 : saved.settings->networks;
    const bool several = count > 1;
    if (!lengths_fit(&saved, arguments, lengths, length_count, &code))
        goto done;
    proof.first = first;
    proof.count = count;
    const carrynet_status checked = check_proof(&proof, &saved);
    if (checked != CARRYNET_OK) {
        code = console_status(checked);
        goto done;
    }
    if (!as_json && saved.settings->origin[0] != '\0')
        console_note("Origin: %s", saved.settings->origin);
    if (!as_json)
        console_note("Device: %s", carrynet_engine_description(saved.engine));
    results = json_array();
    if (!as_json && (several || length_count > 1))
        print_heading(several);
    for (size_t network = first; network < first + count; ++network) {
        carrynet_status status = network == saved.network ? CARRYNET_OK : saved_network_choose(&saved, network);
        for (size_t i = 0; i < length_count && status == CARRYNET_OK; ++i) {
            eval_outcome outcome = {0};
            (void)console_progress("Checking network %zu with %" PRIu64 " steps ...", network, lengths[i]);
            status = evaluate(&outcome, &saved, network, (size_t)lengths[i], given.problems.count);
            console_progress_clear();
            wrong += outcome.evaluation.wrong;
            if (status == CARRYNET_OK && as_json)
                status = put_outcome(results, &outcome, &saved);
            else if (status == CARRYNET_OK && (several || length_count > 1))
                status = print_row(&outcome, task, several);
            else if (status == CARRYNET_OK)
                status = print_alone(&outcome, &saved);
            outcome_free(&outcome);
        }
        if (status != CARRYNET_OK) {
            code = console_status(status);
            goto done;
        }
    }
    if (as_json) {
        json_t *object = json_object();
        json_put(object, "model", json_of_text(arguments->operands[0]));
        json_put(object, "task", json_of_text(task->name));
        json_put(object, "device", json_of_text(carrynet_engine_description(saved.engine)));
        json_put(object, "results", json_incref(results));
        json_put(object, "wrong", json_of_count(wrong));
        put_proof(object, &proof);
        (void)json_line(stdout, object, JSON_DIGITS);
    }
    if (!as_json)
        print_proof(&proof);
    code = wrong == 0 && proof_holds(&proof) ? EXIT_CODE_DONE : EXIT_CODE_CHECK;
done:
    carrynet_verified_free(&proof.verified);
    json_decref(results);
    saved_network_close(&saved);
    return code;
}
