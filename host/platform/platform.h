/*
 * The seams: messages, memory, files, clock, threads, text. They know no network; everything else in host/ stands on them, so
 * that faults can be injected here.
 */
#ifndef PLATFORM_H
#define PLATFORM_H

#include <carrynet/status.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define BASE_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define BASE_PRINTF(text, first)
#endif

/* Records the message of this thread and returns `status`, so that a failing function can end with it. */
carrynet_status base_fail(carrynet_status status, const char *format, ...) BASE_PRINTF(2, 3);

/*
 * Makes a text fit for a terminal, whatever a file has put into it: control characters but ends of lines and tabs become
 * '?'. Messages of base_fail are. Returns text.
 */
char *base_printable(char *text);

/* Bytes at this place, 1 or 2, of such a character; 0: of no such one. */
size_t base_unprintable(const char *text);

/*
 * Zeroed memory for count items of size bytes in *pointer (a pointer to a pointer); 64-byte aligned; MEMORY, also
 * where so many bytes have no address.
 */
carrynet_status base_allocate(void *pointer, uint64_t count, uint64_t size);
/* Takes NULL. */
void base_free(void *pointer);

/* Makes *pointer hold at least `count` items, *capacity of them; the old contents are lost. MEMORY: *capacity is 0. */
carrynet_status base_reserve(void *pointer, size_t *capacity, uint64_t count, uint64_t size);

/* Moves the first `used` items of *pointer into an array of `count`. MEMORY: nothing has changed. */
carrynet_status base_grow(void *pointer, size_t used, uint64_t count, uint64_t size);

/* Bytes of memory of this machine; 0 if unknown. */
uint64_t base_physical_memory(void);

/*
 * Cores that this process may use, at least 1: those it may run on, as far as its cgroup (as it was at the first call)
 * and SLURM_CPUS_PER_TASK allow.
 */
size_t base_cores(void);

/*
 * That of the cores that this process may run on `alike` processes are to have equal parts, and of what its cgroup allows
 * `here` processes; 1, 1 at first. And a number that is the same for processes that may run on the same cores.
 */
void base_share_cores(size_t alike, size_t here);
uint64_t base_cores_identity(void);

/*
 * What the cgroup of this process allows, of version 1 or 2: whole cores, rounded up, and bytes; 0 without a limit.
 * `root` stands before /proc and the mount points: "", but in tests.
 */
size_t base_cgroup_cores(const char *root);
uint64_t base_cgroup_memory(const char *root);

/* Bytes of memory that this process may have: the machine's, as far as its cgroup and addresses allow; 0 if unknown. */
uint64_t base_memory(void);

/*
 * Calls function(self, i) once for every i below count, on all cores, in no particular order; all calls have ended when
 * it returns. The calls must not write to the same places; base_fail's message is of their thread.
 */
void base_parallel(size_t count, void (*function)(void *self, size_t i), void *self);

/*
 * The same with threads that stay, for work that comes in many small portions: `threads` with the caller's own, 0: one a
 * core. One thread runs a thread pool at a time; NULL is the caller alone. MEMORY.
 */
struct base_pool;
carrynet_status base_pool_create(struct base_pool **out, size_t threads);
void base_pool_run(struct base_pool *pool, size_t count, void (*function)(void *self, size_t i), void *self);
/* Takes NULL. */
void base_pool_free(struct base_pool *pool);

/* Seconds of a monotonic clock. */
double base_seconds(void);

/*
 * A growing text; start with {0}. After a failure it stays as it was and `failed` is set, so that one test at the end
 * is enough.
 */
typedef struct base_text {
    char *data; /* NUL-terminated, or NULL while empty */
    size_t size;
    size_t room;
    int failed;
} base_text;
void base_text_add(base_text *text, const char *format, ...) BASE_PRINTF(2, 3);
/* Adds bytes as they are; there is always a NUL behind the last. */
void base_text_append(base_text *text, const char *bytes, size_t count);
void base_text_free(base_text *text);

/* Replaces the decimal point of the locale, whatever it is, in what printf made of a finite number, by '.'. */
void base_point(char *number);

/* The shortest decimal that reads back as the same finite number, with a point in every locale. Returns text. */
enum { BASE_NUMBER = 40 }; /* bytes of any number as text */
char *base_real_text(char text[BASE_NUMBER], double value);

/* Reads a decimal number, the whole text, with a point in every locale: finite, no blanks, nothing hexadecimal. */
bool base_read_real(double *value, const char *text);

/* Whether two words are the same but for the case of the letters A to Z, in every locale. */
bool base_same_word(const char *a, const char *b);
/* Whether the word is a part of the text, likewise. */
bool base_has_word(const char *text, const char *word);

/* Reads digits up to `most`; returns what follows them, or NULL. */
const char *base_read_whole(uint64_t *value, const char *text, uint64_t most);

/* The digest, which starts as BASE_DIGEST, with the lowest `bytes` bytes of value added, lowest first. */
#define BASE_DIGEST 0xcbf29ce484222325u
uint64_t base_digest(uint64_t digest, uint64_t value, size_t bytes);

/* SHA-256 of parts [count] of sizes [count] bytes, one after another, in hexadecimal. Returns text. */
enum { BASE_SHA256 = 65 }; /* bytes of it with its end */
char *base_sha256(char text[BASE_SHA256], const void *const *parts, const size_t *sizes, size_t count);

