/** Replies as spawner-protocol.ts lays them out. */
#ifndef REPLY_H
#define REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TAIL_BYTES = 8192, INLINE_BYTES = 65536 };


void begin_reply(uint8_t type);
void put_u8(uint8_t value);
void put_u32(uint32_t value);
void put_f64(double value);
void put_string(const char *bytes, size_t length);

/* Room for a string of up to `most` bytes that is read into it; end_string says how many they are. */
char *begin_string(size_t most);
void end_string(size_t length);

/* It waits to be sent. */
void end_reply(void);

/* Those that wait to be sent, in order, and the last of them. */
struct bytes {
  const uint8_t *at;
  size_t length;
};
struct bytes unsent_replies(void);
struct bytes last_reply(void);

/* @returns whether somebody hears it */
bool send_replies(int fd);

#endif
