/*
 * A program outside of Carrynet's tree, built against an installed library: trains a small network on the reference,
 * evaluates it on every problem, and prints what it found, which is the same for every way to build it.
 */
#include <carrynet/carrynet.h>

#include <stdio.h>
#include <string.h>

int main(void)
{
    carrynet_settings settings;
    carrynet_engine_options options;
    carrynet_evaluation evaluation;
    carrynet_model *model = NULL;
    carrynet_engine *engine = NULL;
    char digest[CARRYNET_DIGEST_TEXT];
    carrynet_status status;

    (void)memset(&evaluation, 0, sizeof evaluation);
    carrynet_settings_init(&settings, carrynet_task_at(0)); /* task 0 is add */
    settings.steps = 5;
    settings.seed = 3;
    carrynet_engine_options_init(&options);
    options.device = "reference";

    status = carrynet_train(&model, &settings, &options, NULL);
    if (status == CARRYNET_OK)
        status = carrynet_model_engine(&engine, model, 0, 1, &options);
    if (status == CARRYNET_OK)
        status = carrynet_evaluate(&evaluation, engine, &settings.task, 0, settings.steps, 0);
    if (status == CARRYNET_OK)
        status = carrynet_network_digest(digest, model, 0);
    if (status == CARRYNET_OK)
        (void)printf("Carrynet %s: %llu of %llu sums wrong, network %s\n", carrynet_version(),
                     (unsigned long long)evaluation.wrong, (unsigned long long)evaluation.problems, digest);
    else
        (void)fprintf(stderr, "%s: %s\n", carrynet_status_name(status), carrynet_message());
    carrynet_evaluation_free(&evaluation);
    carrynet_engine_free(engine);
    carrynet_model_free(model);
    return status == CARRYNET_OK ? 0 : 1;
}
