/* Process groups that outlived their command, and the file in which the supervisor finds them when we are dead. */
#ifndef LEFTOVERS_H
#define LEFTOVERS_H

#include <stdbool.h>
#include <sys/types.h>

/* u32 group of the latest command, u32 count, groups that are ending. @returns false: errno says why not */
bool open_group_file(const char *path);

/* Async-signal-safe: the child calls it. */
void write_down_group(pid_t group);

/* It was sent TERM. @param kill_at when it gets KILL, in seconds of CLOCK_MONOTONIC */
void add_leftover(pid_t group, double kill_at);

bool has_leftovers(void);

/* Forgets those that are gone, and kills those whose time is over. */
void tend_leftovers(double now);

void signal_leftovers(int signal);
bool is_any_leftover_there(void);

#endif
