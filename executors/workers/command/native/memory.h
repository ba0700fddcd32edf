/** Memory, or the end of the program: there is nothing that it could do with less. */
#ifndef MEMORY_H
#define MEMORY_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void *resize(void *old, size_t bytes) {
  void *all = realloc(old, bytes);
  if (all != NULL) return all;
  fputs("spawner: no memory\n", stderr);
  _exit(1);
}

#endif
