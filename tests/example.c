/* The library in forty lines: train, save, load, add. */
#include <carrynet/carrynet.h>
#include <stdio.h>

static int failed(carrynet_status status)
{
    if (status != CARRYNET_OK)
        (void)fprintf(stderr, "%s: %s\n", carrynet_status_name(status), carrynet_message());
    return status != CARRYNET_OK;
}

int main(void)
{
    const char *const operands[] = {"93", "38", "170141183460469231731687303715884105727", "1"};
    carrynet_settings settings;
    carrynet_model *trained = NULL, *model = NULL;
    carrynet_engine *engine = NULL;
    char **answers = NULL;
    int code = 1;

    carrynet_settings_init(&settings, carrynet_task_at(0)); /* task 0 is add */
    settings.seed = 7;
    if (failed(carrynet_train(&trained, &settings, NULL, NULL))) /* the best device, no reports */
        goto done;
    (void)printf("exact after %llu updates\n", (unsigned long long)carrynet_model_networks(trained)[0].updates);
    if (failed(carrynet_model_save(trained, "example.safetensors")) ||
        failed(carrynet_model_load(&model, "example.safetensors")) ||
        failed(carrynet_model_engine(&engine, model, 0, 1, NULL)) ||
        failed(carrynet_solve(&answers, engine, &settings.task, 0, operands, 2)))
        goto done;
    for (int i = 0; i < 2; ++i)
        (void)printf("%s + %s = %s\n", operands[2 * i], operands[2 * i + 1], answers[i]);
    code = 0;
done:
    carrynet_answers_free(answers, 2);
    carrynet_engine_free(engine);
    carrynet_model_free(model);
    carrynet_model_free(trained);
    return code;
}
