/*
 * The platform interface: messages, memory, files, clock, threads, text. It knows no network. Everything else in host/ calls
 * the system through it, so that faults can be injected here. Names begin with sys_, since a platform is OpenCL's.
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

/* Records the message of this thread and returns `status`, so that a failing function can end with it. */
carrynet_status sys_fail(carrynet_status status, const char *format, ...) SYS_PRINTF(2, 3);

/*
 * Makes a text fit for a terminal, whatever a file has put into it: control characters but ends of lines and tabs become
 * '?'. Messages of sys_fail are. Returns text.
 */
char *sys_printable(char *text);

/* Bytes at this place, 1 or 2, of such a character; 0: of no such one. */
size_t sys_unprintable(const char *text);

/*
 * Zeroed memory for count items of size bytes in *pointer (a pointer to a pointer); 64-byte aligned; MEMORY, also
 * where so many bytes have no address.
 */
carrynet_status sys_allocate(void *pointer, uint64_t count, uint64_t size);
/* Takes NULL. */
void sys_free(void *pointer);

/* Makes *pointer hold at least `count` items, *capacity of them; the old contents are lost. MEMORY: *capacity is 0. */
carrynet_status sys_reserve(void *pointer, size_t *capacity, uint64_t count, uint64_t size);

/* Moves the first `used` items of *pointer into an array of `count`. MEMORY: nothing has changed. */
carrynet_status sys_grow(void *pointer, size_t used, uint64_t count, uint64_t size);

/* Bytes of memory of this machine; 0 if unknown. */
uint64_t sys_physical_memory(void);

/*
 * Cores that this process may use, at least 1: those it may run on, as far as its cgroup (as it was at the first call)
 * and SLURM_CPUS_PER_TASK allow.
 */
size_t sys_cores(void);

/*
 * That of the cores that this process may run on `alike` processes are to have equal parts, and of what its cgroup allows
 * `here` processes; 1, 1 at first. And a number that is the same for processes that may run on the same cores.
 */
void sys_share_cores(size_t alike, size_t here);
uint64_t sys_cores_identity(void);

/*
 * What the cgroup of this process allows, of version 1 or 2: whole cores, rounded up, and bytes; 0 without a limit.
 * `root` stands before /proc and the mount points: "", but in tests.
 */
size_t sys_cgroup_cores(const char *root);
uint64_t sys_cgroup_memory(const char *root);

/* Bytes of memory that this process may have: the machine's, as far as its cgroup and addresses allow; 0 if unknown. */
uint64_t sys_memory(void);

/*
 * Calls function(self, i) once for every i below count, on all cores, in no particular order; all calls have ended when
 * it returns. The calls must not write to the same places; sys_fail's message is of their thread.
 */
void sys_parallel(size_t count, void (*function)(void *self, size_t i), void *self);

/*
 * The same with threads that stay, for work that comes in many small chunks: `threads` with the caller's own, 0: one a
 * core. One thread runs a thread pool at a time; NULL is the caller alone. MEMORY.
 */
struct sys_pool;
carrynet_status sys_pool_create(struct sys_pool **out, size_t threads);
void sys_pool_run(struct sys_pool *pool, size_t count, void (*function)(void *self, size_t i), void *self);
/* Takes NULL. */
void sys_pool_free(struct sys_pool *pool);

/* Seconds of a monotonic clock. */
double sys_seconds(void);

/*
 * A growing text; start with {0}. After a failure it stays as it was and `failed` is set, so that one test at the end
 * is enough.
 */
typedef struct sys_text {
    char *data; /* NUL-terminated, or NULL while empty */
    size_t size;
    size_t capacity;
    int failed;
} sys_text;
void sys_text_add(sys_text *text, const char *format, ...) SYS_PRINTF(2, 3);
/* Adds bytes as they are; there is always a NUL behind the last. */
void sys_text_append(sys_text *text, const char *bytes, size_t count);
void sys_text_free(sys_text *text);

/* Replaces the decimal point of the locale, whatever it is, in what printf made of a finite number, by '.'. */
void sys_point(char *number);

/* The shortest decimal that reads back as the same finite number, with a point in every locale. Returns text. */
enum { SYS_NUMBER = 40 }; /* bytes of any number as text */
char *sys_real_text(char text[SYS_NUMBER], double value);

/* Reads a decimal number, the whole text, with a point in every locale: finite, no blanks, nothing hexadecimal. */
bool sys_read_real(double *value, const char *text);

/* Whether two words are the same but for the case of the letters A to Z, in every locale. */
bool sys_same_word(const char *a, const char *b);
/* Whether the word is a part of the text, likewise. */
bool sys_has_word(const char *text, const char *word);

/* Reads digits up to `most`; returns what follows them, or NULL. */
const char *sys_read_whole(uint64_t *value, const char *text, uint64_t most);

/* The digest, which starts as SYS_DIGEST, with the lowest `bytes` bytes of value added, lowest first. */
#define SYS_DIGEST 0xcbf29ce484222325u
uint64_t sys_digest(uint64_t digest, uint64_t value, size_t bytes);

/* SHA-256 of parts [count] of sizes [count] bytes, one after another, in hexadecimal. Returns text. */
enum { SYS_SHA256 = 65 }; /* bytes of it with its end */
char *sys_sha256(char text[SYS_SHA256], const void *const *parts, const size_t *sizes, size_t count);

