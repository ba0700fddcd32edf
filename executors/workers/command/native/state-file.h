/**
 * What the supervisor has to know when it finds us dead, in a file that it has named: u32 group of the latest command, u32 count, groups
 * that are ending; in its second page the replies that were not sent, u32 0 behind them.
 */
#ifndef STATE_FILE_H
#define STATE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* @returns whether it is there; else errno says why not */
bool open_state_file(const char *path);

/* Async-signal-safe: the child calls it. */
void write_down_group(pid_t group);

/* A count and so many groups. */
void write_down_groups(const uint32_t *numbers, size_t count);

/* The last of the replies that were not sent. @returns whether it was written: not where there is no room for it */
bool write_down_reply(const void *reply, size_t length, size_t at);

#endif
