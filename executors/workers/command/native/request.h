/* Requests as spawner-protocol.ts lays them out, checked field by field: what is not laid out so ends the spawner. */
#ifndef REQUEST_H
#define REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RUN = 1, KILL = 2, HELLO = 3, ENDED = 4, FAILED = 5 };
enum { STDOUT_APPEND = 2, STDERR_APPEND = 4, STDOUT_CAPTURED = 8, STDERR_CAPTURED = 16, WHOLE_STDOUT = 32 };

struct variable {
  const char *name, *value;
};

/* All strings end with NUL and have none within; they are the request's own. */
struct request {
  uint32_t grace_ms;
  uint8_t flags;
  const char *cwd, *out_path, *err_path, *command;
  char **words; /* ends with NULL; empty: by bash */
  struct variable *variables;
  size_t variable_count;
  char *bytes, **strings; /* NULL: there is no request */
};

/* @returns bytes taken from the descriptor's stream; 0: its end, or nothing to be had from it. */
size_t read_frames(int fd);

/* The next whole frame. @returns false if it has not arrived. Exits where no frame of ours begins so. */
bool peek_frame(uint8_t *type, const uint8_t **body, size_t *length);
void drop_frame(void);

void decode_run(const uint8_t *body, size_t length, struct request *request);
void free_request(struct request *request);

/* For what no spawner of ours is sent. The main program says how to leave. */
_Noreturn void refuse(const char *what);

#endif
