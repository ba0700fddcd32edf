/** Described in its header. */
#include "request.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "memory.h"

enum { HEADER = 5, RUN_HEAD = 13, READ_AT_ONCE = 65536 };
/* As in lib/wire/frames.ts. */
static const uint32_t MAX_FRAME = 1u << 30;

/* Of what has arrived, bytes[taken..seen) holds commands that wait, among frames that are dealt with; bytes[seen..end) is new. */
static struct {
  uint8_t *bytes;
  size_t taken, seen, end, room;
  uint32_t waiting;
} input;

uint32_t u32_at(const uint8_t *at) { return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24; }

/* Room grows with what arrives, never by what a length announces. */
bool read_frames(int fd) {
  if (input.taken > 0) memmove(input.bytes, input.bytes + input.taken, input.end - input.taken);
  input.end -= input.taken;
  input.seen -= input.taken;
  input.taken = 0;
  if (input.room - input.end < READ_AT_ONCE) {
    input.room = input.room * 2 + READ_AT_ONCE;
    input.bytes = resize(input.bytes, input.room);
  }
  ssize_t got = read(fd, input.bytes + input.end, input.room - input.end);
  if (got > 0) input.end += (size_t)got;
  return got > 0;
}

static struct frame frame_at(size_t at) {
  const uint8_t *bytes = input.bytes + at;
  return (struct frame){bytes[4], bytes + HEADER, u32_at(bytes) - 1};
}

static size_t size_in_all(const struct frame *frame) { return HEADER + frame->length; }

bool next_frame(struct frame *frame) {
  size_t arrived = input.end - input.seen;
  if (arrived < 4) return false;
  uint32_t announced = u32_at(input.bytes + input.seen);
  if (announced == 0 || announced > MAX_FRAME) refuse("the length of a frame");
  if (arrived < 4 + (size_t)announced) return false;
  *frame = frame_at(input.seen);
  input.seen += size_in_all(frame);
  if (frame->type == RUN) input.waiting++;
  return true;
}

bool take_command(struct frame *frame) {
  while (input.waiting > 0) {
    *frame = frame_at(input.taken);
    input.taken += size_in_all(frame);
    if (frame->type != RUN) continue;
    input.waiting--;
    return true;
  }
  return false;
}

uint32_t forget_commands(void) {
  uint32_t forgotten = input.waiting;
  input.waiting = 0;
  input.taken = input.seen;
  return forgotten;
}

/* Where each string begins. @returns how many there are */
static size_t find_strings(char *bytes, size_t length, char **strings) {
  size_t count = 0, at = RUN_HEAD;
  while (at < length) {
    if (length - at < 4) refuse("the length of a string");
    size_t size = u32_at((uint8_t *)bytes + at);
    if (size > length - at - 4) refuse("a string that goes beyond its frame");
    if (memchr(bytes + at + 4, 0, size) != NULL) refuse("a string with a NUL byte");
    /* Its length has been read: the string before can have its NUL there. */
    bytes[at] = 0;
    strings[count++] = bytes + at + 4;
    at += 4 + size;
  }
  bytes[length] = 0;
  return count;
}

void decode_run(const struct frame *frame, struct request *request) {
  const uint8_t *body = frame->body;
  size_t length = frame->length;
  if (length < RUN_HEAD) refuse("a request that is too short");
  size_t word_count = u32_at(body + 9);
  request->number = u32_at(body);
  request->grace_ms = u32_at(body + 4);
  request->flags = body[8];
  char *bytes = resize(NULL, length + 1);
  memcpy(bytes, body, length);
  /* One more for the NULL behind the words. */
  char **strings = resize(NULL, (length / 4 + 1) * sizeof *strings);
  size_t count = find_strings(bytes, length, strings);
  if (count < 4 || word_count > count - 4 || (count - 4 - word_count) % 2 != 0) refuse("a request with too few strings");
  request->bytes = bytes;
  request->strings = strings;
  request->cwd = strings[0];
  request->out_path = strings[1];
  request->err_path = strings[2];
  request->command = strings[3];
  request->variable_count = (count - 4 - word_count) / 2;
  request->variables = resize(NULL, (request->variable_count + 1) * sizeof *request->variables);
  for (size_t i = 0; i < request->variable_count; i++) {
    char **pair = strings + 4 + word_count + 2 * i;
    request->variables[i] = (struct variable){pair[0], pair[1]};
  }
  /* The first variable's name has been read by now. */
  request->words = strings + 4;
  request->words[word_count] = NULL;
}

void free_request(struct request *request) {
  free(request->variables);
  free(request->strings);
  free(request->bytes);
  request->bytes = NULL;
}
