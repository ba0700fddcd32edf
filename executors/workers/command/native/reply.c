/** Described in its header. */
#include "reply.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "memory.h"

/* Whole replies, and from `last` on the one that is being made: u32 length, then what it counts. */
static struct {
  uint8_t *bytes;
  size_t last, length, room;
} output;

static uint8_t *grow(size_t count) {
  if (output.room - output.length < count) {
    output.room = output.room * 2 + count;
    output.bytes = resize(output.bytes, output.room);
  }
  uint8_t *at = output.bytes + output.length;
  output.length += count;
  return at;
}

static void write_u32(uint8_t *at, uint32_t value) {
  for (int i = 0; i < 4; i++) at[i] = (uint8_t)(value >> 8 * i);
}

void begin_reply(uint8_t type) {
  output.last = output.length;
  put_u32(0);
  put_u8(type);
}

void put_u8(uint8_t value) { *grow(1) = value; }

void put_u32(uint32_t value) { write_u32(grow(4), value); }

void put_f64(double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  put_u32((uint32_t)bits);
  put_u32((uint32_t)(bits >> 32));
}

void put_string(const char *bytes, size_t length) {
  memcpy(begin_string(length), bytes, length);
  end_string(length);
}

char *begin_string(size_t most) {
  put_u32(0);
  char *at = (char *)grow(most);
  output.length -= most;
  return at;
}

void end_string(size_t length) {
  write_u32(output.bytes + output.length - 4, (uint32_t)length);
  output.length += length;
}

void end_reply(void) { write_u32(output.bytes + output.last, (uint32_t)(output.length - output.last - 4)); }

struct bytes unsent_replies(void) { return (struct bytes){output.bytes, output.length}; }

struct bytes last_reply(void) { return (struct bytes){output.bytes + output.last, output.length - output.last}; }

bool send_replies(int fd) {
  for (size_t at = 0; at < output.length;) {
    ssize_t written = write(fd, output.bytes + at, output.length - at);
    if (written < 0 && errno != EINTR) return false;
    if (written > 0) at += (size_t)written;
  }
  output.length = 0;
  return true;
}
