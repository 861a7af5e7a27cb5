// Writes down what a program does to the files below one folder, in the order in which it does it.
//
//   LD_PRELOAD=libFileJournal.so FILE_JOURNAL=journal FILE_JOURNAL_ROOT=/path/of/folder program …
//
// Stands between the program and the C library's calls that change files or make changes durable. Each call that
// succeeds becomes a record, a line of fields divided by tabs and then `count` raw bytes:
//
//   operation  descriptor  offset  count  path  other path
//
//   open, create, replace   descriptor of path: it was there, is new, is there and emptied
//   write                   descriptor, offset, bytes
//   truncate                descriptor (or path, descriptor -1), new length in offset
//   sync                    descriptor
//   close                   descriptor
//   mkdir, rmdir, unlink    path
//   rename, exchange, link  path, other path
//   symlink                 what the link says, path of the link
//
// Paths are told from the folder on. A call and its record are made under one lock, so that the order of records is the
// order of what happened, whichever thread it was. What the C library does within itself (`fopen`, `remove`) passes by
// unseen: whoever reads the journal has to compare what it gives with what the program left (PowerLossTests does).
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { descriptors = 65536 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *root;
static size_t root_length;
static int journal = -1;
static bool followed[descriptors];

// The C library's own function, which the one of the same name here hides.
#define NEXT(name)                                                                                                     \
  static __typeof__(name) *next;                                                                                       \
  if (next == NULL) next = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("FILE_JOURNAL");
  root = getenv("FILE_JOURNAL_ROOT");
  if (path == NULL || root == NULL) return;
  root_length = strlen(root);
  journal = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (journal < 0) {
    fprintf(stderr, "FileJournal: cannot open %s: %s\n", path, strerror(errno));
    abort();
  }
}

static bool is_followed(int descriptor) {
  return descriptor >= 0 && descriptor < descriptors && followed[descriptor];
}

// The path from the folder on, in `place`; NULL where it lies elsewhere.
static const char *below(int folder, const char *path, char place[2 * PATH_MAX]) {
  if (journal < 0 || path == NULL) return NULL;
  place[0] = 0;
  if (path[0] != '/') {
    if (folder == AT_FDCWD) {
      if (getcwd(place, PATH_MAX) == NULL) return NULL;
    } else {
      char link[64];
      snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
      const ssize_t count = readlink(link, place, PATH_MAX - 1);
      if (count < 0) return NULL;
      place[count] = 0;
    }
    strcat(place, "/");
  }
  if (strlen(path) >= PATH_MAX) return NULL;
  strcat(place, path);
  if (strncmp(place, root, root_length) != 0) return NULL;
  const char *rest = place + root_length;
  return *rest == '/' || *rest == 0 ? rest : NULL;
}

static void record(
    const char *operation, int descriptor, long long offset, const char *path, const char *other, const void *bytes,
    size_t count) {
  const int code = errno;
  char line[4 * PATH_MAX];
  const int length =
      snprintf(line, sizeof line, "%s\t%d\t%lld\t%zu\t%s\t%s\n", operation, descriptor, offset, count, path, other);
  const struct iovec parts[2] = {{line, (size_t)length}, {(void *)bytes, count}};
  if (length >= (int)sizeof line || syscall(SYS_writev, journal, parts, 2) != (long)((size_t)length + count)) {
    fprintf(stderr, "FileJournal: cannot write the journal: %s\n", strerror(errno));
    abort();
  }
  errno = code;
}

#define BEGIN pthread_mutex_lock(&lock)
#define END pthread_mutex_unlock(&lock)

// Opening and closing
// -------------------

static int opened(int result, bool was_there, int flags, const char *rest) {
  if (result >= descriptors) abort();
  if (result >= 0 && rest != NULL) {
    followed[result] = true;
    record(!was_there ? "create" : flags & O_TRUNC ? "replace" : "open", result, 0, rest, "", NULL, 0);
  }
  return result;
}

