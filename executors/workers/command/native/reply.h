/* Replies as spawner-protocol.ts lays them out. */
#ifndef REPLY_H
#define REPLY_H

#include <stddef.h>
#include <stdint.h>

enum { TAIL_BYTES = 8192, INLINE_BYTES = 65536 };


void begin_reply(uint8_t type);
void put_u8(uint8_t value);
void put_u32(uint32_t value);
void put_f64(double value);
void put_string(const char *bytes, size_t length);

/* Room for a string of up to `most` bytes that is read into it. Its length is said behind it: by end_string. */
char *begin_string(size_t most);
void end_string(size_t length);

/* @returns 0, or -1 where nobody hears it any more */
int send_reply(int fd);

#endif
