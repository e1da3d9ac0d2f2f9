/*
 * The documents that Carrynet comes from, replayed: five NumPy scripts that train on one problem at a time. A recipe is
 * one of them. Its replay runs on an engine like every training, in binary64, with NumPy's random numbers in the order in
 * which the script draws them, and writes what the script prints, to the byte.
 */
#ifndef CARRYNET_REPLAY_H
#define CARRYNET_REPLAY_H

#include <carrynet/train.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct carrynet_recipe {
    const char *name;                   /* "000" */
    const char *summary;                /* a line */
    const char *lesson;                 /* what its result shows, where that needs saying; or NULL */
    uint32_t hidden;                    /* the document's own settings */
    uint64_t iterations;                /* of its loop */
    const struct replay_script *script; /* how it draws, trains and prints: host/replay */
} carrynet_recipe;

/* The recipes, index 0 to carrynet_recipe_count() - 1; NULL beyond. Static: not to be freed. */
CARRYNET_API size_t carrynet_recipe_count(void);
CARRYNET_API const carrynet_recipe *carrynet_recipe_at(size_t index);

/* The recipe of that name in *recipe. ARGUMENT, with the list of names, if there is none. */
CARRYNET_API carrynet_status carrynet_recipe_find(const carrynet_recipe **recipe, const char *name);

/* What the document shows of its own run, or what its program prints where it shows nothing; NULL: not known. */
CARRYNET_API const char *carrynet_recipe_transcript(const carrynet_recipe *recipe);

typedef struct carrynet_replay_options {
    uint64_t iterations; /* of the script's loop, 1 to 2^32 - 1 */
    uint32_t hidden;     /* H */
    uint32_t seed;       /* of numpy.random.seed */
    /* Takes the next piece of the transcript; an error ends the replay. NULL: nobody reads it. */
    carrynet_status (*write)(void *self, const char *text);
    void *self;
} carrynet_replay_options;

/* The document's own settings; seed 0, which is what all of them say but 003, which says nothing. Nobody reads. */
CARRYNET_API void carrynet_replay_options_init(carrynet_replay_options *options, const carrynet_recipe *recipe);

/*
 * The settings of the training that the replay is. updates counts the iterations that train: a script may leave some
 * out. ARGUMENT if none does, or a value is out of range.
 */
CARRYNET_API carrynet_status carrynet_replay_settings(carrynet_settings *settings, const carrynet_recipe *recipe,
                                                      const carrynet_replay_options *options);

/*
 * Runs a recipe on an engine. report, interrupted and report_seconds of `train` (which may be NULL) hold; its source,
 * initial weights and watch are the replay's own. *model is the caller's. Errors of carrynet_train and of write.
 */
CARRYNET_API carrynet_status carrynet_replay(carrynet_model **model, const carrynet_recipe *recipe,
                                             const carrynet_replay_options *options,
                                             const carrynet_engine_options *engine,
                                             const carrynet_train_options *train);

#ifdef __cplusplus
}
#endif

#endif
