/* One update, for every backend: sequences from the source, then the gradient, then the optimizer. */
#include "backend/backend.h"

carrynet_status backend_stage(struct backend *backend, carrynet_comm *comm, struct net_pass **staged,
                              const struct net_pass *pass, uint32_t networks, const carrynet_source *source)
{
    const struct backend_operations *operations = backend->operations;
    carrynet_status status = operations->stage(backend, staged, pass);
    if (status != CARRYNET_OK || (*staged)->symbols == NULL)
        return status;
    for (uint32_t n = 0; n < networks && status == CARRYNET_OK; ++n) {
        const carrynet_network_config *config = &pass->configs[n];
        size_t first = 0, count = pass->sequences;
        if (operations->wants != NULL)
            operations->wants(backend, *staged, n, &first, &count);
        const size_t at = n * pass->sequences + first;
        if (count > 0)
            status =
                source->fill(source->self, config->problem_seed, config->updates, (size_t)pass->first_sequence + first,
                             count, pass->steps, (*staged)->symbols + at * pass->symbol_words,
                             (*staged)->targets + at * pass->target_words);
    }
    return comm_allreduce_status(comm, status);
}

carrynet_status backend_train(struct backend *backend, carrynet_comm *comm, const struct net_pass *pass,
                              carrynet_network_config *configs, uint32_t networks, const carrynet_source *source,
                              const struct net_rates *rates, uint32_t updates)
{
    const struct backend_operations *operations = backend->operations;
    struct net_pass *staged = NULL;
    carrynet_status status = CARRYNET_OK;
    if (pass->task != NULL && updates == 0 && operations->prepare != NULL)
        return operations->prepare(backend, pass);
    if (pass->task != NULL && updates > 0 && operations->train != NULL) {
        status = operations->train(backend, pass, rates, updates);
        for (uint32_t n = 0; n < networks && status == CARRYNET_OK; ++n)
            configs[n].updates += updates;
        return status;
    }
    for (uint32_t u = 0; u < updates && status == CARRYNET_OK; ++u) {
        status = backend_stage(backend, comm, &staged, pass, networks, source);
        if (status == CARRYNET_OK)
            status = operations->gradient(backend, staged);
        if (status == CARRYNET_OK)
            status = operations->update(backend, rates + (size_t)u * networks, pass->sequences);
        for (uint32_t n = 0; n < networks && status == CARRYNET_OK; ++n)
            ++configs[n].updates;
    }
    return status;
}
