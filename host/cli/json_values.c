/*
 * JSON for --json and --log, through jansson. A value that cannot be made (no memory) is remembered, so that no caller
 * needs a test for each of them: what lacks one is not written.
 */
#include "cli/json_values.h"
#include "base/json_text.h"
#include "cli/console.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool incomplete;

bool json_incomplete(void)
{
    return incomplete;
}

json_t *json_of_text(const char *text)
{
    json_t *value = json_string(text);
    if (value != NULL)
        return value;
    char *plain = strdup(text);
    if (plain == NULL)
        return NULL;
    for (char *p = plain; *p != '\0'; ++p)
        if ((unsigned char)*p >= 0x80)
            *p = '?';
    value = json_string(plain);
    free(plain);
    return value;
}

json_t *json_of_count(uint64_t count)
{
    return base_json_of_count(count);
}

json_t *json_of_real(double real)
{
    return isfinite(real) ? json_real(real) : json_null();
}

void json_put(json_t *object, const char *name, json_t *value)
{
    if (json_object_set_new(object, name, value) != 0)
        incomplete = true;
}

void json_append(json_t *array, json_t *value)
{
    if (json_array_append_new(array, value) != 0)
        incomplete = true;
}

json_t *json_of_settings(const carrynet_settings *settings)
{
    const carrynet_settings *s = settings;
    json_t *object = json_object();
    json_put(object, "task", json_of_text(s->task.name));
    json_put(object, "bits", json_of_count(s->steps));
    json_put(object, "hidden", json_of_count(s->shape.hidden));
    json_put(object, "bias", json_boolean(s->shape.bias));
    json_put(object, "scale", json_of_real(s->scale));
    json_put(object, "precision", json_of_text(s->precision == CARRYNET_FP32 ? "fp32" : "fp64"));
    json_put(object, "nets", json_of_count(s->networks));
    json_put(object, "seed", json_of_count(s->seed));
    json_put(object, "batch", json_of_count(s->batch));
    json_put(object, "optimizer", json_of_text(carrynet_optimizer_name(s->optimizer)));
    json_put(object, "lr", json_of_real(s->rate));
    json_put(object, "schedule", json_of_text(carrynet_schedule_name(s->schedule)));
    json_put(object, "loss", json_of_text(carrynet_loss_name(s->loss)));
    json_put(object, "momentum", json_of_real(s->momentum));
    json_put(object, "decay", json_of_real(s->decay));
    json_put(object, "epsilon", json_of_real(s->epsilon));
    json_put(object, "clip", json_of_real(s->clip));
    json_put(object, "noise", json_of_real(s->noise));
    json_put(object, "until",
             s->until_proved != 0 ? json_of_text("proved")
             : s->until_exact     ? json_of_text("exact")
                                  : json_null());
    json_put(object, s->until_exact ? "max_updates" : "updates", json_of_count(s->updates));
    if (s->train_fraction != 0) {
        json_put(object, "train_fraction", json_of_real(s->train_fraction));
        json_put(object, "split_seed", json_of_count(s->split_seed));
    }
    json_put(object, "check_every", json_of_count(s->check_every));
    json_put(object, "defaults_version", json_of_count(s->defaults_version));
    if (s->until_proved != 0)
        json_put(object, "prover", json_of_count(s->until_proved));
    if (s->origin[0] != '\0')
        json_put(object, "origin", json_of_text(s->origin));
    return object;
}

bool json_line(FILE *stream, json_t *value, size_t digits)
{
    char *text = NULL;
    size_t size = 0;
    const bool made = value != NULL && !incomplete &&
                      base_json_write(&text, &size, value, JSON_REAL_PRECISION(digits)) == CARRYNET_OK;
    json_decref(value);
    if (!made && stream == stdout)
        console_no_memory("the JSON object on standard output");
    const bool written = made && fwrite(text, 1, size, stream) == size && fputc('\n', stream) != EOF;
    base_free(text);
    if (!made)
        errno = ENOMEM;
    return written;
}
