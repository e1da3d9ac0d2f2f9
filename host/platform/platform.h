/*
 * The platform interface: messages, memory, files, clock, threads, text; it knows nothing of networks. All other files
 * in host/ call the system through it, so that tests can inject faults here. Names begin with sys_, since a "platform"
 * is also an OpenCL object.
 */
#ifndef PLATFORM_H
#define PLATFORM_H

#include <carrynet/status.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define SYS_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define SYS_PRINTF(text, first)
#endif

/* Records the message of this thread and returns `status`, so that a failing function can end with the call. */
carrynet_status sys_fail(carrynet_status status, const char *format, ...) SYS_PRINTF(2, 3);

/*
 * Makes a text from any source safe for a terminal: control characters except line ends and tabs become '?'. sys_fail
 * does this to its messages. Returns text.
 */
char *sys_printable(char *text);

/* Length in bytes, 1 or 2, of such a control character at this position; 0 if there is none. */
size_t sys_unprintable(const char *text);

/*
 * Allocates zeroed, 64-byte aligned memory for count items of size bytes in *pointer (a pointer to a pointer). MEMORY,
 * also if the product overflows.
 */
carrynet_status sys_allocate(void *pointer, uint64_t count, uint64_t size);
/* Accepts NULL. */
void sys_free(void *pointer);

/*
 * Gives *pointer a capacity of at least `count` items, *capacity of them; the old contents are lost. MEMORY: *capacity
 * is 0.
 */
carrynet_status sys_reserve(void *pointer, size_t *capacity, uint64_t count, uint64_t size);

/* Moves the first `used` items of *pointer into an array of `count`. MEMORY: nothing has changed. */
carrynet_status sys_grow(void *pointer, size_t used, uint64_t count, uint64_t size);

/* Bytes of this machine's memory; 0 if unknown. */
uint64_t sys_physical_memory(void);

/*
 * Cores that this process may use, at least 1: the cores that it may run on, within the limits of its cgroup (as at the
 * first call) and of SLURM_CPUS_PER_TASK.
 */
size_t sys_cores(void);

/*
 * Divides the allowed cores equally among `alike` processes, and the cgroup's quota among `here` processes; 1, 1 at
 * first. sys_cores_identity returns a number that is the same for processes that may run on the same cores.
 */
void sys_share_cores(size_t alike, size_t here);
uint64_t sys_cores_identity(void);

/*
 * The limits of this process's cgroup, version 1 or 2: whole cores, rounded up, and bytes; 0: no limit. `root` precedes
 * /proc and the mount points: "" except in tests.
 */
size_t sys_cgroup_cores(const char *root);
uint64_t sys_cgroup_memory(const char *root);

/*
 * Bytes of memory that this process may use: the machine's, within the limits of its cgroup and address space; 0 if
 * unknown.
 */
uint64_t sys_memory(void);

/*
 * Calls function(self, i) once for every i below count, on all cores, in no particular order; returns when all calls
 * have ended. The calls must not write to the same memory. A message of sys_fail belongs to the calling thread.
 */
void sys_parallel(size_t count, void (*function)(void *self, size_t i), void *self);

/*
 * The same with persistent threads, for work that comes in many small chunks. `threads` includes the caller's; 0: one
 * per core. Only one thread at a time runs a thread pool. A NULL pool runs on the caller alone. MEMORY.
 */
struct sys_pool;
carrynet_status sys_pool_create(struct sys_pool **out, size_t threads);
void sys_pool_run(struct sys_pool *pool, size_t count, void (*function)(void *self, size_t i), void *self);
/* Accepts NULL. */
void sys_pool_free(struct sys_pool *pool);

/* Seconds of a monotonic clock. */
double sys_seconds(void);

/*
 * A growing text; start with {0}. After a failure the text stays unchanged and `failed` is set, so that one test at the
 * end is enough.
 */
typedef struct sys_text {
    char *data; /* NUL-terminated, or NULL while empty */
    size_t size;
    size_t capacity;
    int failed;
} sys_text;
void sys_text_add(sys_text *text, const char *format, ...) SYS_PRINTF(2, 3);
/* Appends bytes as they are; a NUL always follows the last. */
void sys_text_append(sys_text *text, const char *bytes, size_t count);
void sys_text_free(sys_text *text);

/* Replaces the locale's decimal point by '.' in a finite number that printf wrote. */
void sys_point(char *number);

/* The shortest decimal that reads back as the same finite number, with a '.' in every locale. Returns text. */
enum { SYS_NUMBER = 40 }; /* most bytes of a number as text */
char *sys_real_text(char text[SYS_NUMBER], double value);

/* Reads a decimal number that is the whole text, with a '.' in every locale: finite, no blanks, no hexadecimal. */
bool sys_read_real(double *value, const char *text);

/* Whether two words are equal except for the case of the letters A to Z, in every locale. */
bool sys_same_word(const char *a, const char *b);
/* Whether the text contains the word, with the same comparison. */
bool sys_has_word(const char *text, const char *word);

/* Reads a whole number up to `most`; returns the text after it, or NULL. */
const char *sys_read_whole(uint64_t *value, const char *text, uint64_t most);

/*
 * Adds the lowest `bytes` bytes of value to the digest, lowest first; returns the new digest. Start with SYS_DIGEST.
 */
#define SYS_DIGEST 0xcbf29ce484222325u
uint64_t sys_digest(uint64_t digest, uint64_t value, size_t bytes);

