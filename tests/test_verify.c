/*
 * The checker of certificates with an adder made by hand: what it must accept, with the margin that hand gives, and
 * what it must not: every word, number, byte and end of the certificate changed, other networks, tasks and sizes.
 */
#include "certificate_text.h"
#include <fenv.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

static carrynet_model *model;
static char good[CERTIFICATE_ROOM];

static void set_up(void)
{
    model = hand_made_adder(CARRYNET_FP32);
    hand_made_certificate(good, model, 0);
}

static void tear_down(void)
{
    carrynet_model_free(model);
}

TestSuite(verify, .init = set_up, .fini = tear_down);

static carrynet_checked checked_text(const char *text)
{
    carrynet_checked checked;
    const carrynet_status status = carrynet_verify(&checked, model, 0, NULL, text, strlen(text));
    cr_assert(status == CARRYNET_OK || status == CARRYNET_ERROR_FORMAT, "%d: %s", status, carrynet_message());
    cr_assert(status == CARRYNET_OK || !checked.accepted);
    cr_assert(checked.accepted == (status == CARRYNET_OK && checked.reason[0] == '\0'), "%s", checked.reason);
    return checked;
}

/* Rejected with `word` in the reason, or not readable with it in the message. */
static void refused(const char *text, const char *word)
{
    carrynet_checked checked;
    const carrynet_status status = carrynet_verify(&checked, model, 0, NULL, text, strlen(text));
    cr_assert(!checked.accepted, "accepted:\n%s", text);
    const char *said = status == CARRYNET_OK ? checked.reason : carrynet_message();
    cr_assert(strstr(said, word) != NULL, "'%s' has no '%s':\n%s", said, word, text);
}

/* `from` replaced by `to` where it first stands after `after`, and sealed. */
static void change(char text[CERTIFICATE_ROOM], const char *after, const char *from, const char *to)
{
    const char *at = strstr(good, after);
    cr_assert_not_null(at, "%s", after);
    at = strstr(at, from);
    cr_assert_not_null(at, "%s", from);
    (void)snprintf(text, CERTIFICATE_ROOM, "%.*s%s%s", (int)(at - good), good, to, at + strlen(from));
    seal(text, CERTIFICATE_ROOM);
}

static void refused_change(const char *after, const char *from, const char *to, const char *word)
{
    char text[CERTIFICATE_ROOM];
    change(text, after, from, to);
    cr_assert(strcmp(text, good) != 0, "%s: %s to %s", after, from, to);
    refused(text, word);
}

/* By Python's hashlib over the line and struct.pack of the weights. */
Test(verify, digests_of_networks)
{
    char digest[CARRYNET_DIGEST_TEXT];
    cr_assert_eq(carrynet_network_digest(digest, model, 0), CARRYNET_OK);
    cr_assert_str_eq(digest, "0b552c4762d9ec3a1018eb4b97d4a89e51fce95bde0d7b425335b2d3f0990148");
    cr_assert_eq(carrynet_network_digest(digest, model, 1), CARRYNET_ERROR_ARGUMENT);
    carrynet_model_free(model);
    model = hand_made_adder(CARRYNET_FP64);
    cr_assert_eq(carrynet_network_digest(digest, model, 0), CARRYNET_OK);
    cr_assert_str_eq(digest, "745504bf9d0252d502cea2459ff409085cd7f8a5015c4381f46ca43d0a7464a6");
}

/* ---- accepted -------------------------------------------------------------------------------------------------- */

Test(verify, accepts_with_the_margin_of_hand)
{
    const carrynet_checked checked = checked_text(good);
    cr_assert(checked.accepted, "%s", checked.reason);
    cr_assert_eq(checked.consumed, strlen(good));
    cr_assert(checked.cells == 2 && checked.depth == 1 && checked.steps == 12);
    cr_assert_eq(checked.bounds, CARRYNET_BOUNDS_OWN);
    /* state_error: 1.02 (3 + 2 + 1) 2^-24 / 4 (80 + 40 + 100) + 9.4644e-8 + 1e-12 in unit 2, whose bias is -100 */
    const double error = 1.02 * 6 * 0x1p-24 / 4 * 220 + 9.4644e-8 + 1e-12;
    cr_assert(checked.error >= error && checked.error < error * (1 + 1e-9), "%g, %g", checked.error, error);
    /* logit_error: 1.02 (3 + 2) 2^-24 (24 + 4) + 2^-22; units within e^-17.5 and their errors, biases -20, -60, -100. */
    const double logit = 1.02 * 5 * 0x1p-24 * 28 + 0x1p-22;
    const double units = 3 * exp(-17.5) + 1.02 * 6 * 0x1p-24 / 4 * (140 + 180 + 220) + 3 * 9.4644e-8;
    cr_assert(checked.margin >= 4 - 8 * units - logit - 1e-9, "%.12g", checked.margin);
    cr_assert(checked.margin <= 4 - logit, "%.12g", checked.margin);
}

