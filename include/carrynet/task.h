/*
 * A task is a bit automaton (Mealy machine): it reads one symbol a step and writes output bits. state' =
 * next[state][symbol], output = out[state][symbol] bit i of a symbol is bit t of operand i Operands are read least
 * significant bit first. Problems, targets, exhaustive checks and proofs all come from this table.
 */
#ifndef CARRYNET_TASK_H
#define CARRYNET_TASK_H

#include <carrynet/status.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CARRYNET_TASK_NAME 32    /* bytes of a name with its end */
#define CARRYNET_TASK_STATES 256 /* most states */
#define CARRYNET_TASK_INPUTS 4   /* most input bits */
#define CARRYNET_TASK_OUTPUTS 4  /* most output bits */
#define CARRYNET_TASK_SYMBOLS 16 /* 2^CARRYNET_TASK_INPUTS */
#define CARRYNET_TASK_CLOSING 8  /* most closing symbols */

typedef enum carrynet_constraint {
    CARRYNET_CONSTRAINT_NONE = 0,
    CARRYNET_CONSTRAINT_NOT_LESS = 1 /* operand 0 >= operand 1; a problem drawn otherwise has the two exchanged */
} carrynet_constraint;

typedef struct carrynet_task {
    char name[CARRYNET_TASK_NAME];
    uint32_t inputs;  /* I: 1 to 4 input bits a step, one an operand */
    uint32_t outputs; /* O: 1 to 4 output bits a step */
    uint32_t states;  /* 1 to 256 */
    uint32_t start;   /* below states */
    uint32_t closing_count;
    uint8_t closing[CARRYNET_TASK_CLOSING]; /* symbols that end every problem: add closes with one 0, for the carry */
    carrynet_constraint constraint;
    char sign; /* how a problem is written, "93 + 38": '+', '-', no digit; 0: operands side by side */
    uint8_t next[CARRYNET_TASK_STATES][CARRYNET_TASK_SYMBOLS];
    uint8_t out[CARRYNET_TASK_STATES][CARRYNET_TASK_SYMBOLS];
} carrynet_task;

/* The built-in tasks, index 0 to carrynet_task_count() - 1; NULL beyond. Static: not to be freed. */
CARRYNET_API size_t carrynet_task_count(void);
CARRYNET_API const carrynet_task *carrynet_task_at(size_t index);

/* What the built-in task of that index computes, in a few words: "a + b". NULL beyond. */
CARRYNET_API const char *carrynet_task_meaning(size_t index);

/* The built-in task of that name in *task. ARGUMENT, with the list of names, if there is none. */
CARRYNET_API carrynet_status carrynet_task_find(const carrynet_task **task, const char *name);

/*
 * A table from a JSON file: {"name": "and", "inputs": 2, "outputs": 1, "states": 1, "start": 0, "next": [[0, 0, 0, 0]],
 * "out": [[0, 0, 0, 1]]}, a row a state, an entry a symbol. "closing" (a list of symbols), "constraint" ("none" or
 * "not-less") and "sign" (a character) may be there too; nothing else. The name is of letters, digits, '-', '_' and '.'.
 * IO; FORMAT, naming file and field; MEMORY.
 */
CARRYNET_API carrynet_status carrynet_task_read(carrynet_task *task, const char *path);

/*
 * The table as such JSON, a row of it a line. *text is the caller's, to free with carrynet_task_text_free, which takes
 * NULL. MEMORY.
 */
CARRYNET_API carrynet_status carrynet_task_text(char **text, const carrynet_task *task);
CARRYNET_API void carrynet_task_text_free(char *text);

/* Checks a table that did not come from this library: sizes, states and symbols in range. ARGUMENT names the field. */
CARRYNET_API carrynet_status carrynet_task_check(const carrynet_task *task);

/* One step of the automaton: returns the output bits for *state under the symbol and moves *state on. */
CARRYNET_API uint32_t carrynet_task_step(const carrynet_task *task, uint32_t *state, uint32_t symbol);

/*
 * The smallest automaton that answers every word as `task` does (the same place is allowed). Its states are numbered as
 * breadth first search from the start meets them, symbols ascending: tasks that answer alike get the same table. Name,
 * closing symbols, constraint and sign stay.
 */
CARRYNET_API void carrynet_task_minimise(carrynet_task *minimal, const carrynet_task *task);

/* A shortest word that two automata answer differently; its last outputs do. */
typedef struct carrynet_task_difference {
    size_t length; /* 0: there is none */
    uint8_t word[2 * CARRYNET_TASK_STATES];
    uint32_t outputs[2]; /* after the last symbol */
} carrynet_task_difference;

/*
 * Compares what two automata answer to all words from their start states; closing symbols and constraints count for
 * nothing. ARGUMENT if they do not read and write the same number of bits; MEMORY.
 */
CARRYNET_API carrynet_status carrynet_task_distinguish(carrynet_task_difference *difference, const carrynet_task *a,
                                                       const carrynet_task *b);

#ifdef __cplusplus
}
#endif

#endif
