/*
 * Problems made on the device, as the host's counter-based source makes them (ARITHMETIC.md 6): random words to symbols,
 * the constraint, the closing symbols, and the targets by the task's automaton. Lanes are problems.
 *
 * A block's problems are words [word][BLOCK], symbols and targets apart, so that neighbouring problems are neighbours
 * (arguments.h, struct carrynet_pass).
 * Masks come from integer arithmetic, not from comparisons: 0 or all ones in every lane.
 */
#pragma OPENCL FP_CONTRACT OFF

#define SYMBOLS_A_WORD (32 / CARRYNET_INPUTS)
#define OUTPUTS_A_WORD (32 / CARRYNET_OUTPUTS)

#if CARRYNET_LANES == 1
#define LOAD_WORDS(from, i) ((from)[i])
#define STORE_WORDS(to, i, words) ((to)[i] = (words))
#else
#define LOAD_WORDS(from, i) CARRYNET_PASTE(vload, CARRYNET_LANES)(0, (from) + (i))
#define STORE_WORDS(to, i, words) CARRYNET_PASTE(vstore, CARRYNET_LANES)(words, 0, (to) + (i))
#endif

/* All ones where x is not 0. */
static inline vword not_zero(const vword x)
{
    return (vword)(0u) - ((x | ((vword)(0u) - x)) >> 31);
}

/* Word base + lane * step of the network's problem stream, for each lane. */
static inline vword random_words(const ulong base, const uint step, const uint update, const global uint *config)
{
    const vword place = (vword)((uint)base & 3u) + (vword)(CARRYNET_LANE_NUMBERS) * (vword)(step), offset = place >> 2;
    const uint first = (uint)(base >> 2);
    const vword low = (vword)(first) + offset;
    /* The carry into the high word: the top bit of (first & offset) | ((first | offset) & ~low). */
    const vword carry = (((vword)(first) & offset) | (((vword)(first) | offset) & ~low)) >> 31;
    vword c[4], word = (vword)(0u);
    problem_block(c, low, (vword)((uint)(base >> 34)) + carry, (vword)(update),
                  CARRYNET_STREAM_PROBLEMS, (vword)(config[CARRYNET_CONFIG_PROBLEMS]),
                  (vword)(config[CARRYNET_CONFIG_PROBLEMS + 1]));
#pragma unroll
    for (uint i = 0; i < 4; ++i)
        word |= c[i] & ~not_zero((place & (vword)(3u)) ^ (vword)(i));
    return word;
}

/* The automaton's step for each lane: output bits under the symbols; the states move on. */
static inline vword automaton_step(vword *state, const vword symbol, const global uint *task)
{
    const vword index = *state << CARRYNET_INPUTS | symbol;
    vword next = (vword)(0u), out = (vword)(0u);
    if (task[CARRYNET_AUTOMATON_STATE_BITS] != 0) { /* a small table: a word for each bit of its entries */
        for (uint b = 0; b < task[CARRYNET_AUTOMATON_STATE_BITS]; ++b)
            next |= ((vword)(task[CARRYNET_AUTOMATON_NEXT + b]) >> index & (vword)(1u)) << b;
        for (uint o = 0; o < CARRYNET_OUTPUTS; ++o)
            out |= ((vword)(task[CARRYNET_AUTOMATON_OUT + o]) >> index & (vword)(1u)) << o;
    } else {
        uint places[CARRYNET_LANES], entries[CARRYNET_LANES];
        STORE_WORDS(places, 0, index);
        for (uint i = 0; i < CARRYNET_LANES; ++i)
            entries[i] = task[CARRYNET_AUTOMATON_TABLE + places[i]];
        const vword entry = LOAD_WORDS(entries, 0);
        next = entry & (vword)(255u);
        out = entry >> 8;
    }
    *state = next;
    return out;
}

/* All ones for the lanes whose operand 0 is less than operand 1: the highest word in which they differ decides. */
static inline vword less_mask(const global uint *symbols, const uint stride, const uint words)
{
    vword less = (vword)(0u), decided = (vword)(0u);
    for (uint w = words; w-- > 0;) {
        const vword s = LOAD_WORDS(symbols, w * stride);
        const vword difference = problem_difference(s, CARRYNET_INPUTS), differs = not_zero(difference);
        less |= differs & ~decided & ~not_zero(s & difference);
        decided |= differs;
    }
    return less;
}

