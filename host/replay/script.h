/* What sets the scripts apart: which problems they train on, and how they print. */
#ifndef REPLAY_SCRIPT_H
#define REPLAY_SCRIPT_H

#include <carrynet/replay.h>

/* All of them: 8 binary digits, operands below 128, rate 0.1, a thousand iterations from one print to the next. */
enum { SCRIPT_STEPS = 8, SCRIPT_BOUND = 128, SCRIPT_PRINTS_EVERY = 1000 };

typedef enum script_end {
    SCRIPT_END_SUM,     /* "9 + 60 = 1", a rule of dashes */
    SCRIPT_END_VERDICT, /* "9 and 60 = 1 - 69 False", a rule of dashes */
    SCRIPT_END_PLAIN    /* "9 + 60 = 1" */
} script_end;

struct replay_script {
    const char *task; /* built in */
    uint32_t outputs; /* all get the same target bit */
    carrynet_loss loss;
    uint32_t lost;    /* words of the generator that were drawn between weights and problems, and thrown away */
    bool not_less;    /* an iteration with a < b is left out, its print too */
    bool last_only;   /* prints the last iteration alone */
    bool old_floats;  /* as NumPy wrote them before 1.14 */
    const char *head; /* printed before anything else */
    const char *error, *predicted, *right; /* labels */
    script_end end;
};

#endif
