/* `carrynet doctor`: what it says where OpenCL is there, is missing or is broken; and what a job's environment becomes. */
#include "program_run.h"
#include <jansson.h>

TestSuite(doctor, .init = program_enter, .fini = program_leave, .timeout = 300);

/* The report as JSON, from a run with these variables. */
static json_t *report(int *code, const char *const *variables)
{
    struct program_result result = program_run("", variables, PROGRAM_WORDS("doctor", "--json"));
    json_t *object = json_loads(result.out, 0, NULL);
    cr_assert_not_null(object, "no JSON: %s%s", result.out, result.err);
    *code = result.code;
    program_done(&result);
    return object;
}

static const char *text_at(const json_t *object, const char *part, const char *name)
{
    const char *text = json_string_value(json_object_get(json_object_get(object, part), name));
    cr_assert_not_null(text, "no %s in %s", name, part);
    return text;
}

/* Without drivers, so that a run takes no time. */
#define ALONE "OCL_ICD_VENDORS=/nonexistent/vendors", "OCL_ICD_FILENAMES="

static void expect_variable(const char *name, const char *value, const char *const *variables)
{
    int code;
    json_t *object = report(&code, variables);
    cr_expect_str_eq(text_at(object, "environment", name), value);
    json_decref(object);
}

Test(doctor, agrees_with_its_exit_code)
{
    int code;
    json_t *object = report(&code, NULL);
    const json_int_t working = json_integer_value(json_object_get(object, "working_devices"));
    json_t *devices = json_object_get(object, "devices"), *device;
    json_int_t works = 0;
    size_t i;
    cr_expect_eq(code, working > 0 ? 0 : 3);
    json_array_foreach(devices, i, device) works += json_is_true(json_object_get(device, "works")) ? 1 : 0;
    cr_expect_eq(works, working);
    if (json_array_size(devices) == 0)
        cr_expect_gt(json_array_size(json_object_get(object, "what_to_do")), 0);
    json_decref(object);
}

Test(doctor, says_what_to_install)
{
    struct program_result result = PROGRAM_WITHOUT_OPENCL("doctor");
    EXPECT_CODE(result, 3);
    EXPECT_SAYS(result.out, "pocl-opencl-icd");
    EXPECT_SAYS(result.out, "/nonexistent/vendors, which is not there");
    EXPECT_SAYS(result.out, "0 of 0 OpenCL devices");
    EXPECT_SAYS(result.out, "--device host");
    for (const char *line = result.out; *line != '\0'; line += strcspn(line, "\n"), line += *line == '\n' ? 1 : 0)
        cr_expect_lt(strcspn(line, "\n"), 80, "too long: %.*s", (int)strcspn(line, "\n"), line);
    program_done(&result);
}

Test(doctor, says_which_driver_is_broken)
{
    struct program_result result;
    cr_assert_eq(mkdir("vendors", 0700), 0);
    program_write("vendors/gone.icd", "libgone-carrynet.so.1\n", 22);
    program_write("vendors/empty.icd", "", 0);
    program_write("vendors/other.icd", "libm.so.6\n", 10);
    program_write("vendors/notes.txt", "x", 1);
    result = program_run("", (const char *const[]){"OCL_ICD_VENDORS=vendors", "OCL_ICD_FILENAMES=", NULL},
                         PROGRAM_WORDS("doctor"));
    EXPECT_CODE(result, 3);
    EXPECT_SAYS(result.out, "vendors/gone.icd");
    EXPECT_SAYS(result.out, "libgone-carrynet.so.1");
    EXPECT_SAYS(result.out, "it is no OpenCL driver");
    EXPECT_SAYS(result.out, "the file names no library");
    EXPECT_SAYS(result.out, "pocl-opencl-icd");
    cr_expect(strstr(result.out, "notes.txt") == NULL);
    program_done(&result);
}

Test(doctor, refuses_operands)
{
    EXPECT_ERROR(2, "'x' is not expected", "doctor", "x");
}

/* ---- jobs ------------------------------------------------------------------------------------------------------ */

Test(doctor, job_keeps_kernels_in_its_temporary_folder)
{
    char folder[300], own[600], variable[400];
    struct stat about;
    (void)snprintf(folder, sizeof folder, "TMPDIR=%s", program_folder);
    (void)snprintf(own, sizeof own, "%s/carrynet-pocl-%lu-7.server", program_folder, (unsigned long)geteuid());
    expect_variable("POCL_CACHE_DIR", own,
                    (const char *const[]){ALONE, "PBS_JOBID=7.server", "SLURM_JOB_ID=", "SLURM_TMPDIR=", folder,
                                          "POCL_CACHE_DIR=", NULL});
    cr_assert_eq(stat(own, &about), 0);
    cr_expect_eq(about.st_mode & 0777u, 0700u);
    /* What is set stays, and without a job nothing is. */
    expect_variable("POCL_CACHE_DIR", "mine",
                    (const char *const[]){ALONE, "SLURM_JOB_ID=8", folder, "POCL_CACHE_DIR=mine", NULL});
    expect_variable(
        "POCL_CACHE_DIR", "not set",
        (const char *const[]){ALONE, "SLURM_JOB_ID=", "PBS_JOBID=", "LSB_JOBID=", folder, "POCL_CACHE_DIR=", NULL});
    /* A folder that others can write to could hold their code. */
    cr_assert_eq(chmod(own, 0777), 0);
    expect_variable("POCL_CACHE_DIR", "not set",
                    (const char *const[]){ALONE, "PBS_JOBID=7.server", "SLURM_JOB_ID=", "SLURM_TMPDIR=", folder,
                                          "POCL_CACHE_DIR=", NULL});
    /* Slurm's own folder goes before. */
    cr_assert_eq(mkdir("node", 0700), 0);
    (void)snprintf(variable, sizeof variable, "SLURM_TMPDIR=%s/node", program_folder);
    (void)snprintf(own, sizeof own, "%s/node/carrynet-pocl-%lu-8", program_folder, (unsigned long)geteuid());
    expect_variable("POCL_CACHE_DIR", own,
                    (const char *const[]){ALONE, "SLURM_JOB_ID=8", variable, folder, "POCL_CACHE_DIR=", NULL});
}

Test(doctor, job_makes_as_many_threads_as_it_has_cores)
{
#define UNSET "POCL_MAX_PTHREAD_COUNT=", "POCL_CPU_MAX_CU_COUNT=", "DPCPP_CPU_NUM_CUS="
    if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
        return; /* one core is all there is */
    expect_variable("POCL_MAX_PTHREAD_COUNT", "1", (const char *const[]){ALONE, "SLURM_CPUS_PER_TASK=1", UNSET, NULL});
    expect_variable("DPCPP_CPU_NUM_CUS", "1", (const char *const[]){ALONE, "SLURM_CPUS_PER_TASK=1", UNSET, NULL});
    expect_variable("POCL_MAX_PTHREAD_COUNT", "5",
                    (const char *const[]){ALONE, "SLURM_CPUS_PER_TASK=1", "POCL_MAX_PTHREAD_COUNT=5", NULL});
}