/* SHA-256 of parts [count] of sizes [count] bytes, concatenated, in hexadecimal. Returns text. */
enum { SYS_SHA256 = 65 }; /* bytes of the text, with its NUL */
char *sys_sha256(char text[SYS_SHA256], const void *const *parts, const size_t *sizes, size_t count);

/*
 * Reads a whole file into *data (free with sys_free), with a NUL after its *size bytes. A pipe, a terminal or a
 * descriptor of this process (/dev/stdin, /dev/fd/N) is read from its current position to its end. IO; FORMAT if larger
 * than `limit` bytes; MEMORY.
 */
carrynet_status sys_read_file(char **data, size_t *size, const char *path, uint64_t limit);

/* The same, but first passes the first bytes, at most SYS_START, to `look`; a failure of `look` ends the reading. */
enum { SYS_START = 512 };
typedef carrynet_status sys_inspect(void *self, const char *bytes, size_t size);
carrynet_status sys_read_inspected(char **data, size_t *size, const char *path, uint64_t limit, sys_inspect *look,
                                   void *self);

/*
 * Normalises text that other programs saved, in place: removes a byte order mark, and turns CR LF into LF. Data with a
 * zero byte is not text and stays unchanged. FORMAT for UTF-16. sys_read_text also reads the file.
 */
carrynet_status sys_plain_text(char *text, size_t *size, const char *path);
carrynet_status sys_read_text(char **text, size_t *size, const char *path, uint64_t limit);

/* Reads the first bytes of a regular file, at most *size; *size becomes their number. IO. */
carrynet_status sys_read_start(char *bytes, size_t *size, const char *path);

/*
 * Writes a file atomically: to a temporary file beside it, synced, then renamed over `path` or over the target of its
 * links; an existing file hands down its permissions. A stream (sys_is_stream) is written directly, a descriptor of
 * this process at its position. parts [count] of sizes [count] bytes. IO.
 */
carrynet_status sys_write_file(const char *path, const void *const *parts, const size_t *sizes, size_t count);

/* Opens an output that is written piece by piece: a new file that replaces an old one, or a stream as it is. IO. */
carrynet_status sys_open_stream(int *file, const char *path);

/*
 * Whether a path leads to a stream: a descriptor of this process, by /dev/stdout, /dev/fd/N, /proc/self/fd/N or links,
 * whatever its target; a pipe; a device. Also whether the stream is standard input; standard output or another
 * descriptor of the same target; a terminal. IO: a loop of links, a descriptor that is not open; MEMORY.
 */
typedef struct sys_stream {
    bool is, input, output, terminal;
} sys_stream;
carrynet_status sys_find_stream(sys_stream *stream, const char *path);
/* Only the first of these; false after a failure. */
bool sys_is_stream(const char *path);

/*
 * Reserves standard output for sys_write_file and sys_open_stream: the program's own prints go to standard error from
 * now on. At most once, before threads start. IO.
 */
carrynet_status sys_take_output(void);

/*
 * Writes a file that does not exist yet, atomically: of several writers one creates it. *made is false, with OK, if the
 * file exists already. IO.
 */
carrynet_status sys_create_file(bool *made, const char *path, const char *bytes, size_t size);

/*
 * Keeps the file at `path`, if there is one, also as `previous`, replacing an older one; a complete file is at `path`
 * at every moment. IO.
 */
carrynet_status sys_keep_previous(const char *path, const char *previous);

/* Removes temporary files beside `path` left by writers on this machine that were killed. */
void sys_remove_leftovers(const char *path);

/* Identifies a file, independent of its name, and whether it is there. MEMORY; IO if the name cannot be followed. */
typedef struct sys_identity {
    uint64_t device, number;
} sys_identity;
carrynet_status sys_identify(sys_identity *identity, bool *there, const char *path);
/* Whether both names lead to one file or pipe; never true for a device, such as /dev/null. */
bool sys_same_file(const char *a, const char *b);
/* The same for files that may not exist yet: "a" and "./a" are the same. */
bool sys_same_path(const char *a, const char *b);

/* IO, with the reason, if sys_write_file(path) would fail now. */
carrynet_status sys_writable(const char *path);

/*
 * Runs a program to its end, without a shell. words: its name, looked up in PATH, and its arguments, with a NULL after
 * the last; input [size]: its standard input. Adds its outputs to *output and *errors; *code is its exit code, or 128 +
 * the number of the signal that ended it. IO if the program cannot be started.
 */
carrynet_status sys_run(sys_text *output, sys_text *errors, int *code, const char *const *words, const char *input,
                        size_t size);

/* How a function in a child process ended: by a signal, by a limit, or with an exit code. */
typedef struct sys_child_end {
    int signal;     /* signal that ended the process; 0: none */
    int code;       /* exit code; not 0 if something else ended the process */
    bool late;      /* ended by the caller, since it took too long */
    bool endless;   /* ended by the caller, since it wrote more than SYS_CHILD_MOST bytes */
    double seconds; /* how long, then */
} sys_child_end;

/* Time limits: seconds without use of the processor, and seconds in all. */
typedef struct sys_child_limits {
    double idle, most;
} sys_child_limits;

/*
 * Runs function(self, result) in a child process. Adds the bytes written to the descriptor `result` to *result, and
 * those of its standard output and error to *said, of each about the last SYS_CHILD_BYTES. IO if no process can be
 * created; an abnormal end of the child is not an error.
 */
enum { SYS_CHILD_BYTES = 1 << 20, SYS_CHILD_MOST = 1 << 28 };
carrynet_status sys_run_child(sys_text *result, sys_text *said, sys_child_end *ending,
                              void (*function)(void *self, int result), void *self, const sys_child_limits *patience);

#endif
