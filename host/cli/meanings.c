/* The meanings of exit codes and environment variables: for --help, the man pages and `carrynet doctor`. */
#include "cli/options.h"

const cli_meaning exit_meanings[] = {
    {"0", "done", NULL},
    {"1", "a check failed", "wrong sums, refuted, rejected, a bit that differs"},
    {"2", "wrong command line", NULL},
    {"3", "device", "there is none, or it is not admitted, or an OpenCL call failed"},
    {"4", "file", "one that cannot be read or written, or is not what it should be"},
    {"5", "not reached (not exact, not decided)", NULL},
    {"130", "Ctrl-C", "what there is is saved"},
    {"143", "SIGTERM", "likewise"},
    {"129", "SIGHUP", "likewise"},
    {NULL, NULL, NULL},
};

const cli_meaning variable_meanings[] = {
    {"CARRYNET_DEVICE", "the device where --device is not given", NULL},
    {"CARRYNET_KERNEL_DIR", "a folder with kernels to use in place of the embedded ones", NULL},
    {"OCL_ICD_VENDORS", "a folder with the .icd files of the OpenCL drivers to see",
     "For the loader ocl-icd also one .icd file, or the name of one driver's library"},
    {"OCL_ICD_FILENAMES", "OpenCL drivers to see beside those, as the names of their libraries",
     "For Khronos' loader; ocl-icd does not know it"},
    {"POCL_CACHE_DIR", "where pocl keeps compiled kernels",
     "If it cannot be used, a folder in TMPDIR or /tmp is, and that is said. Where it is not set, a job of Slurm, PBS, "
     "LSF or Grid Engine keeps them in its temporary folder, of SLURM_TMPDIR "
     "or TMPDIR"},
    {"POCL_MAX_PTHREAD_COUNT", "threads of pocl",
     "--threads N sets it; without either it is set where a limit of the process allows fewer cores than there are"},
    {"POCL_CPU_MAX_CU_COUNT", "the same for newer pocl", NULL},
    {"DPCPP_CPU_NUM_CUS", "the same for Intel's CPU runtime", NULL},
    {"SLURM_CPUS_PER_TASK", "cores of a task of a job; no more threads than that are made", NULL},
    {"NO_COLOR", "no colours on a terminal", NULL},
    {NULL, NULL, NULL},
};