Test(verify, accepts_in_binary64_and_in_any_arithmetic)
{
    char text[CERTIFICATE_ROOM];
    change(text, "arithmetic", "arithmetic 1", "arithmetic any");
    carrynet_checked checked = checked_text(text);
    cr_assert(checked.accepted, "%s", checked.reason);
    cr_assert(checked.bounds == CARRYNET_BOUNDS_ANY && checked.error > 4e-5 && checked.margin > 3.99);
    carrynet_model_free(model);
    model = hand_made_adder(CARRYNET_FP64);
    refused(good, "another network");
    hand_made_certificate(good, model, 0);
    checked = checked_text(good);
    cr_assert(checked.accepted, "%s", checked.reason);
    cr_assert(checked.error > 1e-12 && checked.error < 1.1e-12, "%g", checked.error);
    cr_assert(checked.margin >= 4 - 24 * exp(-17.5) - 1e-9 && checked.margin <= 4 - 8 * exp(-17.5), "%.12g",
              checked.margin);
}

Test(verify, accepts_deeper_trees_and_a_start_state)
{
    char text[CERTIFICATE_ROOM];
    change(text, "tree", "tree * 0 0 0 1\n", "tree * 0 0 * 0 0 0 1 * 0 1 1 1\n");
    const carrynet_checked checked = checked_text(text);
    cr_assert(checked.accepted, "%s", checked.reason);
    cr_assert(checked.depth == 2 && checked.steps == 20);
    /* h_0 = (1, 0, 1) is in state 0 too; (0, 1, 0) is not, and wrong at once. */
    carrynet_settings settings = *carrynet_model_settings(model);
    settings.shape.initial_state = true;
    carrynet_model *other = NULL;
    cr_assert_eq(carrynet_model_create(&other, &settings), CARRYNET_OK);
    memcpy(carrynet_model_values(other), carrynet_model_values(model), 22 * sizeof(float));
    carrynet_model_free(model);
    model = other;
    for (int wrong = 0; wrong < 2; ++wrong) {
        put_value(model, CARRYNET_H_0, 0, wrong ? 0 : 1);
        put_value(model, CARRYNET_H_0, 1, wrong ? 1 : 0);
        hand_made_certificate(text, model, 0);
        if (wrong)
            refused(text, "the tree of the root, word '0': output 0 is not certain");
        else
            cr_assert(checked_text(text).accepted);
    }
    put_value(model, CARRYNET_H_0, 0, 1.5);
    hand_made_certificate(text, model, 0);
    refused(text, "h_0[0] is 1.5");
}

