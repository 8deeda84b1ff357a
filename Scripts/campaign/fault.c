// Purpose: stops a program at one of its file calls, as a crash, a full disk or a failing disk would.
//
// Preloaded (LD_PRELOAD), it counts the calls that a program and its libraries make, through glibc's names, on what
// lies at or below one folder; at the n-th of them it ends the process or lets the call fail. It does not see the calls
// that glibc makes by itself (stdio, mkstemp), nor those made by syscall().
//
//   FAULT_FOLDER  the folder: an absolute path without links
//   FAULT_CALLS   the kinds that count, separated by commas: those named in `kinds` below
//   FAULT_AT      n, from 1; 0 only counts
//   FAULT_HOW     before, middle, after: SIGKILL before the call, with half of a write done, or after the call
//                 signal: sends FAULT_NUMBER to the process, and lets the call be made
//                 error:  the call fails with the errno FAULT_NUMBER
//                 full:   the disk is full from this call on: half of one more write, then ENOSPC for what needs room
//   FAULT_TIMES   for error: how many counted calls fail, from the n-th on; 0: all
//   FAULT_REPORT  a file that is mapped and holds, however the process ends, a `struct report`
//
//   cc -O2 -shared -fPIC -o fault.so Scripts/campaign/fault.c
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

// Kinds of calls. `create` opens what it may make, `open` what it only writes, `make` makes a folder or a link; `close`
// counts where a file was written; `read` opens for reading, lists a folder, or reads.
enum kind { CREATE, OPEN, WRITE, SYNC, RENAME, UNLINK, MAKE, TRUNCATE, CLOSE, READ, KINDS };
static const char *const kinds[KINDS] = {"create", "open", "write",    "fsync", "rename",
                                         "unlink", "make", "truncate", "close", "read"};

struct report {
  uint64_t counts[KINDS];  // calls of each kind
  uint64_t counted;        // calls of the kinds in FAULT_CALLS
  uint64_t met;            // the number of the call that was stopped; 0: none
  char call[512];          // its name and path
};

// What becomes of a call. The last two are for writes alone: half of it is done.
enum outcome { PASS, FAIL, DIE_AFTER, HALF, HALF_AND_DIE };
enum way { NOTHING, BEFORE, MIDDLE, AFTER, SIGNAL, ERROR, FULL };

static struct report unreported, *report = &unreported;
static char folder[PATH_MAX];
static size_t folder_length;  // 0: nothing counts
static bool counts[KINDS];
static enum way way;
static uint64_t at, times;
static int number;

static uint64_t whole(const char *name) {
  const char *text = getenv(name);
  return text ? strtoull(text, NULL, 10) : 0;
}

