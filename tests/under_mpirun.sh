#!/bin/sh
# Runs a program in several processes, as tests want them: more than there are cores, as root too, not bound to cores.
#
#     under_mpirun.sh MPIRUN RANKS PROGRAM ARGUMENT...
#
# MPIRUN is OpenMPI's or MPICH's; "" is none, and 77 the exit code that ctest takes for a skip. Exit code: mpirun's.
mpirun=$1 ranks=$2
shift 2
if ! command -v "$mpirun" > /dev/null; then
    printf 'SKIP: no mpirun, or built without MPI. Debian, Ubuntu: apt-get install libopenmpi-dev openmpi-bin\n'
    exit 77
fi
if "$mpirun" --version 2>&1 | grep -qiE 'open *(mpi|rte)'; then
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_hwloc_base_binding_policy=none
    export OMPI_MCA_mpi_yield_when_idle=1 OMPI_MCA_btl_vader_single_copy_mechanism=none
    exec "$mpirun" -n "$ranks" "$@"
fi
exec "$mpirun" -n "$ranks" "$@"
