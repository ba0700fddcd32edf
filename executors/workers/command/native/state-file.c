/** Described in its header. */
#include "state-file.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Of one page all or nothing is written, also by a process that is killed. */
enum { PAGE = 4096, GROUPS_AT = 4 };

static int state_fd;

bool open_state_file(const char *path) {
  state_fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  return state_fd >= 0;
}

/* Little-endian, as the processors that this is built for: numbers are written as they lie. */
static bool write_bytes(const void *bytes, size_t length, off_t at) { return pwrite(state_fd, bytes, length, at) == (ssize_t)length; }

void write_down_group(pid_t group) {
  uint32_t number = (uint32_t)group;
  /* On a full disk the supervisor does without. */
  if (!write_bytes(&number, sizeof number, 0)) return;
}

void write_down_groups(const uint32_t *numbers, size_t count) {
  size_t most = (PAGE - GROUPS_AT) / sizeof *numbers;
  if (!write_bytes(numbers, (count < most ? count : most) * sizeof *numbers, GROUPS_AT)) return;
}

bool write_down_reply(const void *reply, size_t length, size_t at) {
  uint8_t page[PAGE] = {0};
  const size_t end_mark = 4;
  if (at + length + end_mark > PAGE) return false;
  memcpy(page, reply, length);
  return write_bytes(page, length + end_mark, (off_t)(PAGE + at));
}
