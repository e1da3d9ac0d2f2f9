/*
 * Writes the folder that reproduces a wrong launch alone, for the author of a driver: a host program in plain C
 * (generated tables, then reproduction.c.in), the kernel as it was built, its arguments, and the expected and given
 * values.
 */
#include "conformance/bisect.h"
#include "platform/embedded.h"
#include "platform/platform.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

extern const struct embedded_file embedded_conformance[];

/* A string literal of C. */
static void add_literal(sys_text *text, const char *word)
{
    sys_text_add(text, "\"");
    for (const char *c = word; *c != '\0'; ++c)
        if (*c == '"' || *c == '\\')
            sys_text_add(text, "\\%c", *c);
        else if ((unsigned char)*c >= ' ')
            sys_text_append(text, c, 1);
    sys_text_add(text, "\"");
}

/* A comment's words, on lines of their own; nothing in them may end it. */
static void add_comment(sys_text *text, const char *name, const char *words)
{
    sys_text_add(text, " *     %-10s ", name);
    for (const char *c = words; *c != '\0'; ++c)
        if (!(c[0] == '*' && c[1] == '/') && (unsigned char)*c >= ' ')
            sys_text_append(text, c, 1);
    sys_text_add(text, "\n");
}

static void argument_file(char *file, size_t size, const struct opencl_record *record, size_t i)
{
    const char *name = record->arguments[i].name;
    (void)snprintf(file, size, "argument-%02zu-%s.bin", i, name != NULL ? name : "value");
}

/* The kernel's options, without what the driver may have put around them. */
static void add_head(sys_text *text, const struct bisect_fault *fault, const carrynet_difference *d)
{
    const struct opencl_record *record = fault->record;
    char shape[160];
    (void)snprintf(shape, sizeof shape, "%u inputs, %u hidden units, %u outputs, %u steps, %u sequences, networks: %u",
                   d->inputs, d->hidden, d->outputs, d->steps, d->batch, d->networks);
    sys_text_add(text,
                 "/*\n * One launch of an OpenCL kernel that leaves other bits than IEEE 754 arithmetic in the order "
                 "of the source:\n *\n");
    add_comment(text, "platform", record->platform);
    add_comment(text, "device", record->device);
    add_comment(text, "driver", record->driver);
    add_comment(text, "kernel", record->kernel);
    add_comment(text, "operation", d->operation);
    add_comment(text, "tensor", d->tensor);
    add_comment(text, "element", d->element);
    add_comment(text, "expected", d->expected);
    add_comment(text, "given", d->given);
    add_comment(text, "network", shape);
    sys_text_add(
        text,
        " *\n *     cc repro.c -lOpenCL && ./a.out [P:D]\n *\n"
        " * Exit code 1 with the first value that differs, 0 where all are right, 2 where it could not run. P:D: "
        "platform\n * and device as clinfo numbers them. kernel.cl is the whole source; the arguments are read from "
        "the\n * argument-*.bin, buffers as they were before the launch; expected.bin and given.bin hold the values of "
        "the\n * table `checks`, one after another, as they should be and as they were.\n */\n");
}

static void add_tables(sys_text *text, const struct bisect_fault *fault)
{
    const struct opencl_record *record = fault->record;
    char file[64];
    sys_text_add(text, "#include <stddef.h>\n\n#define PLATFORM ");
    add_literal(text, record->platform);
    sys_text_add(text, "\n#define DEVICE ");
    add_literal(text, record->device);
    sys_text_add(text, "\n#define KERNEL ");
    add_literal(text, record->kernel);
    sys_text_add(text, "\n#define OPTIONS ");
    add_literal(text, record->options);
    sys_text_add(text, "\n#define GLOBAL_SIZE %zu\n#define LOCAL_SIZE %zu\n\n", record->items, record->group);
    sys_text_add(text,
                 "static const struct {\n    const char *file;\n    size_t buffer; /* bytes; 0: passed by value */\n"
                 "} arguments[] = {\n");
    for (size_t i = 0; i < record->count; ++i) {
        argument_file(file, sizeof file, record, i);
        sys_text_add(text, "    {\"%s\", %zu},\n", file,
                     record->arguments[i].value == NULL ? record->arguments[i].bytes : (size_t)0);
    }
    sys_text_add(text,
                 "};\n\n/* value [i][k][l] of a tensor is element offset + i stride[0] + k stride[1] + l stride[2] "
                 "of the argument */\nstatic const struct {\n    const char *tensor;\n    size_t argument, bytes;\n"
                 "    int real;\n    size_t offset, count[3], stride[3];\n} checks[] = {\n");
    for (size_t i = 0; i < fault->checks->count; ++i) {
        const struct launch_check *c = &fault->checks->all[i];
        sys_text_add(text,
                     "    {\"%s\", %zu, %zu, %d, %" PRIu64 ", {%" PRIu64 ", %" PRIu64 ", %" PRIu64 "}, {%" PRIu64
                     ", %" PRIu64 ", %" PRIu64 "}},\n",
                     c->tensor, c->argument, c->bytes, c->kind == CHECK_REAL, c->offset, c->count[0], c->count[1],
                     c->count[2], c->stride[0], c->stride[1], c->stride[2]);
    }
    sys_text_add(text, "};\n\n");
}