/* CARRYNET_LANES problems from their random words, `stride` uints apart, to symbols and targets. */
static inline void finish_problems(global uint *symbols, global uint *targets, const uint stride,
                                   const struct carrynet_pass *pass, const global uint *task)
{
    for (uint w = 0; w < pass->drawn_words; ++w) {
        const uint left = pass->drawn_steps - w * SYMBOLS_A_WORD;
        const uint kept = left < SYMBOLS_A_WORD ? left : SYMBOLS_A_WORD;
        const vword s = LOAD_WORDS(symbols, w * stride);
        STORE_WORDS(symbols, w * stride, problem_symbols(s, CARRYNET_INPUTS, kept));
    }
    for (uint w = pass->drawn_words; w < pass->symbol_words; ++w)
        STORE_WORDS(symbols, w * stride, (vword)(0u));
    if (task[CARRYNET_AUTOMATON_NOT_LESS] != 0) {
        const vword less = less_mask(symbols, stride, pass->drawn_words);
        for (uint w = 0; w < pass->drawn_words; ++w) {
            const vword s = LOAD_WORDS(symbols, w * stride);
            const vword exchanged = problem_exchanged(s, CARRYNET_INPUTS);
            STORE_WORDS(symbols, w * stride, s ^ ((s ^ exchanged) & less));
        }
    }
    for (uint t = pass->drawn_steps; t < pass->steps; ++t) {
        const uint closing = task[CARRYNET_AUTOMATON_CLOSING] >> (4 * (t - pass->drawn_steps)) & 15u;
        const uint w = t / SYMBOLS_A_WORD * stride, shift = CARRYNET_INPUTS * (t % SYMBOLS_A_WORD);
        STORE_WORDS(symbols, w, LOAD_WORDS(symbols, w) | (vword)(closing << shift));
    }
    vword state = (vword)(task[CARRYNET_AUTOMATON_START]), read = (vword)(0u), written = (vword)(0u);
    for (uint t = 0; t < pass->steps; ++t) {
        const uint in = t % SYMBOLS_A_WORD, out = t % OUTPUTS_A_WORD;
        if (in == 0)
            read = LOAD_WORDS(symbols, t / SYMBOLS_A_WORD * stride);
        const vword symbol = read & (vword)((1u << CARRYNET_INPUTS) - 1);
        read >>= CARRYNET_INPUTS;
        written |= automaton_step(&state, symbol, task) << (CARRYNET_OUTPUTS * out);
        if (out == OUTPUTS_A_WORD - 1 || t + 1 == pass->steps) {
            STORE_WORDS(targets, t / OUTPUTS_A_WORD * stride, written);
            written = (vword)(0u);
        }
    }
}

/* CARRYNET_LANES problems, number `first` of update `update` and on. */
static inline void generate_problems(global uint *symbols, global uint *targets, const struct carrynet_pass *pass,
                                 const global uint *task, const global uint *config, const uint update,
                                 const ulong first)
{
    const uint n = pass->drawn_words;
    for (uint w = 0; w < n; ++w)
        STORE_WORDS(symbols, w * CARRYNET_BLOCK, random_words(first * n + w, n, update, config));
    finish_problems(symbols, targets, CARRYNET_BLOCK, pass, task);
}

#if CARRYNET_LANES > 1
/*
 * A block of them; `first` is a multiple of CARRYNET_BLOCK. Where a problem has one word, all four words of
 * CARRYNET_LANES Philox blocks are used at once, whose numbers have one high word.
 */
static inline void generate_block(global uint *symbols, global uint *targets, const struct carrynet_pass *pass,
                              const global uint *task, const global uint *config, const uint update,
                              const ulong first)
{
    for (uint s = 0; s < pass->rows && pass->drawn_words != 1; s += CARRYNET_LANES)
        generate_problems(symbols + s, targets + s, pass, task, config, update, first + s);
    for (uint s = 0; s < pass->rows && pass->drawn_words == 1; s += 4 * CARRYNET_LANES) {
        vword c[4];
        uint words[4][CARRYNET_LANES];
        problem_block(c, (vword)((uint)((first + s) >> 2)) + (vword)(CARRYNET_LANE_NUMBERS),
                      (vword)((uint)((first + s) >> 34)), (vword)(update), CARRYNET_STREAM_PROBLEMS, (vword)(config[CARRYNET_CONFIG_PROBLEMS]),
                      (vword)(config[CARRYNET_CONFIG_PROBLEMS + 1]));
        for (uint k = 0; k < 4; ++k)
            STORE_WORDS(words[k], 0, c[k]);
        for (uint i = 0; i < 4 * CARRYNET_LANES; ++i)
            symbols[s + i] = words[i % 4][i / 4];
        for (uint i = 0; i < 4 && s + i * CARRYNET_LANES < pass->rows; ++i)
            finish_problems(symbols + s + i * CARRYNET_LANES, targets + s + i * CARRYNET_LANES, CARRYNET_BLOCK, pass,
                            task);
    }
}
#endif
