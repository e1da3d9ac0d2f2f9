/* The differences between the original scripts: the problems that they train on, and their printing. */
#ifndef REPLAY_SCRIPT_H
#define REPLAY_SCRIPT_H

#include <carrynet/replay.h>

/* Common to all scripts: 8 binary digits, operands below 128, rate 0.1, a print every thousand iterations. */
enum { SCRIPT_STEPS = 8, SCRIPT_BOUND = 128, SCRIPT_PRINTS_EVERY = 1000 };

typedef enum script_end {
    SCRIPT_END_SUM,     /* "9 + 60 = 1", a rule of dashes */
    SCRIPT_END_VERDICT, /* "9 and 60 = 1 - 69 False", a rule of dashes */
    SCRIPT_END_PLAIN    /* "9 + 60 = 1" */
} script_end;

struct replay_script {
    const char *task; /* a built-in task */
    uint32_t outputs; /* all outputs get the same target bit */
    carrynet_loss loss;
    uint32_t lost;                         /* generator words drawn and discarded between weights and problems */
    bool not_less;                         /* iterations with a < b are skipped, including their prints */
    bool last_only;                        /* prints only the last iteration */
    bool old_floats;                       /* in NumPy's format before 1.14 */
    const char *head;                      /* printed first */
    const char *error, *predicted, *right; /* labels */
    script_end end;
};

#endif