Test(verify, does_not_depend_on_the_callers_rounding_or_locale)
{
    const carrynet_checked plain = checked_text(good);
    const int modes[] = {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
    for (size_t i = 0; i < 3; ++i) {
        cr_assert_eq(fesetround(modes[i]), 0);
        const carrynet_checked checked = checked_text(good);
        cr_assert_eq(fegetround(), modes[i]);
        cr_assert_eq(fesetround(FE_TONEAREST), 0);
        cr_assert(checked.accepted && checked.margin == plain.margin);
    }
    if (setlocale(LC_NUMERIC, "de_DE.UTF-8") != NULL || setlocale(LC_NUMERIC, "fr_FR.UTF-8") != NULL)
        cr_assert(checked_text(good).accepted);
}

/* ---- not accepted ---------------------------------------------------------------------------------------------- */

Test(verify, every_changed_byte_is_refused_unsealed_and_sealed_it_stays_readable)
{
    static const char others[] = "0123456789abcdefpx+-.*  \n\tAZz";
    const size_t size = strlen(good);
    size_t accepted = 0;
    for (size_t i = 0; i < size; ++i)
        for (size_t k = 0; k < sizeof others; ++k) { /* the NUL too */
            char text[CERTIFICATE_ROOM];
            carrynet_checked checked;
            memcpy(text, good, size + 1);
            if (text[i] == others[k])
                continue;
            text[i] = others[k];
            const carrynet_status status = carrynet_verify(&checked, model, 0, NULL, text, size);
            cr_assert((status == CARRYNET_OK || status == CARRYNET_ERROR_FORMAT) && !checked.accepted, "byte %zu", i);
            if (others[k] == '\0' || strstr(text, "\ndigest ") == NULL)
                continue;
            seal(text, sizeof text);
            if (!checked_text(text).accepted)
                continue;
            ++accepted; /* another number of a basis or a centre may do: */
            const char *cut = strstr(good, "basis 0"), *behind = strstr(good, "tree");
            const bool number = i > (size_t)(cut - good) && i < (size_t)(behind - good);
            cr_assert(number || i > (size_t)(strstr(good, "\ndigest ") - good), "accepted:\n%s", text);
        }
    cr_assert(accepted > 0);
}

Test(verify, every_truncation_is_refused)
{
    for (size_t size = 0; size < strlen(good); ++size) {
        carrynet_checked checked;
        char *text = malloc(size > 0 ? size : 1); /* so that a sanitizer sees a read beyond it */
        memcpy(text, good, size);
        cr_assert_eq(carrynet_verify(&checked, model, 0, NULL, text, size), CARRYNET_ERROR_FORMAT);
        cr_assert(!checked.accepted && strncmp(carrynet_message(), "line ", 5) == 0);
        free(text);
    }
}

Test(verify, refuses_other_heads)
{
    refused_change("carrynet", "certificate 1", "certificate 2", "line 1");
    refused_change("arithmetic", "1", "2", "another version of the arithmetic");
    refused_change("arithmetic", "1", "0", "line 2");
    refused_change("arithmetic", "1", "anything", "line 2");
    const char *const digest = strstr(good, "network ") + 8;
    const char first[] = {digest[0], '\0'};
    refused_change(digest, first, digest[0] == '0' ? "1" : "0", "another network");
    refused_change("hidden", "3", "2", "line");
    refused_change("hidden", "3", "0", "line 7");
    refused_change("hidden", "3", "1025", "line 7");
    refused_change("hidden", "3", "+3", "line 7");
    refused_change("hidden", "3", "03", "line 7");
    refused_change("hidden", "3", "18446744073709551619", "line 7");
    refused_change("bases", "1", "0", "line 8");
    refused_change("bases", "1", "2", "line");
    refused_change("bases", "1", "4000000000", "as many bases");
    refused_change("basis", "0", "1", "line 9");
    refused_change("cells", "2", "0", "line 13");
    refused_change("cells", "2", "1", "line 15");
    refused_change("cells", "2", "3", "line 16");
    refused_change("cells", "2", "4294967294", "as many cells");
}

Test(verify, refuses_other_tables)
{
    refused_change("task", "2 1 2 0", "1 1 2 0", "line 5");
    refused_change("task", "2 1 2 0", "2 2 2 0", "another task");
    refused_change("task", "2 1 2 0", "2 1 3 0", "line 7");
    refused_change("task", "2 1 2 0", "2 1 2 1", "another task");
    refused_change("task", "2 1 2 0", "2 1 2 2", "line 4");
    refused_change("state 0", "next 0 0 0 1", "next 0 0 1 1", "another task");
    refused_change("state 0", "next 0 0 0 1", "next 0 0 0 2", "line 5");
    refused_change("state 0", "out 0 1 1 0", "out 0 1 1 1", "another task");
    refused_change("state 0", "out 0 1 1 0", "out 0 1 1 2", "line 5");
    refused_change("state 1", "state 1", "state 0", "line 6");
    const carrynet_task *task = NULL;
    carrynet_checked checked;
    cr_assert_eq(carrynet_task_find(&task, "sub"), CARRYNET_OK);
    cr_assert_eq(carrynet_verify(&checked, model, 0, task, good, strlen(good)), CARRYNET_OK);
    cr_assert(!checked.accepted && strstr(checked.reason, "another task") != NULL, "%s", checked.reason);
    cr_assert_eq(carrynet_task_find(&task, "parity"), CARRYNET_OK);
    cr_assert_eq(carrynet_verify(&checked, model, 0, task, good, strlen(good)), CARRYNET_OK);
    cr_assert(!checked.accepted && strstr(checked.reason, "numbers of bits") != NULL, "%s", checked.reason);
    cr_assert_eq(carrynet_verify(&checked, model, 1, NULL, good, strlen(good)), CARRYNET_ERROR_ARGUMENT);
}

/* The table of another automaton in certificate and caller's hand, so that only the sets can tell. */
Test(verify, refuses_a_table_that_the_network_does_not_follow)
{
    char text[CERTIFICATE_ROOM];
    for (unsigned at = 0; at < 16; ++at) {
        carrynet_task task = carrynet_model_settings(model)->task;
        carrynet_checked checked;
        uint8_t *entry = at < 8 ? &task.next[at / 4][at % 4] : &task.out[at / 4 % 2][at % 4];
        *entry ^= 1;
        char lines[2][64];
        for (int q = 0; q < 2; ++q)
            (void)snprintf(lines[q], sizeof lines[q], "state %d next %u %u %u %u out %u %u %u %u\n", q, task.next[q][0],
                           task.next[q][1], task.next[q][2], task.next[q][3], task.out[q][0], task.out[q][1],
                           task.out[q][2], task.out[q][3]);
        (void)snprintf(text, sizeof text, "%.*s%s%s%s", (int)(strstr(good, "state 0") - good), good, lines[0], lines[1],
                       strstr(good, "hidden"));
        seal(text, sizeof text);
        cr_assert_eq(carrynet_verify(&checked, model, 0, &task, text, strlen(text)), CARRYNET_OK);
        cr_assert(!checked.accepted && strstr(checked.reason, at < 8 ? "another state" : "not certain") != NULL,
                  "entry %u: %s", at, checked.reason);
    }
}

Test(verify, refuses_other_bases_and_cells)
{
    const char *const rows[] = {"0x1p+2 0", "0x1p-2 0", "0x1p+2\n"};
    for (int i = 0; i < 3; ++i) {
        const char *after = i == 2 ? "0x0p+0 0x0p+0 0x1p+2" : "basis 0";
        char zero[32], small[32];
        (void)snprintf(zero, sizeof zero, "0x0p+0%s", rows[i] + 6);
        (void)snprintf(small, sizeof small, "0x1p-30%s", rows[i] + 6);
        refused_change(after, rows[i], zero, "not inside");
        refused_change(after, rows[i], small, "not inside");
    }
    static const char *const bad[] = {"nan",       "inf",        "-nan",   "0x1p+1024", "0x1p-1074",
                                      "4",         "0x1p",       "0x1",    "0x1p+",     "0x.p+2",
                                      "0x1.p+2",   "+0x1p+2",    "0X1P+2", "0x1p+201",  "0x1.00000000000001p+2",
                                      "0x1p+9999", "0x1p+99999", "",       " 0x1p+2",   "0x1,8p+2"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; ++i) {
        refused_change("basis 0", "0x1p+2", bad[i], "line 10");
        refused_change("cell 1", "0x1p+0", bad[i], "line 15");
        refused_change("cell 1", "0x1p-2", bad[i], "line 15");
    }
    refused_change("cell 1", "0x1p-2", "-0x1p-2", "line 15");
    refused_change("cell 1", "0x1p-2", "0x0p+0", "line 15");
    refused_change("cell 1", "0x1p-2", "0x1.8p-2", "line 15");
    refused_change("cell 1", "0x1p-2", "0x1p-41", "line 15");
    refused_change("cell 1", "0x1p-2", "0x1p-30", "not inside cell 1");
    refused_change("cell 1", "0x1p-2", "0x1p+30", "not certain");
    refused_change("cell 1", "0x1p-2", "0x1p+40", "too wide");
    refused_change("cell 1", "cell 1", "cell 0", "another state");
    refused_change("cell 1", "cell 1", "cell 2", "line 15");
    refused_change("cell 1", "cell 1 0", "cell 1 1", "line 15");
    refused_change("cell 1", "0x1p-1 0x1p+0", "0x1p+2 0x1p+0", "not inside cell 1");
    refused_change("cell 1", "0x1p-1 0x1p+0", "0x1p-1 0x1p+2", "not inside cell 1");
    refused_change("cell 1", "0x1p+0 0x1p-1", "0x1p+0 0x1p+2", "not inside cell 1");
    refused_change("cell 1", "0x1p+0 0x1p-1", "0x1p+0 -0x1p-1", "not inside cell 1");
}

Test(verify, refuses_other_trees)
{
    static const char *const trees[] = {"tree * 0 0 0 1\ntree", "tree * 0 0 0 1\ntree * 0 1", "tree * 0 1 1 1\n"};
    for (int t = 0; t < 3; ++t) {
        const char *after = t == 1 ? "0 0 0 1\ntree * 0 0" : "tree", *all = trees[t];
        const char *const end = strchr(all, '\n');
        for (const char *word = all + 5; word < end; word += 2) {
            static const char *const others[] = {"0", "1", "*", "", "0 0", "1 1", "* *", "* 0 0 0 1 0", "2", "-1", "x"};
            for (size_t k = 0; k < sizeof others / sizeof *others; ++k) {
                char text[64];
                if (strncmp(word, others[k], 1) == 0 && others[k][1] == '\0')
                    continue;
                (void)snprintf(text, sizeof text, "%.*s%s%s", (int)(word - all), all, others[k], word + 1);
                refused_change(after, all, text, "line ");
            }
        }
        for (size_t k = 0; k < 4; ++k) {
            static const char *const whole[] = {"tree", "tree *", "tree 0", "tree 1"};
            char text[64];
            (void)snprintf(text, sizeof text, "%s%s", whole[k], strchr(all, '\n'));
            refused_change(after, all, text, k == 2 || k == 3 ? "empty word" : "ends early");
        }
    }
    refused_change("tree * 0 1", "0 1 1 1\n", "0 1 1 1 1\n", "the tree of cell 1, word '': the tree goes on");
    refused_change("tree * 0 1", "0 1 1 1\n", "0 1 1 1\ntree * 0 0 0 1\n", "line 19");
    refused_change("tree * 0 1", "0 1 1 1\n", "0 1 1 1 \n", "line 18");
    refused_change("tree * 0 1", "0 1 1 1\n", "0 1  1 1\n", "line 18");
    refused_change("tree * 0 1", "0 1 1 1\n", "0 1 1 1\r\n", "line 18");
    refused_change("tree * 0 1", "tree * 0 1 1 1\n", "", "line 18");
    /* 64 symbols and no more: the word of ones, which carries on. */
    for (int depth = 64; depth <= 65; ++depth) {
        char deep[CERTIFICATE_ROOM] = "tree * 0 0 0", text[CERTIFICATE_ROOM];
        for (int t = 1; t < depth; ++t)
            (void)strcat(deep, " * 0 1 1");
        (void)strcat(deep, "\n");
        refused_change("tree", "tree * 0 0 0 1\n", deep, depth == 64 ? "ends early" : "longer words");
        (void)strcpy(deep + strlen(deep) - 1, " 1\n");
        change(text, "tree", "tree * 0 0 0 1\n", deep);
        const carrynet_checked checked = checked_text(text);
        cr_assert_eq(checked.accepted, depth == 64, "%s", checked.reason);
        cr_assert(depth > 64 || (checked.depth == 64 && checked.steps == 4 * 66));
    }
}

/* ---- networks -------------------------------------------------------------------------------------------------- */

Test(verify, refuses_weights_that_are_no_numbers_or_huge)
{
    static const double values[] = {NAN, INFINITY, -INFINITY, 0x1.8p20, -0x1p30};
    for (int p = 0; p < CARRYNET_H_0; ++p) {
        const carrynet_tensor tensor =
            carrynet_shape_tensor(&carrynet_model_settings(model)->shape, (carrynet_parameter)p);
        for (size_t i = 0; i < tensor.size; ++i) {
            const float kept = ((float *)carrynet_model_values(model))[tensor.offset + i];
            for (size_t k = 0; k < sizeof values / sizeof *values; ++k) {
                char text[CERTIFICATE_ROOM];
                put_value(model, (carrynet_parameter)p, i, values[k]);
                refused(good, "another network");
                hand_made_certificate(text, model, 0);
                refused(text, tensor.name);
            }
            put_value(model, (carrynet_parameter)p, i, kept);
        }
    }
    cr_assert(checked_text(good).accepted);
}

/* The output's bias brought to where the least logit is just above, within and below the error of the arithmetic. */
Test(verify, a_margin_within_the_error_of_the_logit_is_none)
{
    char text[CERTIFICATE_ROOM];
    const double error = 1.02 * 5 * 0x1p-24 * 32 + 0x1p-22, at = -4.001;
    put_value(model, CARRYNET_B_Y, 0, at);
    hand_made_certificate(text, model, 0);
    const double margin = checked_text(text).margin;
    static const double beyond[] = {-0.5, -0.25, 0.25, 0.5, 0.75, 1.5};
    for (size_t i = 0; i < sizeof beyond / sizeof *beyond; ++i) {
        put_value(model, CARRYNET_B_Y, 0, at - margin - beyond[i] * error);
        hand_made_certificate(text, model, 0);
        const carrynet_checked checked = checked_text(text);
        cr_assert_eq(checked.accepted, beyond[i] < 0, "%g: margin %g, %s", beyond[i], checked.margin, checked.reason);
        cr_assert(checked.accepted || strstr(checked.reason, "not certain") != NULL, "%s", checked.reason);
    }
}

/* ---- files ----------------------------------------------------------------------------------------------------- */

Test(verify, files_and_the_program)
{
    char folder[] = "/tmp/carrynet-verify-XXXXXX", paths[2][64], command[512], text[CERTIFICATE_ROOM];
    cr_assert_not_null(mkdtemp(folder));
    (void)snprintf(paths[0], sizeof paths[0], "%s/model", folder);
    (void)snprintf(paths[1], sizeof paths[1], "%s/certificates", folder);
    carrynet_settings settings = *carrynet_model_settings(model);
    carrynet_model *two = NULL;
    settings.networks = 3;
    cr_assert_eq(carrynet_model_create(&two, &settings), CARRYNET_OK);
    for (int n = 0; n < 3; ++n)
        memcpy((float *)carrynet_model_values(two) + 22 * n, carrynet_model_values(model), 22 * sizeof(float));
    ((float *)carrynet_model_values(two))[22] = 41; /* networks 0 and 2 are equal */
    cr_assert_eq(carrynet_model_save(two, paths[0]), CARRYNET_OK, "%s", carrynet_message());
    hand_made_certificate(text, two, 1);
    char twice[2 * CERTIFICATE_ROOM], both[2 * CERTIFICATE_ROOM], more[2 * CERTIFICATE_ROOM + 2];
    (void)snprintf(twice, sizeof twice, "%s%s", good, good);
    twice[2 * strlen(good) - 2] ^= 1; /* the digest of the second */
    (void)snprintf(both, sizeof both, "%s%s", text, good);
    (void)snprintf(more, sizeof more, "%s\n", both);
    carrynet_model_free(two);
    struct {
        const char *text;
        int code;
        size_t count, proved;
        carrynet_status status;
    } cases[] = {{good, 1, 1, 2, CARRYNET_OK},
                 {both, 0, 2, 3, CARRYNET_OK},
                 {twice, 1, 2, 2, CARRYNET_OK},
                 {more, 4, 2, 3, CARRYNET_ERROR_FORMAT},
                 {"", 4, 0, 0, CARRYNET_ERROR_FORMAT}};
    cr_assert_eq(carrynet_model_load(&two, paths[0]), CARRYNET_OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        const void *part = cases[i].text;
        const size_t size = strlen(cases[i].text);
        carrynet_verified verified;
        cr_assert_eq(sys_write_file(paths[1], &part, &size, 1), CARRYNET_OK);
        cr_assert_eq(carrynet_verify_file(&verified, two, NULL, paths[1]), cases[i].status, "%s", carrynet_message());
        cr_assert_eq(verified.count, cases[i].count);
        cr_assert_eq(verified.proved_networks, cases[i].proved, "%zu", verified.proved_networks);
        carrynet_verified_free(&verified);
        (void)snprintf(command, sizeof command, "%s %s %s >/dev/null 2>&1", CARRYNET_CHECKER, paths[0], paths[1]);
        cr_assert_eq(system(command), cases[i].code << 8, "case %zu", i);
    }
    (void)snprintf(command, sizeof command, "%s >/dev/null 2>&1", CARRYNET_CHECKER);
    cr_assert_eq(system(command), 2 << 8);
    (void)snprintf(command, sizeof command, "%s %s %s/none >/dev/null 2>&1", CARRYNET_CHECKER, paths[0], folder);
    cr_assert_eq(system(command), 4 << 8);
    carrynet_model_free(two);
    (void)unlink(paths[0]);
    (void)unlink(paths[1]);
    (void)rmdir(folder);
}