/*
 * The whole of a file in *data (sys_free it) with a NUL after its *size bytes. A pipe, a terminal or a descriptor of
 * this process (/dev/stdin, /dev/fd/N) is read from where it is to its end. IO; FORMAT if larger than `limit` bytes;
 * MEMORY.
 */
carrynet_status sys_read_file(char **data, size_t *size, const char *path, uint64_t limit);

/* The same, but `look` gets the first bytes, at most SYS_START, before the rest is read; its status ends the reading. */
enum { SYS_START = 512 };
typedef carrynet_status sys_inspect(void *self, const char *bytes, size_t size);
carrynet_status sys_read_inspected(char **data, size_t *size, const char *path, uint64_t limit, sys_inspect *look,
                                   void *self);

/*
 * Text as other programs may have saved it, made plain in place: without a byte order mark, and with LF for CR LF; what has
 * a zero byte is no text, and stays. FORMAT for UTF-16. And a file read and made so.
 */
carrynet_status sys_plain_text(char *text, size_t *size, const char *path);
carrynet_status sys_read_text(char **text, size_t *size, const char *path, uint64_t limit);

/* The first bytes of a regular file: *size at most, which then says how many there were. IO. */
carrynet_status sys_read_start(char *bytes, size_t *size, const char *path);

/*
 * Writes a file whole: to a temporary one beside it, synced, renamed over `path`, or over what links lead to from there;
 * a file that was there hands down its permissions. A stream (sys_is_stream) is written straight through, a descriptor
 * of this process at its place. parts [count] of sizes [count] bytes. IO.
 */
carrynet_status sys_write_file(const char *path, const void *const *parts, const size_t *sizes, size_t count);

/* Opens what is written bit by bit: a new file in place of an old one, or a stream as it is. IO. */
carrynet_status sys_open_stream(int *file, const char *path);

/*
 * Whether a path leads to a stream: a descriptor of this process, by /dev/stdout, /dev/fd/N, /proc/self/fd/N or links,
 * whatever is behind it; a pipe; a device. And whether that is standard input; standard output, or what else goes there;
 * a terminal. IO: links without an end, a descriptor that is not open; MEMORY.
 */
typedef struct sys_stream {
    bool is, input, output, terminal;
} sys_stream;
carrynet_status sys_find_stream(sys_stream *stream, const char *path);
/* The first of these alone; false after a failure. */
bool sys_is_stream(const char *path);

/*
 * Keeps standard output for sys_write_file and sys_open_stream: what the program prints there goes to standard error
 * from now on. At most once, before threads start. IO.
 */
carrynet_status sys_take_output(void);

/*
 * Writes a file that is not there yet, whole: of several that try, one makes it. *made is false, with OK, where there is
 * one already. IO.
 */
carrynet_status sys_create_file(bool *made, const char *path, const char *bytes, size_t size);

/*
 * Keeps the file at `path`, if there is one, as `previous` too, in place of an older one; there is no moment without a
 * whole file at `path`. IO.
 */
carrynet_status sys_keep_previous(const char *path, const char *previous);

/* Removes temporary files beside `path` that writers left behind who were killed on this machine. */
void sys_remove_leftovers(const char *path);

/* What a file is, whichever name it goes by; false if there is none. */
typedef struct sys_identity {
    uint64_t device, number;
} sys_identity;
bool sys_identify(sys_identity *identity, const char *path);
/* Whether both name one file or pipe; never one device, such as /dev/null. */
bool sys_same_file(const char *a, const char *b);
/* The same of files that may be still to be written: "a" and "./a" are one place. */
bool sys_same_path(const char *a, const char *b);

/* IO, with the reason, if sys_write_file(path) could not work now. */
carrynet_status sys_writable(const char *path);

/*
 * Runs a program to its end, without a shell: words are its name, looked up in PATH, and its arguments, NULL after the
 * last; input [size] is its standard input. What it writes is added to *output and *errors; *code is its exit code, 128
 * + the signal if one ended it. IO if it cannot be started.
 */
carrynet_status sys_run(sys_text *output, sys_text *errors, int *code, const char *const *words, const char *input,
                        size_t size);

/* How a function ended that ran in a process of its own: by a signal, too late, or with an exit code. */
typedef struct sys_child_end {
    int signal;     /* that ended it; 0: none */
    int code;       /* exit code: not 0 where something else ended the process */
    bool late;      /* it was ended, since it took too long */
    bool endless;   /* it was ended, since it wrote more than SYS_CHILD_MOST bytes */
    double seconds; /* how long, then */
} sys_child_end;

/* How long that may take: seconds without use of the processor, and seconds in all. */
typedef struct sys_child_limits {
    double idle, most;
} sys_child_limits;

/*
 * Runs function(self, result) in a child process. What it writes to the descriptor `result` is added to *result, what
 * comes to its standard output and error to *said, of each about the last SYS_CHILD_BYTES. IO if there can be no process;
 * how the child ends is no error.
 */
enum { SYS_CHILD_BYTES = 1 << 20, SYS_CHILD_MOST = 1 << 28 };
carrynet_status sys_run_child(sys_text *result, sys_text *said, sys_child_end *ending,
                              void (*function)(void *self, int result), void *self, const sys_child_limits *patience);

#endif