/*
 * The whole of a file in *data (base_free it) with a NUL after its *size bytes. A pipe, a terminal or a descriptor of
 * this process (/dev/stdin, /dev/fd/N) is read from where it is to its end. IO; FORMAT if larger than `limit` bytes;
 * MEMORY.
 */
carrynet_status base_read_file(char **data, size_t *size, const char *path, uint64_t limit);

/* The same, but `look` gets the first bytes, at most BASE_START, before the rest is read; its status ends the reading. */
enum { BASE_START = 512 };
typedef carrynet_status base_inspect(void *self, const char *bytes, size_t size);
carrynet_status base_read_inspected(char **data, size_t *size, const char *path, uint64_t limit, base_inspect *look,
                                    void *self);

/*
 * Text as other programs may have saved it, made plain in place: without a byte order mark, and with LF for CR LF; what has
 * a zero byte is no text, and stays. FORMAT for UTF-16. And a file read and made so.
 */
carrynet_status base_plain_text(char *text, size_t *size, const char *path);
carrynet_status base_read_text(char **text, size_t *size, const char *path, uint64_t limit);

/* The first bytes of a regular file: *size at most, which then says how many there were. IO. */
carrynet_status base_read_start(char *bytes, size_t *size, const char *path);

/*
 * Writes a file whole: to a temporary one beside it, synced, renamed over `path`, or over what links lead to from there;
 * a file that was there hands down its permissions. A stream (base_is_stream) is written straight through, a descriptor
 * of this process at its place. parts [count] of sizes [count] bytes. IO.
 */
carrynet_status base_write_file(const char *path, const void *const *parts, const size_t *sizes, size_t count);

/* Opens what is written bit by bit: a new file in place of an old one, or a stream as it is. IO. */
carrynet_status base_open_stream(int *file, const char *path);

/*
 * Whether a path leads to a stream: a descriptor of this process, by /dev/stdout, /dev/fd/N, /proc/self/fd/N or links,
 * whatever is behind it; a pipe; a device. And whether that is standard input; standard output, or what else goes there;
 * a terminal. IO: links without an end, a descriptor that is not open; MEMORY.
 */
typedef struct base_stream {
    bool is, input, output, terminal;
} base_stream;
carrynet_status base_find_stream(base_stream *stream, const char *path);
/* The first of these alone; false after a failure. */
bool base_is_stream(const char *path);

/*
 * Keeps standard output for base_write_file and base_open_stream: what the program prints there goes to standard error
 * from now on. At most once, before threads start. IO.
 */
carrynet_status base_take_output(void);

/*
 * Writes a file that is not there yet, whole: of several that try, one makes it. *made is false, with OK, where there is
 * one already. IO.
 */
carrynet_status base_create_file(bool *made, const char *path, const char *bytes, size_t size);

/*
 * Keeps the file at `path`, if there is one, as `previous` too, in place of an older one; there is no moment without a
 * whole file at `path`. IO.
 */
carrynet_status base_keep_previous(const char *path, const char *previous);

/* Removes temporary files beside `path` that writers left behind who were killed on this machine. */
void base_remove_leftovers(const char *path);

/* What a file is, whichever name it goes by; false if there is none. */
typedef struct base_identity {
    uint64_t device, number;
} base_identity;
bool base_identify(base_identity *identity, const char *path);
/* Whether both name one file or pipe; never one device, such as /dev/null. */
bool base_same_file(const char *a, const char *b);
/* The same of files that may be still to be written: "a" and "./a" are one place. */
bool base_same_path(const char *a, const char *b);

/* IO, with the reason, if base_write_file(path) could not work now. */
carrynet_status base_writable(const char *path);

/*
 * Runs a program to its end, without a shell: words are its name, looked up in PATH, and its arguments, NULL after the
 * last; input [size] is its standard input. What it writes is added to *output and *errors; *code is its exit code, 128
 * + the signal if one ended it. IO if it cannot be started.
 */
carrynet_status base_run(base_text *output, base_text *errors, int *code, const char *const *words, const char *input,
                         size_t size);

/* How a function ended that ran in a process of its own: by a signal, too late, or with an exit code. */
typedef struct base_child_end {
    int signal;     /* that ended it; 0: none */
    int code;       /* exit code: not 0 where something else ended the process */
    bool late;      /* it was ended, since it took too long */
    bool endless;   /* it was ended, since it wrote more than BASE_CHILD_MOST bytes */
    double seconds; /* how long, then */
} base_child_end;

/* How long that may take: seconds without use of the processor, and seconds in all. */
typedef struct base_child_limits {
    double idle, most;
} base_child_limits;

/*
 * Runs function(self, result) in a child process. What it writes to the descriptor `result` is added to *result, what
 * comes to its standard output and error to *said, of each about the last BASE_CHILD_BYTES. IO if there can be no process;
 * how the child ends is no error.
 */
enum { BASE_CHILD_BYTES = 1 << 20, BASE_CHILD_MOST = 1 << 28 };
carrynet_status base_run_child(base_text *result, base_text *said, base_child_end *ending,
                               void (*function)(void *self, int result), void *self, const base_child_limits *patience);

#endif
