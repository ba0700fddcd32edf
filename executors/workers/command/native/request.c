#include "request.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "memory.h"

enum { HEADER = 5, RUN_HEAD = 9, READ_AT_ONCE = 65536 };
/* As in lib/wire/frames.ts. */
static const uint32_t MAX_FRAME = 1u << 30;

/* What has arrived and was not yet dealt with: bytes[from..to). */
static struct {
  uint8_t *bytes;
  size_t from, to, room;
} input;

static uint32_t u32_at(const uint8_t *at) { return at[0] | at[1] << 8 | at[2] << 16 | (uint32_t)at[3] << 24; }

/* Grows with what arrives, never by what a length announces. */
size_t read_frames(int fd) {
  if (input.from > 0) {
    memmove(input.bytes, input.bytes + input.from, input.to - input.from);
    input.to -= input.from;
    input.from = 0;
  }
  if (input.room - input.to < READ_AT_ONCE) {
    input.room = input.room * 2 + READ_AT_ONCE;
    input.bytes = resize(input.bytes, input.room);
  }
  ssize_t got = read(fd, input.bytes + input.to, input.room - input.to);
  if (got <= 0) return 0;
  input.to += (size_t)got;
  return (size_t)got;
}

bool peek_frame(uint8_t *type, const uint8_t **body, size_t *length) {
  size_t arrived = input.to - input.from;
  if (arrived < 4) return false;
  const uint8_t *frame = input.bytes + input.from;
  uint32_t announced = u32_at(frame);
  if (announced == 0 || announced > MAX_FRAME) refuse("the length of a frame");
  if (arrived < 4 + (size_t)announced) return false;
  *type = frame[4];
  *body = frame + HEADER;
  *length = announced - 1;
  return true;
}

void drop_frame(void) { input.from += 4 + (size_t)u32_at(input.bytes + input.from); }

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

void decode_run(const uint8_t *body, size_t length, struct request *request) {
  if (length < RUN_HEAD) refuse("a request that is too short");
  size_t word_count = u32_at(body + 5);
  request->grace_ms = u32_at(body);
  request->flags = body[4];
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
