#!/bin/sh
# Runs a program in several processes, as tests want them: more than there are cores, as root too, not bound to cores.
#
#     under_mpirun.sh MPIRUN RANKS PROGRAM ARGUMENT... [: -n 1 PROGRAM ARGUMENT...]...
#
# MPIRUN is OpenMPI's or MPICH's; "" is none, and 77 the exit code that ctest takes for a skip. Exit code: mpirun's.
mpirun=$1 ranks=$2
shift 2
if ! command -v "$mpirun" > /dev/null; then
    printf 'SKIP: no mpirun, or built without MPI. Debian, Ubuntu: apt-get install libopenmpi-dev openmpi-bin\n'
    exit 77
fi
if "$mpirun" --version 2>&1 | grep -qiE 'open *(mpi|rte)'; then
    # OpenMPI 4 (OMPI_) and 5, whose launcher is PRRTE (PRTE_).
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
    export OMPI_MCA_rmaps_base_oversubscribe=1 PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe
    export OMPI_MCA_hwloc_base_binding_policy=none PRTE_MCA_hwloc_default_binding_policy=none
    export OMPI_MCA_mpi_yield_when_idle=1 OMPI_MCA_btl_vader_single_copy_mechanism=none OMPI_MCA_btl_sm_single_copy_mechanism=none
    # mpirun 5.0.7 crashes in its own variables for several programs; without them ranks still know theirs by PMIX_RANK.
    case " $* " in *' : '*) export PMIX_MCA_pmdl=^ompi ;; esac
fi
exec "$mpirun" -n "$ranks" "$@"
