/** Process groups that outlived their command. They are written down for the supervisor that finds us dead. */
#ifndef LEFTOVERS_H
#define LEFTOVERS_H

#include <stdbool.h>
#include <sys/types.h>

/* It was sent TERM. @param kill_at when it gets KILL, in seconds of CLOCK_MONOTONIC */
void add_leftover(pid_t group, double kill_at);

bool has_leftovers(void);

/* Forgets those that are gone, and kills those whose time is over. */
void tend_leftovers(double now);

void signal_leftovers(int signal);
bool is_any_leftover_there(void);

#endif
