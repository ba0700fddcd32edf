/** Described in its header. */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "memory.h"

static bool is_directory(const char *path) {
  struct stat status;
  return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* @returns whether they are there now; else errno says why the first could not be made */
static bool make_parents(const char *path) {
  char *parent = resize(NULL, strlen(path) + 1);
  strcpy(parent, path);
  bool are_there = true;
  for (char *at = parent; are_there && *at != 0; at++) {
    if (*at != '/' || at == parent || at[-1] == '/') continue;
    *at = 0;
    if (mkdir(parent, 0777) != 0) {
      int reason = errno;
      are_there = is_directory(parent);
      errno = reason;
    }
    *at = '/';
  }
  int reason = errno;
  free(parent);
  errno = reason;
  return are_there;
}

/* Readable too, for the tail, where the file allows it. */
static int open_file(const char *path, int flags) {
  int fd = open(path, O_RDWR | flags, 0666);
  return fd < 0 && errno == EACCES ? open(path, O_WRONLY | flags, 0666) : fd;
}

static bool is_named_pipe(const char *path) {
  struct stat status;
  return stat(path, &status) == 0 && S_ISFIFO(status.st_mode);
}

bool open_output(struct output *output, const char *path, bool appends, bool is_captured) {
  output->fd = -1;
  output->from = 0;
  /* Opening it could wait for ever. */
  if (!is_captured && is_named_pipe(path)) {
    errno = ENXIO;
    return false;
  }
  int flags = O_CLOEXEC | O_CREAT | O_NOCTTY | (appends ? O_APPEND : O_TRUNC);
  output->fd = open_file(path, flags);
  if (output->fd < 0 && errno == ENOENT && make_parents(path)) output->fd = open_file(path, flags);
  if (output->fd < 0) return false;
  if (appends) output->from = size_of(output->fd);
  return true;
}

off_t size_of(int fd) {
  struct stat status;
  return fstat(fd, &status) == 0 ? status.st_size : 0;
}

size_t read_end(int fd, off_t to, size_t count, char *bytes) {
  if (count == 0) return 0;
  ssize_t got = pread(fd, bytes, count, to - (off_t)count);
  return got > 0 ? (size_t)got : 0;
}
