/** Where PATH has a program, and what it sees of the environment. */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <stddef.h>

#include "request.h"

/* What find_program writes to. Longer paths cannot be executed. */
enum { PATH_BYTES = 4096 };

/* @returns `found`, or NULL if no directory of `path` has such a program. */
const char *find_program(const char *name, const char *path, char found[PATH_BYTES]);

/* The same for what is executed without a shell. A file without a magic number of its own is left to bash, which would interpret it. */
const char *find_direct_program(const char *word, const char *path, char found[PATH_BYTES]);

/* @returns the value of a variable that the request adds, or NULL; the last one counts */
const char *added_variable(const struct request *request, const char *name);

struct environment {
  char **all; /* ends with NULL */
  size_t made; /* the first of them, made for it; the others are our own */
};

/* Our own environment, what the request adds, PWD, and `_` where `direct` is not NULL. */
struct environment make_environment(const struct request *request, const char *direct);
void free_environment(struct environment *environment);

#endif
