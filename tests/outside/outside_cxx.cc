// As outside_c.c, in C++: the handles are owned by std::unique_ptr, errors are exceptions.
#include <carrynet/carrynet.h>

#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>

static void check(carrynet_status status)
{
    if (status != CARRYNET_OK)
        throw std::runtime_error(std::string(carrynet_status_name(status)) + ": " + carrynet_message());
}

static void run()
{
    carrynet_settings settings;
    carrynet_settings_init(&settings, carrynet_task_at(0)); // task 0 is add
    settings.steps = 5;
    settings.seed = 3;
    carrynet_engine_options options;
    carrynet_engine_options_init(&options);
    options.device = "reference";

    carrynet_model *trained = nullptr;
    check(carrynet_train(&trained, &settings, &options, nullptr));
    const std::unique_ptr<carrynet_model, decltype(&carrynet_model_free)> model(trained, carrynet_model_free);
    carrynet_engine *made = nullptr;
    check(carrynet_model_engine(&made, model.get(), 0, 1, &options));
    const std::unique_ptr<carrynet_engine, decltype(&carrynet_engine_free)> engine(made, carrynet_engine_free);
    carrynet_evaluation evaluation = {};
    check(carrynet_evaluate(&evaluation, engine.get(), &settings.task, 0, settings.steps, 0));
    char digest[CARRYNET_DIGEST_TEXT];
    check(carrynet_network_digest(digest, model.get(), 0));
    std::cout << "Carrynet " << carrynet_version() << ": " << evaluation.wrong << " of " << evaluation.problems
              << " sums wrong, network " << digest << "\n";
    carrynet_evaluation_free(&evaluation);
}

int main()
{
    try {
        run();
    } catch (const std::exception &error) {
        std::cerr << error.what() << "\n";
        return 1;
    }
    return 0;
}
