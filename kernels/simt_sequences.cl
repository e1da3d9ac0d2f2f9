/*
 * SIMT variant: the forward pass and the deltas of the sequences of a work-group, for the gradient in one stage (simt_gradient.cl) and
 * in two (simt_stages.cl). One barrier a step: what a step writes, hidden values or deltas, lies beside what it reads.
 *
 * The history is written to scratch: h [T + 1][rows][QUADS] (that of step 0 is not written), dy [T][rows][O]. An item reads only those
 * elements of it that it has written itself.
 */
#pragma OPENCL FP_CONTRACT OFF

/* What a group works with, beside struct work. */
struct training {
    struct work work;
    local real4 *deltas;       /* [2][SEQUENCES][PITCH]: dh, of steps of equal parity */
    local real *slopes;        /* [2][SEQUENCES][O]: dy, likewise */
    WEIGHTS real4 *transposed; /* [H][QUADS]: for the deltas in place of weights */
    global real4 *h;           /* of the group's first sequence on */
    global real *dy;           /* likewise */
    global real4 *dh;          /* likewise, of the gradient in two stages */
};

/* Training noise, of the sequence `first` of the update's batch on. */
struct noise {
    const global uint *config;
    uint update;
    real amount; /* 0: none */
    ulong first;
};

/* Noise of units 4 quad, ..., 4 quad + 3 of sequence s: words (p T + t) 4 ceil(H/4) + unit, one block of the generator. */
static inline void add_noise(real v[4], const struct noise *noise, const uint steps, const int s, const int t, const int quad)
{
    const ulong counter = ((noise->first + s) * steps + t) * QUADS + quad;
    uint c[4] = {(uint)counter, (uint)(counter >> 32), noise->update, CARRYNET_STREAM_NOISE};
    philox4x32(&c[0], &c[1], &c[2], &c[3], (vword)(noise->config[CARRYNET_CONFIG_SEED]),
               (vword)(noise->config[CARRYNET_CONFIG_SEED + 1]));
#pragma unroll UNROLL
    for (int i = 0; i < 4; ++i)
        v[i] = flush(v[i] + uniform(c[i], (vreal)(noise->amount)));
}

/* dy and the metrics of step t, from h[t+1]. An item has whole sequences, and finds its own metrics again. */
static inline void output_step(const struct training *g, const struct block *b, const struct carrynet_pass *pass,
                               const global real *p, const int t)
{
    const local real4 *next = g->work.hidden + (t + 1) % 2 * STEP;
    EACH(s, b->count)
    {
        const uint target = unpacked(&b->targets, O, s, t);
        for (int o = 0; o < O; ++o) {
            const real sum = logit(next + s * PITCH, g->work.w_hy + o * QUADS);
            const real z = pass->bias ? p[B_Y + o] + sum : sum;
            g->dy[(t * (int)pass->rows + s) * O + o] = measure(&g->work, pass->loss, s, z, sigmoid(z), target >> o & 1);
        }
    }
}

/* The forward pass; the weights are there, metrics are cleared. Ends without a barrier. */
static inline void forward_block(const struct training *g, const struct block *b, const struct carrynet_pass *pass,
                                 const global real *p, const struct noise *noise)
{
    const int rows = (int)pass->rows;
    stage_symbols(&g->work, b, 0);
    if (pass->initial_state)
        load_start(&g->work, p, pass->bias);
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int t = 0; t < (int)pass->steps; ++t) {
        local real4 *next = g->work.hidden + (t + 1) % 2 * STEP;
        EACH_TILE(tile)
        {
            const int quad = tile % QUADS, first = tile / QUADS;
            real sum[TILE][4];
            hidden_tile(sum, &g->work, t > 0 || pass->initial_state, t, first, quad);
#pragma unroll UNROLL
            for (int r = 0; r < TILE; ++r) {
                const int s = first + r * ACROSS;
                if (noise->amount > 0)
                    add_noise(sum[r], noise, pass->steps, s, t, quad);
                const real4 value = quad_of(sum[r]);
                next[s * PITCH + quad] = value;
                if (s < b->count)
                    g->h[(size_t)((t + 1) * rows + s) * QUADS + quad] = value;
            }
        }
        if (t + 1 < (int)pass->steps)
            stage_symbols(&g->work, b, t + 1);
        barrier(CLK_LOCAL_MEM_FENCE);
        output_step(g, b, pass, p, t);
        BARRIER_ENDS_LOOP;
    }
}

/* dy of step t to local memory, by the items that wrote it; beyond the last sequence 0. */
static inline void stage_slopes(const struct training *g, const struct block *b, const struct carrynet_pass *pass, const int t)
{
    EACH(s, SEQUENCES)
    for (int o = 0; o < O; ++o)
        g->slopes[(t % 2 * SEQUENCES + s) * O + o] = s < b->count ? g->dy[(t * (int)pass->rows + s) * O + o] : 0;
}

/* dh[t] but for the factor h (1 - h), from dy[t] and dh[t+1]. */
static inline void delta_tile(real sum[TILE][4], const struct training *g, const int chained, const int t, const int first,
                              const int quad)
{
    const local real *slopes = g->slopes + t % 2 * SEQUENCES * O;
#pragma unroll UNROLL
    for (int r = 0; r < TILE; ++r)
#pragma unroll UNROLL
        for (int c = 0; c < 4; ++c)
            sum[r][c] = 0;
    for (int o = 0; o < O; ++o) {
        const real4 w = g->work.w_hy[o * QUADS + quad];
#pragma unroll UNROLL
        for (int r = 0; r < TILE; ++r)
            FMA_QUAD(sum[r], slopes[(first + r * ACROSS) * O + o], w);
    }
    if (chained)
        chain(sum, g->deltas + (t + 1) % 2 * STEP + first * PITCH, g->transposed + quad);
}

/* dh[t] from its sum and h[t+1]. */
static inline real4 delta_quad(const real sum[4], const real4 x)
{
    const real one = 1;
    return (real4)(flush(sum[0] * (x.s0 * (one - x.s0))), flush(sum[1] * (x.s1 * (one - x.s1))),
                   flush(sum[2] * (x.s2 * (one - x.s2))), flush(sum[3] * (x.s3 * (one - x.s3))));
}