#define OPEN(folder, call)                                                                                             \
  mode_t mode = 0;                                                                                                     \
  if (flags & (O_CREAT | __O_TMPFILE)) {                                                                               \
    va_list more;                                                                                                      \
    va_start(more, flags);                                                                                             \
    mode = va_arg(more, mode_t);                                                                                       \
    va_end(more);                                                                                                      \
  }                                                                                                                    \
  char place[2 * PATH_MAX];                                                                                            \
  const char *rest = below(folder, path, place);                                                                       \
  if (rest == NULL) return call;                                                                                       \
  BEGIN;                                                                                                               \
  const bool was_there = faccessat(folder, path, F_OK, 0) == 0;                                                        \
  const int result = opened(call, was_there, flags, rest);                                                             \
  END;                                                                                                                 \
  return result

int open(const char *path, int flags, ...) {
  NEXT(open);
  OPEN(AT_FDCWD, next(path, flags, mode));
}

int open64(const char *path, int flags, ...) {
  NEXT(open64);
  OPEN(AT_FDCWD, next(path, flags, mode));
}

int openat(int folder, const char *path, int flags, ...) {
  NEXT(openat);
  OPEN(folder, next(folder, path, flags, mode));
}

int openat64(int folder, const char *path, int flags, ...) {
  NEXT(openat64);
  OPEN(folder, next(folder, path, flags, mode));
}

int creat(const char *path, mode_t mode) { return open(path, O_WRONLY | O_CREAT | O_TRUNC, mode); }

int creat64(const char *path, mode_t mode) { return open64(path, O_WRONLY | O_CREAT | O_TRUNC, mode); }

int close(int descriptor) {
  NEXT(close);
  if (!is_followed(descriptor)) return next(descriptor);
  BEGIN;
  followed[descriptor] = false;
  const int result = next(descriptor);
  if (result == 0) record("close", descriptor, 0, "", "", NULL, 0);
  END;
  return result;
}

// Content
// -------

ssize_t write(int descriptor, const void *bytes, size_t count) {
  NEXT(write);
  if (!is_followed(descriptor)) return next(descriptor, bytes, count);
  BEGIN;
  const ssize_t result = next(descriptor, bytes, count);
  // Where it began, for files that are appended to as well.
  if (result > 0)
    record("write", descriptor, lseek(descriptor, 0, SEEK_CUR) - result, "", "", bytes, (size_t)result);
  END;
  return result;
}

#define PWRITE(name, offset_type)                                                                                      \
  ssize_t name(int descriptor, const void *bytes, size_t count, offset_type offset) {                                  \
    NEXT(name);                                                                                                        \
    if (!is_followed(descriptor)) return next(descriptor, bytes, count, offset);                                       \
    BEGIN;                                                                                                             \
    const ssize_t result = next(descriptor, bytes, count, offset);                                                     \
    if (result > 0) record("write", descriptor, offset, "", "", bytes, (size_t)result);                                \
    END;                                                                                                               \
    return result;                                                                                                     \
  }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

#define FTRUNCATE(name, offset_type)                                                                                   \
  int name(int descriptor, offset_type length) {                                                                       \
    NEXT(name);                                                                                                        \
    if (!is_followed(descriptor)) return next(descriptor, length);                                                     \
    BEGIN;                                                                                                             \
    const int result = next(descriptor, length);                                                                       \
    if (result == 0) record("truncate", descriptor, length, "", "", NULL, 0);                                          \
    END;                                                                                                               \
    return result;                                                                                                     \
  }
FTRUNCATE(ftruncate, off_t)
FTRUNCATE(ftruncate64, off64_t)

#define SYNC(name)                                                                                                     \
  int name(int descriptor) {                                                                                           \
    NEXT(name);                                                                                                        \
    if (!is_followed(descriptor)) return next(descriptor);                                                             \
    BEGIN;                                                                                                             \
    const int result = next(descriptor);                                                                               \
    if (result == 0) record("sync", descriptor, 0, "", "", NULL, 0);                                                   \
    END;                                                                                                               \
    return result;                                                                                                     \
  }
SYNC(fsync)
SYNC(fdatasync)

