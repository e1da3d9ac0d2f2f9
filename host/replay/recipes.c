/* The table of the original scripts: which problems each trains on, and how it prints. */
#include "platform/embedded.h"
#include "platform/platform.h"
#include "replay/script.h"
#include <stdio.h>
#include <string.h>

extern const struct embedded_file embedded_transcripts[];

#define ENGLISH .error = "Error:", .predicted = "Pred:", .right = "True:"
#define SCRIPT_001 ENGLISH, .old_floats = true, .end = SCRIPT_END_VERDICT, .head = head_001
#define SCRIPT_003                                                                                                     \
    .task = "add", .outputs = 2, .last_only = true, .end = SCRIPT_END_PLAIN, .head = "",                               \
    .error = "误差值: ", .predicted = "预测值:", .right = "真实值:"

static const char head_001[] = "largest_number=256\n[0 0 0 0 0 0 0 0]\n>>>\n<<<\n>>>\n<<<\n";

static const struct replay_script script_000 = {ENGLISH, .task = "add", .outputs = 1, .old_floats = true, .head = ""};
static const struct replay_script script_001_add = {SCRIPT_001, .task = "add", .outputs = 1};
static const struct replay_script script_001_sub = {SCRIPT_001, .task = "sub", .outputs = 1, .not_less = true};
static const struct replay_script script_002 = {ENGLISH,    .task = "add", .outputs = 1, .old_floats = true,
                                                .head = "", .lost = 516};
static const struct replay_script script_003 = {SCRIPT_003, .loss = CARRYNET_LOSS_FAULTY_SQUARED};
static const struct replay_script script_003_cured = {SCRIPT_003, .loss = CARRYNET_LOSS_SQUARED};
static const struct replay_script script_004 = {
    .task = "add",
    .outputs = 1,
    .head = "",
    .error = "损失值:",
    .predicted = "预测值:",
    .right = "正确值:",
};

static const carrynet_recipe recipes[] = {
    {.name = "000",
     .summary = "a notebook: 16 hidden units learn to add, stopped by hand behind iteration 10,000",
     .hidden = 16,
     .iterations = 10001,
     .script = &script_000},
    {.name = "001-add",
     .summary = "an article: the same network, with another way to print",
     .hidden = 16,
     .iterations = 10000,
     .script = &script_001_add},
    {.name = "001-sub",
     .summary = "the same article: subtraction; an iteration with a < b is left out",
     .hidden = 16,
     .iterations = 10000,
     .script = &script_001_sub},
    {.name = "002",
     .summary = "a notebook whose cell had run before: 516 random numbers are gone",
     .hidden = 16,
     .iterations = 10000,
     .script = &script_002},
    {.name = "003",
     .summary = "a course notebook with a mistake: it learns to say 255",
     .lesson =
         "What went wrong in 003: the change that an output e = target - y asks for is e y(1-y), with the slope of the "
         "output. The notebook writes e e(1-e), with the error in its place. That is never negative, whatever the "
         "target, so every update pushes every output up, until all stay at 1: 255, and an error for each 0 of the "
         "right sum. `carrynet replay 003-cured` does it right.",
     .hidden = 32,
     .iterations = 20000,
     .script = &script_003},
    {.name = "003-cured",
     .summary = "the same notebook with the mistake mended",
     .lesson =
         "003 with one change: the slope is y(1-y) of the output, not e(1-e) of the error. Everything else, random "
         "numbers included, is as in `carrynet replay 003`.",
     .hidden = 32,
     .iterations = 20000,
     .script = &script_003_cured},
    {.name = "004",
     .summary = "a blog post: the network of 000 with the names U, V and W",
     .hidden = 16,
     .iterations = 10000,
     .script = &script_004},
};
enum { RECIPES = sizeof recipes / sizeof recipes[0] };

size_t carrynet_recipe_count(void)
{
    return RECIPES;
}

const carrynet_recipe *carrynet_recipe_at(size_t index)
{
    return index < RECIPES ? &recipes[index] : NULL;
}

carrynet_status carrynet_recipe_find(const carrynet_recipe **recipe, const char *name)
{
    sys_text list = {0};
    *recipe = NULL;
    for (size_t i = 0; i < RECIPES && *recipe == NULL; ++i) {
        if (strcmp(recipes[i].name, name) == 0)
            *recipe = &recipes[i];
        sys_text_add(&list, "%s%s", i == 0 ? "" : ", ", recipes[i].name);
    }
    carrynet_status status = CARRYNET_OK;
    if (*recipe == NULL)
        status = sys_fail(CARRYNET_ERROR_ARGUMENT, "no recipe is called '%.64s'; there are: %s", name,
                          list.failed ? recipes[0].name : list.data);
    sys_text_free(&list);
    return status;
}

const char *carrynet_recipe_transcript(const carrynet_recipe *recipe)
{
    char file[32];
    (void)snprintf(file, sizeof file, "%s.txt", recipe->name);
    return sys_embedded(embedded_transcripts, file);
}
