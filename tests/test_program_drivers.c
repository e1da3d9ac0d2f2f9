/*
 * OpenCL drivers that abort, hang, crash, exit or are cut short; what the loader and `carrynet doctor` take for drivers;
 * and folders that pocl cannot keep its kernels in.
 */
#include "program_run.h"
#include <jansson.h>
#include <signal.h>

TestSuite(drivers, .init = program_enter, .fini = program_leave, .timeout = 300);

/* A folder with one .icd file of this content, as a text for printf and what goes into it. */
static void plant(const char *folder, const char *format, const char *library)
{
    char path[300], text[600];
    (void)mkdir(folder, 0700);
    (void)snprintf(path, sizeof path, "%s/planted.icd", folder);
    (void)snprintf(text, sizeof text, format, library);
    program_write(path, text, strlen(text));
}

/* The library of a planted driver. */
static const char *planted(const char *kind)
{
    static char path[512];
    (void)snprintf(path, sizeof path, "%s/libplanted_%s.so", CARRYNET_DRIVERS, kind);
    return path;
}

static json_t *report(int *code, const char *const *variables)
{
    struct program_result result = program_run("", variables, PROGRAM_WORDS("doctor", "--json"));
    json_t *object = json_loads(result.out, 0, NULL);
    cr_assert_not_null(object, "no JSON: %s%s", result.out, result.err);
    *code = result.code;
    program_done(&result);
    return object;
}

static json_t *driver_at(const json_t *object, size_t i)
{
    return json_array_get(json_object_get(json_object_get(object, "OpenCL"), "drivers"), i);
}

/* Whether some advice has these words. */
static bool advises(const json_t *object, const char *words)
{
    const json_t *list = json_object_get(object, "what_to_do");
    for (size_t i = 0; i < json_array_size(list); ++i)
        if (strstr(json_string_value(json_array_get(list, i)), words) != NULL)
            return true;
    return false;
}

static bool has_pocl(void)
{
    return access("/etc/OpenCL/vendors/pocl.icd", R_OK) == 0;
}

/* ---- drivers that end the program ------------------------------------------------------------------------------ */

static void expect_named(const char *library, const char *what)
{
    int code;
    plant("vendors", "%s\n", library);
    json_t *object = report(&code, (const char *const[]){"OCL_ICD_VENDORS=vendors", "OCL_ICD_FILENAMES=", NULL});
    const char *reason = json_string_value(json_object_get(driver_at(object, 0), "reason"));
    cr_expect_eq(code, 3);
    cr_assert_not_null(reason, "%s is not found wrong", library);
    EXPECT_SAYS(reason, what);
    cr_expect(advises(object, "vendors/planted.icd"), "no advice about %s", library);
    cr_expect_not_null(json_object_get(object, "environment"));
    json_decref(object);
}

Test(drivers, doctor_names_the_one_that_dies)
{
    size_t size;
    expect_named(planted("aborts"), "SIGABRT");
    expect_named(planted("crashes"), "SIGSEGV");
    expect_named(planted("exits"), "exit");
    expect_named(planted("hangs"), "no answer");
    expect_named(planted("hangs_opened"), "no answer");
    expect_named(planted("prints"), "without end");
    char *bytes = program_file(planted("empty"), &size), path[300];
    program_write("cut.so", bytes, 5000);
    free(bytes);
    (void)snprintf(path, sizeof path, "%s/cut.so", program_folder);
    expect_named(path, ""); /* a signal or the linker's words, by where it is cut */
}

Test(drivers, doctor_prints_what_it_knows_before)
{
    plant("vendors", "%s\n", planted("aborts"));
    if (has_pocl())
        cr_assert_eq(symlink("/etc/OpenCL/vendors/pocl.icd", "vendors/pocl.icd"), 0);
    struct program_result result =
        program_run("", (const char *const[]){"OCL_ICD_VENDORS=vendors", NULL}, PROGRAM_WORDS("doctor"));
    EXPECT_CODE(result, 3);
    EXPECT_SAYS(result.out, "cores of this process");
    EXPECT_SAYS(result.out, "kernel cache of pocl");
    EXPECT_SAYS(result.out, "ended by SIGABRT");
    if (has_pocl()) {
        EXPECT_SAYS(result.out, "OCL_ICD_VENDORS=vendors/pocl.icd carrynet");
        EXPECT_SAYS(result.out, "1 of 1 OpenCL devices");
    } else {
        EXPECT_SAYS(result.out, "--device host");
    }
    program_done(&result);
    result = program_run("", (const char *const[]){"OCL_ICD_VENDORS=vendors", NULL}, PROGRAM_WORDS("--version"));
    EXPECT_CODE(result, 0);
    EXPECT_SAYS(result.out, "carrynet doctor");
    program_done(&result);
}

