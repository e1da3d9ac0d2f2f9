/*
 * The interface of a backend. A backend holds the parameters and moments of N networks on its device and, between
 * gradient and update, one summed gradient a network. struct backend is the first member of every implementation.
 */
#ifndef BACKEND_BACKEND_H
#define BACKEND_BACKEND_H

#include "comm/collectives.h"
#include "model/optimizer.h"
#include "model/pass.h"
#include <carrynet/profile.h>

struct backend {
    const struct backend_operations *operations;
};

/* Those marked as optional may be NULL. */
struct backend_operations {
    void (*free)(struct backend *backend);
    uint64_t (*memory)(struct backend *backend);
    uint64_t (*need)(struct backend *backend); /* the most that memory may become by training and measuring */
    carrynet_status (*get)(struct backend *backend, carrynet_part part, size_t first, size_t count, void *values);
    carrynet_status (*set)(struct backend *backend, carrynet_part part, size_t first, size_t count, const void *values);

    /* Networks 0, ..., count - 1 become those that were from [count], from[i] >= i, each taken once; the rest leave. */
    carrynet_status (*compact)(struct backend *backend, const uint32_t *from, uint32_t count);

    /*
     * Makes ready for a pass: *staged is the backend's own, has symbols and targets to be filled, unless the backend
     * generates them, and is what the pass is run with. It holds until the next is staged.
     */
    carrynet_status (*stage)(struct backend *backend, struct net_pass **staged, const struct net_pass *pass);

    /*
     * Optional. Which sequences of network `network` a staged pass needs from this process: *count from *first on; the
     * others need not be filled. NULL: all.
     */
    void (*wants)(struct backend *backend, const struct net_pass *staged, uint32_t network, size_t *first,
                  size_t *count);

    /* The gradient of the staged sequences into the sums. May return before it is done; network configs are copied. */
    carrynet_status (*gradient)(struct backend *backend, struct net_pass *staged);

    /*
     * Optional, as the next. Trains for `updates` > 0 updates with problems that the backend generates; rates
     * [updates][networks]. The sums are then those of the last update. May return before it is done.
     */
    carrynet_status (*train)(struct backend *backend, const struct net_pass *pass, const struct net_rates *rates,
                             uint32_t updates);

    /* Builds what training with generated problems launches. */
    carrynet_status (*prepare)(struct backend *backend, const struct net_pass *pass);

    /* Reads the sums: values [networks][trained] or NULL, and metrics [networks] or NULL (sequences are not set). */
    carrynet_status (*get_sums)(struct backend *backend, void *values, carrynet_metrics *metrics);
    carrynet_status (*set_sums)(struct backend *backend, const void *values);

    /* Applies the sums over `sequences` sequences: rates [networks], copied. May return before it is done. */
    carrynet_status (*update)(struct backend *backend, const struct net_rates *rates, uint64_t sequences);

    carrynet_status (*forward)(struct backend *backend, struct net_pass *staged, const carrynet_forward *outputs);

    /* As in profile.h. */
    carrynet_status (*profile)(struct backend *backend, carrynet_profile *profile);
    carrynet_status (*peak)(struct backend *backend, double *flops);
};

/* Bytes of a line that names a device and how it is used. */
enum { BACKEND_DESCRIPTION = 512 };

static inline void backend_free(struct backend *backend)
{
    if (backend != NULL)
        backend->operations->free(backend);
}

/*
 * Stages a pass of `networks` networks and fills in the problems of the source that the backend does not generate. Collective
 * in comm, as the next, which may be NULL: a source may fail on one rank alone.
 */
carrynet_status backend_stage(struct backend *backend, carrynet_comm *comm, struct net_pass **staged,
                              const struct net_pass *pass, uint32_t networks, const carrynet_source *source);

/*
 * Trains them for some updates: rates [updates][networks]. The network configs are those of the pass, and have had as many more
 * updates afterwards. For no updates it gets ready, so that a clock may start.
 */
carrynet_status backend_train(struct backend *backend, carrynet_comm *comm, const struct net_pass *pass,
                              carrynet_network_config *configs, uint32_t networks, const carrynet_source *source,
                              const struct net_rates *rates, uint32_t updates);

#endif
