/*
 * carrynet compare --bisect: prints the first value that differs, the smallest network that shows the difference, and
 * the folder.
 */
#include "cli/compare_bisect.h"
#include "cli/console.h"
#include "cli/json_values.h"
#include <inttypes.h>
#include <stdio.h>

static void print_difference(const char *what, const carrynet_difference *d)
{
    char training[48] = "";
    if (d->updates > 0)
        (void)snprintf(training, sizeof training, " of update %" PRIu64, d->update);
    (void)printf("%s, %s pass%s:\n", what, d->pass, training);
    (void)printf("  kernel     %s\n  operation  %s\n  tensor     %s\n  element    %s\n", d->kernel, d->operation,
                 d->tensor, d->element);
    (void)printf("  expected   %s\n  given      %s\n", d->expected, d->given);
}

static void print_shape(const carrynet_difference *d)
{
    (void)printf("  network    %u inputs, %u hidden, %u outputs; %u steps, batch %u, %u network%s", d->inputs,
                 d->hidden, d->outputs, d->steps, d->batch, d->networks, d->networks == 1 ? "" : "s");
    if (d->updates > 0)
        (void)printf(", %u update%s", d->updates, d->updates == 1 ? "" : "s");
    (void)printf("\n");
}

static json_t *difference_json(const carrynet_difference *d)
{
    json_t *object = json_object();
    json_put(object, "pass", json_of_text(d->pass));
    json_put(object, "update", d->updates > 0 ? json_of_count(d->update) : json_null());
    json_put(object, "kernel", json_of_text(d->kernel));
    json_put(object, "operation", json_of_text(d->operation));
    json_put(object, "tensor", json_of_text(d->tensor));
    json_put(object, "element", json_of_text(d->element));
    json_put(object, "expected", json_of_text(d->expected));
    json_put(object, "given", json_of_text(d->given));
    json_put(object, "inputs", json_of_count(d->inputs));
    json_put(object, "hidden", json_of_count(d->hidden));
    json_put(object, "outputs", json_of_count(d->outputs));
    json_put(object, "steps", json_of_count(d->steps));
    json_put(object, "batch", json_of_count(d->batch));
    json_put(object, "networks", json_of_count(d->networks));
    json_put(object, "updates", json_of_count(d->updates));
    return object;
}

carrynet_status compare_bisect(json_t **object, size_t index, const carrynet_engine_options *options,
                               const char *folder)
{
    carrynet_difference first, smallest;
    char own[128];
    (void)snprintf(own, sizeof own, "bisect-%s", carrynet_case_name(index));
    const char *const to = folder != NULL ? folder : own;
    (void)console_progress("Looking for the difference in %s ...", carrynet_case_name(index));
    const carrynet_status status = carrynet_case_bisect(&first, &smallest, index, options, to);
    console_progress_clear();
    if (object != NULL)
        *object = json_null();
    if (status != CARRYNET_OK)
        return status;
    if (object != NULL && first.found) {
        *object = json_object();
        json_put(*object, "case", json_of_text(carrynet_case_name(index)));
        json_put(*object, "first", difference_json(&first));
        json_put(*object, "smallest", smallest.found ? difference_json(&smallest) : json_null());
        json_put(*object, "folder", smallest.found ? json_of_text(to) : json_null());
    }
    if (object != NULL)
        return status;
    if (!first.found) {
        (void)printf("Case %s differs as a whole, but every launch by itself, waited for, is right: look for a race "
                     "or a transfer\n",
                     carrynet_case_name(index));
        return status;
    }
    (void)printf("\n");
    (void)printf("Case %s\n", carrynet_case_name(index));
    print_difference("First difference", &first);
    print_shape(&first);
    if (!smallest.found) { /* it came and went */
        (void)printf("It was not there when it was run again: it may depend on time or on what ran before\n");
        return status;
    }
    print_difference("The same kernel in the smallest network that shows it", &smallest);
    print_shape(&smallest);
    (void)printf("Wrote %s: cc repro.c -lOpenCL && ./a.out there shows it alone\n", to);
    return status;
}