Test(drivers, others_commands_say_what_happened)
{
    plant("vendors", "%s\n", planted("aborts"));
    const char *const variables[] = {"OCL_ICD_VENDORS=vendors", "OCL_ICD_FILENAMES=", NULL};
    struct program_result result = program_run("", variables, PROGRAM_WORDS("train", "-q", "-o", "m.safetensors"));
    EXPECT_CODE(result, 128 + SIGABRT);
    EXPECT_SAYS(result.err, "carrynet doctor");
    program_done(&result);
    plant("vendors", "%s\n", planted("exits"));
    result = program_run("", variables, PROGRAM_WORDS("devices"));
    EXPECT_CODE(result, 3); /* not 0, which the driver said */
    EXPECT_SAYS(result.err, "carrynet doctor");
    program_done(&result);
    result = program_run("", variables, PROGRAM_WORDS("train", "-q", "--device", "Reference", "-o", "m.safetensors"));
    EXPECT_CODE(result, 0); /* touches no driver */
    program_done(&result);
}

/* A shell command before the program and after it, with a driver of this kind. */
static struct program_result run_shell(const char *kind, const char *before, const char *words)
{
    char command[600];
    plant("vendors", "%s\n", planted(kind));
    (void)snprintf(command, sizeof command, "%s; exec '%s' %s", before, CARRYNET_PROGRAM, words);
    return program_run("", (const char *const[]){"OCL_ICD_VENDORS=vendors", "OCL_ICD_FILENAMES=", NULL},
                       (const char *const[]){"/bin/sh", "-c", command, NULL});
}

Test(drivers, what_the_parent_left_is_no_fault_of_a_driver)
{
    struct program_result result = run_shell("crashes", "trap '' CHLD", "doctor");
    EXPECT_CODE(result, 3);
    EXPECT_SAYS(result.out, "SIGSEGV"); /* not lost, though children are ignored */
    program_done(&result);
    result = run_shell("empty", "ulimit -n 5", "--version"); /* no room for pipes to a child */
    EXPECT_CODE(result, 0);
    EXPECT_SAYS(result.out, "not asked");
    cr_expect_null(strstr(result.out, "stops every program"), "%s", result.out);
    program_done(&result);
    result = run_shell("empty", "ulimit -n 5", "doctor");
    EXPECT_CODE(result, 3);
    EXPECT_SAYS(result.out, "not asked");
    cr_expect_null(strstr(result.out, "stops every program"), "%s", result.out);
    program_done(&result);
}

Test(drivers, one_signal_ends_a_proof_that_a_driver_holds_up)
{
    static const char *const ways[] = {"exhaustion", "auto"};
    struct program_result result = program_run("", (const char *const[]){"CARRYNET_DEVICE=host", NULL},
                                               PROGRAM_WORDS("train", "-q", "--until", "exact", "-o", "m.safetensors"));
    EXPECT_CODE(result, 0);
    program_done(&result);
    plant("vendors", "%s\n", planted("hangs"));
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; ++i) {
        const pid_t child = program_start(
            (const char *const[]){"OCL_ICD_VENDORS=vendors", "OCL_ICD_FILENAMES=", NULL},
            PROGRAM_WORDS("prove", "m.safetensors", "--by", ways[i], "--states", "1000000", "--budget", "1"));
        program_wait_until_said("planted: asked");
        cr_assert_eq(kill(child, SIGTERM), 0);
        result = program_wait(child);
        EXPECT_CODE(result, 128 + SIGTERM);
        program_done(&result);
    }
}

Test(drivers, one_signal_ends_what_a_driver_holds_up)
{
    static const int signals[] = {SIGTERM, SIGINT};
    plant("vendors", "%s\n", planted("hangs"));
    program_write("in.txt", "", 0);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; ++i) {
        const pid_t child = program_start((const char *const[]){"OCL_ICD_VENDORS=vendors", "OCL_ICD_FILENAMES=", NULL},
                                          PROGRAM_WORDS("train", "-o", "m.safetensors"));
        program_wait_until_said("planted: asked");
        cr_assert_eq(kill(child, signals[i]), 0);
        struct program_result result = program_wait(child);
        EXPECT_CODE(result, 128 + signals[i]);
        program_done(&result);
    }
}