/* The source as it was built; what names the files that it came from becomes a comment, as they are not there. */
static void add_source(sys_text *text, const char *source)
{
    static const char directive[] = "#line 1 \"";
    while (*source != '\0') {
        const char *end = strchr(source, '\n'), *next = end != NULL ? end + 1 : source + strlen(source);
        if (strncmp(source, directive, sizeof directive - 1) == 0 && end != NULL) {
            const char *name = source + sizeof directive - 1;
            sys_text_add(text, "/* ==== %.*s ==== */\n", (int)strcspn(name, "\"\n"), name);
        } else {
            sys_text_append(text, source, (size_t)(next - source));
        }
        source = next;
    }
}

/* All values of the checks, expected or given, one after another. */
static void add_values(sys_text *text, const struct bisect_fault *fault, bool given)
{
    for (size_t i = 0; i < fault->checks->count; ++i) {
        const struct launch_check *c = &fault->checks->all[i];
        uint64_t at[3];
        for (at[0] = 0; at[0] < c->count[0]; ++at[0])
            for (at[1] = 0; at[1] < c->count[1]; ++at[1])
                for (at[2] = 0; at[2] < c->count[2]; ++at[2])
                    sys_text_append(text,
                                    given ? fault->record->arguments[c->argument].after + launch_at(c, at)
                                          : c->expected + launch_expected_at(c, at),
                                    c->bytes);
    }
}

static carrynet_status write_file(const char *folder, const char *name, const void *bytes, size_t size)
{
    sys_text path = {0};
    sys_text_add(&path, "%s/%s", folder, name);
    const carrynet_status status = path.failed ? sys_fail(CARRYNET_ERROR_MEMORY, "cannot allocate a file name")
                                               : sys_write_file(path.data, &bytes, &size, 1);
    sys_text_free(&path);
    return status;
}

carrynet_status bisect_write(const char *folder, const struct bisect_fault *fault, const carrynet_difference *d)
{
    static const char *const names[] = {"repro.c", "kernel.cl", "build-options.txt", "expected.bin", "given.bin"};
    enum { TEXTS = sizeof names / sizeof names[0] };
    sys_text texts[TEXTS] = {{0}};
    const struct opencl_record *record = fault->record;
    char file[64];
    carrynet_status status = CARRYNET_OK;
    if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        return sys_fail(CARRYNET_ERROR_IO, "%s: cannot make this folder: %s", folder, strerror(errno));
    add_head(&texts[0], fault, d);
    add_tables(&texts[0], fault);
    sys_text_add(&texts[0], "%s", sys_embedded(embedded_conformance, "reproduction.c.in"));
    add_source(&texts[1], record->source);
    sys_text_add(&texts[2], "%s\n", record->options);
    add_values(&texts[3], fault, false);
    add_values(&texts[4], fault, true);
    for (size_t i = 0; i < TEXTS && status == CARRYNET_OK; ++i)
        status = texts[i].failed ? sys_fail(CARRYNET_ERROR_MEMORY, "cannot allocate %s", names[i])
                                 : write_file(folder, names[i], texts[i].data, texts[i].size);
    for (size_t i = 0; i < record->count && status == CARRYNET_OK; ++i) {
        const struct opencl_recorded_argument *a = &record->arguments[i];
        argument_file(file, sizeof file, record, i);
        status = write_file(folder, file, a->value != NULL ? a->value : a->before, a->bytes);
    }
    for (size_t i = 0; i < TEXTS; ++i)
        sys_text_free(&texts[i]);
    return status;
}
