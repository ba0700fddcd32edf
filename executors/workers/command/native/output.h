/** The files that a command writes to: opened before it starts, looked at when it has ended. */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct output {
  int fd; /* -1: not open */
  off_t from; /* its size before the command started */
};

/* @returns whether it is open; else errno says why not. `is_captured`: the file is ours */
bool open_output(struct output *output, const char *path, bool appends, bool is_captured);

off_t size_of(int fd);

/* The last `count` bytes before `to`. @returns how many could be read */
size_t read_end(int fd, off_t to, size_t count, char *bytes);

#endif