Test(drivers, quiet_is_not_silent_about_the_fallback)
{
    struct program_result result = PROGRAM_WITHOUT_OPENCL("train", "-q", "--updates", "1", "-o", "m.safetensors");
    EXPECT_CODE(result, 0);
    EXPECT_SAYS(result.err, "no OpenCL device is used");
    program_done(&result);
    result = PROGRAM("train", "-q", "--updates", "1", "-o", "m.safetensors");
    cr_expect_str_empty(result.err, "said though it was asked for: %s", result.err);
    program_done(&result);
}

/* ---- the loader ------------------------------------------------------------------------------------------------ */

/* What the loader does, and what doctor says that it does. */
static void expect_agreement(const char *what, const char *const *variables, bool any_loader_opens)
{
    int code;
    struct program_result result = program_run("", variables, PROGRAM_WORDS("devices"));
    const bool opens = strstr(result.err, "planted: opened") != NULL;
    json_t *object = report(&code, variables), *driver = driver_at(object, 0);
    const bool says = json_is_true(json_object_get(driver, "opened"));
    cr_expect_eq(code, 3);
    cr_expect_eq(opens, says, "%s: the loader opens the driver: %d, doctor says %d", what, opens, says);
    cr_expect(opens || !any_loader_opens, "%s: not opened", what);
    json_decref(object);
    program_done(&result);
}

Test(drivers, doctor_sees_what_the_loader_sees)
{
    static const char *const contents[] = {"%s\n",   "%s",      "%s\r\n", "%s \n",    " %s\n",           "\n%s\n",
                                           "%s\n\n", "%s\nx\n", "# %s\n", "\"%s\"\n", "\xef\xbb\xbf%s\n"};
    const char *library = planted("empty");
    char file[600], folder[400], vendors[600], path[600], names[600];
    const char *const plain[] = {"OCL_ICD_VENDORS=vendors", "OCL_ICD_FILENAMES=", "OPENCL_VENDOR_PATH=", NULL};
    for (size_t i = 0; i < sizeof contents / sizeof contents[0]; ++i) {
        plant("vendors", contents[i], library);
        expect_agreement(contents[i], plain, i < 2);
    }
    plant("vendors", "%s\n", library);
    cr_assert_eq(mkdir("none", 0700), 0);
    (void)snprintf(folder, sizeof folder, "OPENCL_VENDOR_PATH=%s/vendors", program_folder);
    (void)snprintf(file, sizeof file, "OCL_ICD_VENDORS=%s", library);
    (void)snprintf(vendors, sizeof vendors, "OCL_ICD_VENDORS=%s/vendors/planted.icd", program_folder);
    (void)snprintf(path, sizeof path, "OPENCL_VENDOR_PATH=%s/none", program_folder);
    (void)snprintf(names, sizeof names, "OCL_ICD_FILENAMES=%s", library);
    expect_agreement("path", (const char *const[]){"OCL_ICD_VENDORS=", "OCL_ICD_FILENAMES=", folder, NULL}, false);
    expect_agreement("library", (const char *const[]){file, "OCL_ICD_FILENAMES=", path, NULL}, false);
    expect_agreement("file", (const char *const[]){vendors, "OCL_ICD_FILENAMES=", path, NULL}, false);
    expect_agreement("file in the path",
                     (const char *const[]){"OCL_ICD_VENDORS=planted.icd", "OCL_ICD_FILENAMES=", folder, NULL}, false);
    expect_agreement("both", (const char *const[]){"OCL_ICD_VENDORS=none", "OCL_ICD_FILENAMES=", folder, NULL}, false);
    expect_agreement("names", (const char *const[]){"OCL_ICD_VENDORS=none", names, path, NULL}, false);
    expect_agreement("gone", (const char *const[]){"OCL_ICD_VENDORS=gone", "OCL_ICD_FILENAMES=", folder, NULL}, false);
}

Test(drivers, doctor_says_what_is_odd)
{
    int code;
    plant("vendors", "%s\r\n", planted("empty"));
    json_t *object = report(&code, (const char *const[]){"OCL_ICD_VENDORS=vendors", "OCL_ICD_FILENAMES=", NULL});
    cr_expect(advises(object, "carriage return"));
    cr_expect(!advises(object, "/dev/dri"));
    json_decref(object);
    if (!has_pocl())
        return;
    object = report(
        &code, (const char *const[]){"OCL_ICD_VENDORS=/etc/OpenCL/vendors/pocl.icd", "POCL_DEVICES=nonsense", NULL});
    cr_expect_eq(code, 3);
    cr_expect(advises(object, "POCL_DEVICES is set to 'nonsense'"));
    cr_expect(!advises(object, "/dev/dri"));
    json_decref(object);
}