// Names
// -----

// A call that returns 0 and is told by a path, and perhaps by another.
#define NAMED(operation, folder, path, other_folder, other, length, call)                                              \
  char place[2 * PATH_MAX], other_place[2 * PATH_MAX];                                                                 \
  const char *rest = below(folder, path, place), *other_rest = below(other_folder, other, other_place);                \
  if (rest == NULL && other_rest == NULL) return call;                                                                 \
  BEGIN;                                                                                                               \
  const int result = call;                                                                                             \
  if (result == 0)                                                                                                     \
    record(operation, -1, length, rest ? rest : "outside", other == NULL ? "" : other_rest ? other_rest : "outside",   \
           NULL, 0);                                                                                                   \
  END;                                                                                                                 \
  return result

static const char *const none = NULL;

int truncate(const char *path, off_t length) {
  NEXT(truncate);
  NAMED("truncate", AT_FDCWD, path, AT_FDCWD, none, length, next(path, length));
}

int truncate64(const char *path, off64_t length) {
  NEXT(truncate64);
  NAMED("truncate", AT_FDCWD, path, AT_FDCWD, none, length, next(path, length));
}

int mkdir(const char *path, mode_t mode) {
  NEXT(mkdir);
  NAMED("mkdir", AT_FDCWD, path, AT_FDCWD, none, 0LL, next(path, mode));
}

int mkdirat(int folder, const char *path, mode_t mode) {
  NEXT(mkdirat);
  NAMED("mkdir", folder, path, AT_FDCWD, none, 0LL, next(folder, path, mode));
}

int rmdir(const char *path) {
  NEXT(rmdir);
  NAMED("rmdir", AT_FDCWD, path, AT_FDCWD, none, 0LL, next(path));
}

int unlink(const char *path) {
  NEXT(unlink);
  NAMED("unlink", AT_FDCWD, path, AT_FDCWD, none, 0LL, next(path));
}

int unlinkat(int folder, const char *path, int flags) {
  NEXT(unlinkat);
  NAMED(flags & AT_REMOVEDIR ? "rmdir" : "unlink", folder, path, AT_FDCWD, none, 0LL, next(folder, path, flags));
}

int rename(const char *path, const char *other) {
  NEXT(rename);
  NAMED("rename", AT_FDCWD, path, AT_FDCWD, other, 0LL, next(path, other));
}

int renameat(int folder, const char *path, int other_folder, const char *other) {
  NEXT(renameat);
  NAMED("rename", folder, path, other_folder, other, 0LL, next(folder, path, other_folder, other));
}

int renameat2(int folder, const char *path, int other_folder, const char *other, unsigned int flags) {
  NEXT(renameat2);
  NAMED(flags & RENAME_EXCHANGE ? "exchange" : "rename", folder, path, other_folder, other, 0LL,
        next(folder, path, other_folder, other, flags));
}

int link(const char *path, const char *other) {
  NEXT(link);
  NAMED("link", AT_FDCWD, path, AT_FDCWD, other, 0LL, next(path, other));
}

int linkat(int folder, const char *path, int other_folder, const char *other, int flags) {
  NEXT(linkat);
  NAMED("link", folder, path, other_folder, other, 0LL, next(folder, path, other_folder, other, flags));
}

static int linked(int result, const char *target, const char *rest) {
  if (result == 0) record("symlink", -1, 0, target, rest, NULL, 0);
  return result;
}

#define SYMLINK(folder, call)                                                                                          \
  char place[2 * PATH_MAX];                                                                                            \
  const char *rest = below(folder, path, place);                                                                       \
  if (rest == NULL) return call;                                                                                       \
  BEGIN;                                                                                                               \
  const int result = linked(call, target, rest);                                                                       \
  END;                                                                                                                 \
  return result

int symlink(const char *target, const char *path) {
  NEXT(symlink);
  SYMLINK(AT_FDCWD, next(target, path));
}

int symlinkat(const char *target, int folder, const char *path) {
  NEXT(symlinkat);
  SYMLINK(folder, next(target, folder, path));
}
