/** Requests as spawner-protocol.ts lays them out, checked field by field: what is not laid out so ends the spawner. */
#ifndef REQUEST_H
#define REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RUN = 1, KILL = 2, HELLO = 3, ENDED = 4, FAILED = 5, RECALL = 6, DROPPED = 7 };
enum { STDOUT_APPEND = 2, STDERR_APPEND = 4, STDOUT_CAPTURED = 8, STDERR_CAPTURED = 16, WHOLE_STDOUT = 32 };

struct variable {
  const char *name, *value;
};

/* All strings end with NUL and have none within; they are the request's own. */
struct request {
  uint32_t number;
  uint32_t grace_ms;
  uint8_t flags;
  const char *cwd, *out_path, *err_path, *command;
  char **words; /* ends with NULL; empty: by bash */
  struct variable *variables;
  size_t variable_count;
  char *bytes, **strings; /* NULL: there is no request */
};

/* A view of what has arrived, until more is read. */
struct frame {
  uint8_t type;
  const uint8_t *body;
  size_t length;
};

/* @returns whether the descriptor gave anything; false: it has come to its end */
bool read_frames(int fd);

/* The next frame that has arrived as a whole. @returns false if there is none. Commands stay here until they are taken. */
bool next_frame(struct frame *frame);

/* The command that has waited longest. */
bool take_command(struct frame *frame);

/* Of the commands that wait. @returns how many there were */
uint32_t forget_commands(void);

uint32_t u32_at(const uint8_t *at);
void decode_run(const struct frame *frame, struct request *request);
void free_request(struct request *request);

/* For what no spawner of ours is sent. The main program says how to leave. */
_Noreturn void refuse(const char *what);

#endif
