/* The number of ranks, from the environment that MPI launchers set; known before MPI is initialized. */
#include "comm/collectives.h"
#include <stdlib.h>

/* OpenMPI's mpirun; MPICH's, and others that speak PMI, such as srun --mpi=pmi2. */
static const char *const counts[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE"};

bool carrynet_comm_launched(uint32_t *count)
{
    uint64_t number = 0;
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; ++i) {
        const char *value = getenv(counts[i]);
        const char *end = value != NULL ? sys_read_whole(&number, value, UINT32_MAX) : NULL;
        if (end != NULL && *end == '\0' && number > 0) {
            *count = (uint32_t)number;
            return true;
        }
    }
    *count = 0;
    if (getenv("PMIX_RANK") == NULL)
        return false;
    /* srun --mpi=pmix says which rank it is, and Slurm of how many. */
    const char *tasks = getenv("SLURM_STEP_NUM_TASKS");
    const char *end = tasks != NULL ? sys_read_whole(&number, tasks, UINT32_MAX) : NULL;
    if (end != NULL && *end == '\0')
        *count = (uint32_t)number;
    return true;
}