/* ---- threads and kernels of pocl ------------------------------------------------------------------------------- */

#define ALONE "OCL_ICD_VENDORS=/nonexistent/vendors", "OCL_ICD_FILENAMES="

Test(drivers, no_number_of_threads_that_ends_pocl)
{
    static const char *const values[] = {"-1",  "0",          "65536", "2147483648", "4294967297",
                                         "two", "4294967295", "1.5",   "0x4",        "18446744073709551617"};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; ++i) {
        int code;
        char variable[64];
        (void)snprintf(variable, sizeof variable, "POCL_MAX_PTHREAD_COUNT=%s", values[i]);
        json_t *object = report(&code, (const char *const[]){ALONE, variable, NULL});
        cr_expect_str_neq(
            json_string_value(json_object_get(json_object_get(object, "environment"), "POCL_MAX_PTHREAD_COUNT")),
            values[i]);
        cr_expect(advises(object, "POCL_MAX_PTHREAD_COUNT"), "nothing is said about %s", values[i]);
        json_decref(object);
    }
}

/* Why the folder cannot be used, and what is in its place; with the variable that names it, NAME=folder. */
static void expect_instead(const char *variable, const char *why, const char *instead)
{
    int code;
    char temporary[300];
    (void)snprintf(temporary, sizeof temporary, "TMPDIR=%s", program_folder);
    json_t *object =
        report(&code, (const char *const[]){ALONE, variable,
                                            "POCL_CACHE_DIR=", "SLURM_JOB_ID=", "PBS_JOBID=", temporary, NULL});
    const json_t *cache = json_object_get(object, "kernel_cache_of_pocl");
    const char *reason = json_string_value(json_object_get(cache, "reason"));
    const char *other = json_string_value(json_object_get(cache, "used_instead"));
    cr_expect(reason != NULL && strstr(reason, why) != NULL, "%s: %s", variable, reason);
    cr_expect(other != NULL && strstr(other, instead) != NULL, "%s: %s", variable, other);
    json_decref(object);
}

Test(drivers, kernels_go_where_they_can)
{
    char variable[600], own[64], command[1200];
    (void)snprintf(own, sizeof own, "/carrynet-pocl-%lu", (unsigned long)geteuid());
    program_write("file", "x", 1);
    (void)snprintf(variable, sizeof variable, "XDG_CACHE_HOME=%s/file", program_folder);
    expect_instead(variable, "ot a directory", own);
    (void)snprintf(variable, sizeof variable, "XDG_CACHE_HOME=/proc/%s", program_folder);
    expect_instead(variable, "", own); /* where not even root may make folders */
    (void)snprintf(variable, sizeof variable, "XDG_CACHE_HOME=/%0500d", 7);
    expect_instead(variable, "", own); /* a name too long for a file system */
    /* Disks that need root to be made: noexec, full, without room for a file, read-only. */
    static const char *const disks[][2] = {
        {"noexec", "noexec"}, {"size=64k", "full"}, {"nr_inodes=8", "full"}, {"ro", "ead-only"}};
    for (size_t i = 0; i < sizeof disks / sizeof disks[0]; ++i) {
        (void)snprintf(
            command, sizeof command,
            "unshare -m true || exit 9; mkdir -p disk && unshare -m sh -c 'mount -t tmpfs -o %s none disk || exit 9; "
            "OCL_ICD_VENDORS=/nonexistent/vendors POCL_CACHE_DIR=$PWD/disk/k TMPDIR=$PWD '\\''%s'\\'' doctor "
            ">disk.txt; [ $? = 3 ]' 2>/dev/null",
            disks[i][0], CARRYNET_PROGRAM);
        const int status = system(command);
        if (WIFEXITED(status) && WEXITSTATUS(status) == 9)
            continue; /* not allowed here */
        cr_assert_eq(status, 0, "%s", disks[i][0]);
        char *said = program_file("disk.txt", NULL);
        EXPECT_SAYS(said, disks[i][1]);
        EXPECT_SAYS(said, own);
        free(said);
    }
}

/* Every compiled kernel of a folder becomes what the shell command makes of "$f". */
static void damage(const char *folder, const char *command)
{
    char text[600];
    (void)snprintf(text, sizeof text, "find %s -name '*.so' | while read -r f; do %s; done", folder, command);
    cr_assert_eq(system(text), 0);
}