__attribute__((constructor)) static void begin(void) {
  const char *wanted = getenv("FAULT_FOLDER"), *list = getenv("FAULT_CALLS"), *how = getenv("FAULT_HOW");
  const char *path = getenv("FAULT_REPORT");
  static const char *const ways[] = {"", "before", "middle", "after", "signal", "error", "full"};
  for (size_t i = 0; how && i < sizeof ways / sizeof *ways; i++)
    if (!strcmp(how, ways[i])) way = (enum way)i;
  // No kind's name is a part of another's.
  for (int kind = 0; list && kind < KINDS; kind++) counts[kind] = strstr(list, kinds[kind]) != NULL;
  at = whole("FAULT_AT"), times = whole("FAULT_TIMES"), number = (int)whole("FAULT_NUMBER");
  if (path) {
    int file = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (file >= 0 && syscall(SYS_ftruncate, file, sizeof(struct report)) == 0) {
      void *memory = mmap(NULL, sizeof(struct report), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
      if (memory != MAP_FAILED) report = memory;
    }
    syscall(SYS_close, file);
  }
  if (wanted && strlen(wanted) < sizeof folder) strcpy(folder, wanted), folder_length = strlen(folder);
}

static void die(void) {
  syscall(SYS_kill, getpid(), SIGKILL);
  for (;;) pause();
}

// Whether a full disk refuses such a call.
static bool needs_room(enum kind kind) {
  return kind == CREATE || kind == WRITE || kind == MAKE || kind == TRUNCATE;
}

static bool is_below(const char *path) {
  return folder_length && !strncmp(path, folder, folder_length) && (path[folder_length] == '/' || !path[folder_length]);
}

// Counts a call on an absolute path, and says what becomes of it.
static enum outcome meet_path(enum kind kind, const char *name, const char *path) {
  static bool is_half_written;
  if (!is_below(path)) return PASS;
  __atomic_add_fetch(&report->counts[kind], 1, __ATOMIC_SEQ_CST);
  bool is_full = way == FULL && report->met;
  if (!counts[kind] && !is_full) return PASS;
  uint64_t n = counts[kind] ? __atomic_add_fetch(&report->counted, 1, __ATOMIC_SEQ_CST) : UINT64_MAX;
  uint64_t last = way == FULL || (way == ERROR && !times) ? UINT64_MAX : way == ERROR ? at + times - 1 : at;
  if (!at || n < at || n > last) return PASS;
  uint64_t none = 0;
  __atomic_compare_exchange_n(&report->met, &none, n, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
  // A full disk shows at the first call that needs room.
  if (way == FULL && !needs_room(kind)) return PASS;
  if (!report->call[0]) snprintf(report->call, sizeof report->call, "%s %s", name, path + folder_length);
  switch (way) {
  case NOTHING: return PASS;
  case BEFORE: die(); return PASS;
  case MIDDLE:
    if (kind != WRITE) die();
    return HALF_AND_DIE;
  case AFTER: return DIE_AFTER;
  case SIGNAL: syscall(SYS_kill, getpid(), number); return PASS;
  case ERROR: errno = number; return FAIL;
  case FULL:
    if (kind == WRITE && !__atomic_exchange_n(&is_half_written, true, __ATOMIC_SEQ_CST)) return HALF;
    errno = ENOSPC;
    return FAIL;
  }
  return PASS;
}

// The path of an open file; false where it has none.
static bool path_of(int file, char path[PATH_MAX]) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  long length = readlink(link, path, PATH_MAX - 1);
  path[length > 0 ? length : 0] = 0;
  return length > 0;
}

static enum outcome meet_file(enum kind kind, const char *name, int file) {
  char path[PATH_MAX];
  int before = errno;
  bool known = folder_length && path_of(file, path);
  errno = before;
  return known ? meet_path(kind, name, path) : PASS;
}

static enum outcome meet_name(enum kind kind, const char *name, int base, const char *path) {
  char whole[2 * PATH_MAX], start[PATH_MAX];
  if (!folder_length || !path) return PASS;
  if (path[0] == '/') return meet_path(kind, name, path);
  int before = errno;
  bool known = base == AT_FDCWD ? getcwd(start, sizeof start) != NULL : path_of(base, start);
  errno = before;
  if (!known) return PASS;
  snprintf(whole, sizeof whole, "%s/%s", start, path);
  return meet_path(kind, name, whole);
}

// Makes the call, unless it is to fail; `failed` is what it then returns.
#define MEET(type, failed, decision, call)   \
  do {                                       \
    enum outcome becomes = decision;         \
    if (becomes == FAIL) return failed;      \
    type result = (type)(call);              \
    if (becomes == DIE_AFTER) die();         \
    return result;                           \
  } while (0)

// MARK: opening

static int open_at(const char *name, int base, const char *path, int flags, mode_t mode) {
  enum kind kind = flags & O_CREAT ? CREATE : (flags & O_ACCMODE) != O_RDONLY || flags & O_TRUNC ? OPEN : READ;
  MEET(int, -1, meet_name(kind, name, base, path), syscall(SYS_openat, base, path, flags, mode));
}

static mode_t mode_in(int flags, va_list more) {
  return flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(more, mode_t) : 0;
}

#define OPENS(name)                                        \
  int name(const char *path, int flags, ...) {             \
    va_list more;                                          \
    va_start(more, flags);                                 \
    mode_t mode = mode_in(flags, more);                    \
    va_end(more);                                          \
    return open_at(#name, AT_FDCWD, path, flags, mode);    \
  }
#define OPENS_AT(name)                                     \
  int name(int base, const char *path, int flags, ...) {   \
    va_list more;                                          \
    va_start(more, flags);                                 \
    mode_t mode = mode_in(flags, more);                    \
    va_end(more);                                          \
    return open_at(#name, base, path, flags, mode);        \
  }
OPENS(open)
OPENS(open64)
OPENS_AT(openat)
OPENS_AT(openat64)

int creat(const char *path, mode_t mode) {
  return open_at("creat", AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

DIR *opendir(const char *path) {
  static DIR *(*next)(const char *);
  if (!next) next = (DIR * (*)(const char *)) dlsym(RTLD_NEXT, "opendir");
  MEET(DIR *, NULL, meet_name(READ, "opendir", AT_FDCWD, path), next(path));
}

int close(int file) {
  int flags = fcntl(file, F_GETFL);
  bool writes = flags >= 0 && (flags & O_ACCMODE) != O_RDONLY;
  enum outcome becomes = writes ? meet_file(CLOSE, "close", file) : PASS;
  int code = errno;
  long result = syscall(SYS_close, file);  // a file whose close fails is closed all the same
  if (becomes == FAIL) return errno = code, -1;
  if (becomes == DIE_AFTER) die();
  return (int)result;
}

// MARK: reading and writing

ssize_t read(int file, void *bytes, size_t count) {
  MEET(ssize_t, -1, meet_file(READ, "read", file), syscall(SYS_read, file, bytes, count));
}

ssize_t pread(int file, void *bytes, size_t count, off_t offset) {
  MEET(ssize_t, -1, meet_file(READ, "pread", file), syscall(SYS_pread64, file, bytes, count, offset));
}
ssize_t pread64(int file, void *bytes, size_t count, off64_t offset) { return pread(file, bytes, count, offset); }

// How much of a write is made.
static size_t share(enum outcome becomes, size_t count) {
  return becomes == HALF || becomes == HALF_AND_DIE ? (count + 1) / 2 : count;
}

static ssize_t ended(enum outcome becomes, long result) {
  if (becomes == HALF_AND_DIE || becomes == DIE_AFTER) die();
  return result;
}

ssize_t write(int file, const void *bytes, size_t count) {
  enum outcome becomes = meet_file(WRITE, "write", file);
  if (becomes == FAIL) return -1;
  return ended(becomes, syscall(SYS_write, file, bytes, share(becomes, count)));
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset) {
  enum outcome becomes = meet_file(WRITE, "pwrite", file);
  if (becomes == FAIL) return -1;
  return ended(becomes, syscall(SYS_pwrite64, file, bytes, share(becomes, count), offset));
}
ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t offset) {
  return pwrite(file, bytes, count, offset);
}

ssize_t writev(int file, const struct iovec *parts, int count) {
  enum outcome becomes = meet_file(WRITE, "writev", file);
  if (becomes == FAIL) return -1;
  if ((becomes == HALF || becomes == HALF_AND_DIE) && count > 0)
    return ended(becomes, syscall(SYS_write, file, parts->iov_base, share(becomes, parts->iov_len)));
  return ended(becomes, syscall(SYS_writev, file, parts, count));
}

int fsync(int file) { MEET(int, -1, meet_file(SYNC, "fsync", file), syscall(SYS_fsync, file)); }
int fdatasync(int file) { MEET(int, -1, meet_file(SYNC, "fdatasync", file), syscall(SYS_fdatasync, file)); }

int ftruncate(int file, off_t length) {
  MEET(int, -1, meet_file(TRUNCATE, "ftruncate", file), syscall(SYS_ftruncate, file, length));
}
int ftruncate64(int file, off64_t length) { return ftruncate(file, length); }

// MARK: names

static int rename_at(const char *name, int from, const char *old, int to, const char *new, unsigned flags) {
  MEET(int, -1, meet_name(RENAME, name, to, new), syscall(SYS_renameat2, from, old, to, new, flags));
}
int rename(const char *old, const char *new) { return rename_at("rename", AT_FDCWD, old, AT_FDCWD, new, 0); }
int renameat(int from, const char *old, int to, const char *new) {
  return rename_at("renameat", from, old, to, new, 0);
}
int renameat2(int from, const char *old, int to, const char *new, unsigned flags) {
  return rename_at("renameat2", from, old, to, new, flags);
}

static int unlink_at(const char *name, int base, const char *path, int flags) {
  MEET(int, -1, meet_name(UNLINK, name, base, path), syscall(SYS_unlinkat, base, path, flags));
}
int unlink(const char *path) { return unlink_at("unlink", AT_FDCWD, path, 0); }
int unlinkat(int base, const char *path, int flags) { return unlink_at("unlinkat", base, path, flags); }
int rmdir(const char *path) { return unlink_at("rmdir", AT_FDCWD, path, AT_REMOVEDIR); }

int mkdir(const char *path, mode_t mode) {
  MEET(int, -1, meet_name(MAKE, "mkdir", AT_FDCWD, path), syscall(SYS_mkdirat, AT_FDCWD, path, mode));
}
int mkdirat(int base, const char *path, mode_t mode) {
  MEET(int, -1, meet_name(MAKE, "mkdirat", base, path), syscall(SYS_mkdirat, base, path, mode));
}
int symlink(const char *to, const char *path) {
  MEET(int, -1, meet_name(MAKE, "symlink", AT_FDCWD, path), syscall(SYS_symlinkat, to, AT_FDCWD, path));
}
int symlinkat(const char *to, int base, const char *path) {
  MEET(int, -1, meet_name(MAKE, "symlinkat", base, path), syscall(SYS_symlinkat, to, base, path));
}
int link(const char *old, const char *new) {
  MEET(int, -1, meet_name(MAKE, "link", AT_FDCWD, new), syscall(SYS_linkat, AT_FDCWD, old, AT_FDCWD, new, 0));
}
int linkat(int from, const char *old, int to, const char *new, int flags) {
  MEET(int, -1, meet_name(MAKE, "linkat", to, new), syscall(SYS_linkat, from, old, to, new, flags));
}
