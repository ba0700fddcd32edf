/** Described in its header. */
#include "leftovers.h"

#include <signal.h>
#include <stddef.h>
#include <stdint.h>

#include "memory.h"
#include "state-file.h"

struct leftover {
  pid_t group;
  double kill_at;
};

static struct {
  struct leftover *all;
  size_t count, room;
} left;

static void write_down_leftovers(void) {
  uint32_t *numbers = resize(NULL, (left.count + 1) * sizeof *numbers);
  numbers[0] = (uint32_t)left.count;
  for (size_t i = 0; i < left.count; i++) numbers[i + 1] = (uint32_t)left.all[i].group;
  write_down_groups(numbers, left.count + 1);
  free(numbers);
}

void add_leftover(pid_t group, double kill_at) {
  if (left.count == left.room) {
    left.room = left.room * 2 + 8;
    left.all = resize(left.all, left.room * sizeof *left.all);
  }
  left.all[left.count++] = (struct leftover){group, kill_at};
  write_down_leftovers();
}

bool has_leftovers(void) { return left.count > 0; }

/* @returns whether there is nothing left of it to wait for */
static bool is_over(const struct leftover *one, double now) {
  if (kill(-one->group, 0) != 0) return true;
  return now >= one->kill_at && kill(-one->group, SIGKILL) == 0;
}

void tend_leftovers(double now) {
  size_t kept = 0;
  for (size_t i = 0; i < left.count; i++)
    if (!is_over(&left.all[i], now)) left.all[kept++] = left.all[i];
  if (kept == left.count) return;
  left.count = kept;
  write_down_leftovers();
}

void signal_leftovers(int signal) {
  for (size_t i = 0; i < left.count; i++) kill(-left.all[i].group, signal);
}

bool is_any_leftover_there(void) {
  for (size_t i = 0; i < left.count; i++)
    if (kill(-left.all[i].group, 0) == 0) return true;
  return false;
}