Test(drivers, a_damaged_kernel_does_not_end_every_run)
{
    static const char *const damages[] = {": > $f", "head -c 20 $f > x; cp x $f", "head -c 50 $f > x; cp x $f",
                                          "head -c 3000 $f > x; cp x $f", "head -c 9000 /dev/zero > $f"};
    if (!has_pocl()) {
        (void)printf("SKIP: no pocl\n");
        return;
    }
    const char *const variables[] = {"OCL_ICD_VENDORS=/etc/OpenCL/vendors/pocl.icd", "POCL_CACHE_DIR=kernels", NULL};
    const char *const words[] = {CARRYNET_PROGRAM, "train", "-q", "--updates", "10", "-o", "m.safetensors", NULL};
    struct program_result result = program_run("", variables, words);
    EXPECT_CODE(result, 0);
    cr_expect_str_empty(result.err);
    program_done(&result);
    cr_expect_neq(access("kernels/carrynet-run", F_OK), 0, "a run that ended left its file");
    cr_assert_eq(system("cp -r kernels good"), 0);
    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; ++i) {
        cr_assert_eq(system("rm -rf kernels && cp -r good kernels"), 0);
        damage("kernels", damages[i]);
        if (i % 2 == 0) { /* a run that the others say has died is as good, and faster */
            result = program_run("", variables, words);
            cr_expect_gt(result.code, 128, "damage '%s' does no harm", damages[i]);
            program_done(&result);
        }
        cr_assert_eq(system(": > kernels/carrynet-run"), 0);
        result = program_run("", variables, words);
        EXPECT_CODE(result, 0);
        EXPECT_SAYS(result.err, "kernels/carrynet-fresh");
        program_done(&result);
    }
    /* doctor looks at them before a run has died; and finds nothing in what is whole, though a run has. */
    cr_assert_eq(system("rm -rf kernels && cp -r good kernels"), 0);
    damage("kernels", damages[0]);
    result = program_run("", variables, PROGRAM_WORDS("doctor"));
    EXPECT_CODE(result, 0);
    EXPECT_SAYS(result.out, "is not whole");
    program_done(&result);
    cr_assert_eq(system("rm -rf kernels && cp -r good kernels && : > kernels/carrynet-run"), 0);
    result = program_run("", variables, words);
    EXPECT_CODE(result, 0);
    cr_expect_str_empty(result.err, "%s", result.err);
    program_done(&result);
}

Test(drivers, a_damaged_temporary_kernel_neither)
{
    if (!has_pocl()) {
        (void)printf("SKIP: no pocl\n");
        return;
    }
    char temporary[300], folder[300], fresh[400], second[420];
    (void)snprintf(temporary, sizeof temporary, "TMPDIR=%s", program_folder);
    (void)snprintf(folder, sizeof folder, "%s/carrynet-pocl-%lu", program_folder, (unsigned long)geteuid());
    (void)snprintf(fresh, sizeof fresh, "%s/carrynet-fresh", folder);
    (void)snprintf(second, sizeof second, "%s-2", fresh);
    const char *const variables[] = {"OCL_ICD_VENDORS=/etc/OpenCL/vendors/pocl.icd", "POCL_CACHE_DIR=/proc/none",
                                     temporary, NULL};
    const char *const words[] = {CARRYNET_PROGRAM, "train", "-q", "--updates", "10", "-o", "m.safetensors", NULL};
    static const int codes[] = {0, 1, 0, 0, 1, 0, 0}; /* 1: by a signal, after the kernels in use were damaged */
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; ++i) {
        if (codes[i] != 0)
            damage(i == 1 ? folder : fresh, ": > $f");
        struct program_result result = program_run("", variables, words);
        cr_expect_eq(result.code > 128, codes[i] != 0, "run %zu: code %d: %s", i, result.code, result.err);
        EXPECT_SAYS(result.err, i < 2 ? folder : i < 5 ? fresh : second);
        if (i == 2) { /* the folder at fault is named, and not the one that was asked for */
            EXPECT_SAYS(result.err, "carrynet-fresh. Remove");
            cr_expect_null(strstr(result.err, "kernels of pocl in /proc/none"), "%s", result.err);
        }
        program_done(&result);
    }
}

Test(drivers, an_empty_folder_is_none)
{
    int code;
    json_t *object = report(&code, (const char *const[]){ALONE, "POCL_CACHE_DIR=", "SLURM_JOB_ID=", "PBS_JOBID=",
                                                         "LSB_JOBID=", "SGE_TASK_ID=", NULL});
    cr_expect_str_eq(json_string_value(json_object_get(json_object_get(object, "environment"), "POCL_CACHE_DIR")),
                     "not set");
    json_decref(object);
}
