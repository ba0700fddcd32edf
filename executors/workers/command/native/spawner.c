/**
 * Forks commands on behalf of a Node process, one after another: the same job as spawner.pl over the same frames, at a fraction of the cost.
 *
 * Owns a command's birth, its process group, its output files and its exact end. It must not know what a task is.
 * Requests come on fd 0, replies go to fd 1, both laid out as in spawner-protocol.ts; warnings go to fd 2.
 *
 * A child shares our memory until it executes its program (vfork): no page is copied, and why that failed can be read here.
 *
 * usage: spawner STATEFILE | spawner --check      the latter only shows that the program can run here
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "leftovers.h"
#include "output.h"
#include "program.h"
#include "reply.h"
#include "request.h"
#include "state-file.h"

enum { STAGE_CWD = 1, STAGE_STDOUT, STAGE_STDERR, STAGE_FORK, STAGE_EXEC };
enum { LEFTOVER_POLL_MS = 20, LEAVE_POLL_MS = 5 };
static const double SHUTDOWN_GRACE_S = 0.5;
/* For so long a reply waits for those of the commands behind it: whoever reads it is woken once for all of them. */
static const double HOLD_S = 0.008;

/* The command at hand. */
static struct {
  pid_t pid; /* 0: there is none, or not yet */
  struct request request;
  struct output out, err;
  double start_ms, started;
} running;

static pid_t self;
static int null_fd, signal_fd;
static const char *state_file;
/* Since when replies are held back; 0: there are none. */
static double held_since;
static char bash_path[PATH_BYTES];
static const char *base_bash;

/* Written by the child, which is another thread to the compiler. */
static volatile int exec_errno;

/* Seconds. */
static double now(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void close_outputs(bool keeps_stdout) {
  const struct request *request = &running.request;
  if (request->bytes == NULL) return;
  if (running.out.fd >= 0) close(running.out.fd);
  if (running.err.fd >= 0 && running.err.fd != running.out.fd) close(running.err.fd);
  if (request->flags & STDOUT_CAPTURED && !keeps_stdout) unlink(request->out_path);
  if (request->flags & STDERR_CAPTURED) unlink(request->err_path);
}

static void reap_if_ended(void) {
  if (running.pid > 0 && waitpid(running.pid, NULL, WNOHANG) == running.pid) running.pid = 0;
}

/* The supervisor is gone or wants us gone: TERM to all that runs, KILL shortly after. */
static _Noreturn void leave(int code) {
  if (running.pid > 0) add_leftover(running.pid, 0);
  signal_leftovers(SIGTERM);
  double deadline = now(CLOCK_MONOTONIC) + SHUTDOWN_GRACE_S;
  while (reap_if_ended(), (running.pid > 0 || is_any_leftover_there()) && now(CLOCK_MONOTONIC) < deadline) poll(NULL, 0, LEAVE_POLL_MS);
  signal_leftovers(SIGKILL);
  close_outputs(false);
  unlink(state_file);
  exit(code);
}

_Noreturn void refuse(const char *what) {
  fprintf(stderr, "spawner: no request of ours: %s\n", what);
  leave(2);
}

static void send_all(void) {
  held_since = 0;
  if (!send_replies(STDOUT_FILENO)) leave(0);
}

/* The last reply is complete. It is not lost with us: it is written down before the next command can run. */
static void reply(void) {
  end_reply();
  struct bytes last = last_reply();
  if (held_since == 0) held_since = now(CLOCK_MONOTONIC);
  if (!write_down_reply(last.at, last.length, unsent_replies().length - last.length)) send_all();
}

static int ms_until_sent(void) {
  double left = held_since + HOLD_S - now(CLOCK_MONOTONIC);
  return left <= 0 ? 0 : 1 + (int)(left * 1000);
}

/* They are held back while a command runs behind them. */
static void send_those_due(void) {
  if (held_since > 0 && (running.pid == 0 || ms_until_sent() == 0)) send_all();
}

/* Of the command at hand, which was never executed, for the reason that errno tells. */
static void fail(uint8_t stage, const char *path) {
  int reason = errno;
  close_outputs(false);
  begin_reply(FAILED);
  put_u32(running.request.number);
  put_u8(stage);
  put_u32((uint32_t)reason);
  put_f64(running.start_ms);
  put_string(path, strlen(path));
  free_request(&running.request);
  reply();
}

/* In the child. It has our memory, so it changes nothing there, and does not return. */
static _Noreturn void become_command(const char *direct, const char *bash, char **environment) {
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  setpgid(0, 0);
  /* Written down before anything can run, for the supervisor that finds us both dead. */
  write_down_group(getpid());
  if (getppid() != self) _exit(127); /* the helper died before prctl */
  dup3(null_fd, STDIN_FILENO, 0);
  dup3(running.out.fd, STDOUT_FILENO, 0);
  dup3(running.err.fd, STDERR_FILENO, 0);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL); /* a signal that came since the fork takes effect here */
  char *bash_argv[] = {"bash", "-c", (char *)running.request.command, NULL};
  if (direct != NULL) execve(direct, running.request.words, environment);
  if (bash != NULL) execve(bash, bash_argv, environment);
  exec_errno = errno;
  _exit(127);
}

/* Returns when the program is executed, or cannot be. */
static void execute(const char *direct, const char *bash) {
  struct environment environment = make_environment(&running.request, direct);
  exec_errno = 0;
  running.started = now(CLOCK_MONOTONIC);
  pid_t pid = vfork();
  if (pid == 0) become_command(direct, bash, environment.all);
  int reason = errno;
  free_environment(&environment);
  if (pid > 0 && exec_errno == 0) {
    running.pid = pid;
    return;
  }
  if (pid > 0) waitpid(pid, NULL, 0);
  errno = pid > 0 ? exec_errno : reason;
  fail(pid > 0 ? STAGE_EXEC : STAGE_FORK, pid > 0 ? "bash" : "");
}

static bool open_outputs(void) {
  const struct request *request = &running.request;
  const uint8_t flags = request->flags;
  if (!open_output(&running.out, request->out_path, flags & STDOUT_APPEND, flags & STDOUT_CAPTURED))
    return fail(STAGE_STDOUT, request->out_path), false;
  if (strcmp(request->out_path, request->err_path) == 0) running.err = running.out;
  else if (!open_output(&running.err, request->err_path, flags & STDERR_APPEND, flags & STDERR_CAPTURED))
    return fail(STAGE_STDERR, request->err_path), false;
  return true;
}

static void start_command(const struct frame *frame) {
  struct request *request = &running.request;
  decode_run(frame, request);
  running.out.fd = running.err.fd = -1;
  running.start_ms = now(CLOCK_REALTIME) * 1000;
  if (chdir(request->cwd) != 0) return fail(STAGE_CWD, request->cwd);
  if (!open_outputs()) return;

  char own_bash[PATH_BYTES], program[PATH_BYTES];
  const char *own_path = added_variable(request, "PATH"), *path = own_path != NULL ? own_path : getenv("PATH");
  const char *bash = own_path != NULL ? find_program("bash", path, own_bash) : base_bash;
  const char *direct = request->words[0] != NULL ? find_direct_program(request->words[0], path, program) : NULL;
  if (bash != NULL || direct != NULL) return execute(direct, bash);
  errno = ENOENT;
  fail(STAGE_EXEC, "bash");
}

static size_t least(off_t bytes, size_t most) { return bytes <= 0 ? 0 : (uint64_t)bytes < most ? (size_t)bytes : most; }

/* A string of the reply. */
static void put_end(const struct output *output, off_t to, size_t most) {
  size_t count = least(to - output->from, most);
  end_string(read_end(output->fd, to, count, begin_string(count)));
}

static void report_end(int status, double duration_us, const struct rusage *usage) {
  off_t out_to = size_of(running.out.fd);
  bool is_wanted = running.request.flags & WHOLE_STDOUT, is_whole = is_wanted && out_to - running.out.from <= INLINE_BYTES;
  double cpu_ms = (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1e3 + (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) / 1e3;
  begin_reply(ENDED);
  put_u32(running.request.number);
  put_u32((uint32_t)status);
  put_f64(running.start_ms);
  put_f64(duration_us);
  put_f64((double)running.out.from);
  put_f64((double)out_to);
  put_u8(is_whole);
  put_u32(cpu_ms < UINT32_MAX ? (uint32_t)cpu_ms : UINT32_MAX);
  put_u32((uint32_t)usage->ru_maxrss);
  put_end(&running.out, out_to, is_whole ? INLINE_BYTES : TAIL_BYTES);
  put_end(&running.err, size_of(running.err.fd), TAIL_BYTES);
  close_outputs(is_wanted && !is_whole);
  free_request(&running.request);
  reply();
}

static void finish_if_ended(void) {
  int status;
  struct rusage usage;
  if (running.pid == 0 || wait4(running.pid, &status, WNOHANG, &usage) != running.pid) return;
  double end = now(CLOCK_MONOTONIC);
  if (kill(-running.pid, SIGTERM) == 0) add_leftover(running.pid, end + running.request.grace_ms / 1e3);
  running.pid = 0;
  report_end(status, (end - running.started) * 1e6, &usage);
}

static void start_waiting(void) {
  struct frame frame;
  while (running.pid == 0 && take_command(&frame)) start_command(&frame);
}

/* Whoever asks hears first what has ended. */
static void say_dropped(bool was_at_hand, uint32_t count) {
  begin_reply(DROPPED);
  put_u8(was_at_hand);
  put_u32(count);
  end_reply();
  send_all();
}

/* What waits behind a command that is ended is asked for anew. */
static void end_command(uint32_t number, int signal) {
  bool is_at_hand = running.pid > 0 && running.request.number == number;
  if (is_at_hand) kill(-running.pid, signal);
  say_dropped(is_at_hand, is_at_hand ? forget_commands() : 0);
}

static void handle_requests(void) {
  struct frame frame;
  while (next_frame(&frame)) {
    if (frame.type == RUN) start_waiting();
    else if (frame.type == KILL && frame.length == 5 && frame.body[4] < NSIG) end_command(u32_at(frame.body), frame.body[4]);
    else if (frame.type == RECALL && frame.length == 0) say_dropped(false, forget_commands());
    else refuse("a frame of another kind");
  }
}

static void read_signals(void) {
  struct signalfd_siginfo signals[8];
  ssize_t got = read(signal_fd, signals, sizeof signals);
  for (size_t i = 0; got > 0 && i < (size_t)got / sizeof *signals; i++)
    if (signals[i].ssi_signo != SIGCHLD) leave(128 + (int)signals[i].ssi_signo);
  finish_if_ended();
  start_waiting();
}

/* Blocked for good and read from a descriptor, so that none can slip in between looking and waiting. PIPE: the supervisor is gone. */
static int listen_to_signals(void) {
  sigset_t ours;
  sigemptyset(&ours);
  const int signals[] = {SIGHUP, SIGINT, SIGPIPE, SIGTERM, SIGCHLD};
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) sigaddset(&ours, signals[i]);
  sigprocmask(SIG_SETMASK, &ours, NULL);
  return signalfd(-1, &ours, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void open_all(void) {
  self = getpid();
  signal_fd = listen_to_signals();
  null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (signal_fd >= 0 && null_fd >= 0 && open_state_file(state_file)) return;
  fprintf(stderr, "spawner: %s: %s\n", state_file, strerror(errno));
  exit(1);
}

static int ms_until_next(void) {
  int ms = has_leftovers() ? LEFTOVER_POLL_MS : -1;
  if (held_since == 0) return ms;
  int held = ms_until_sent();
  return ms < 0 || held < ms ? held : ms;
}

static _Noreturn void serve(void) {
  struct pollfd inputs[] = {{signal_fd, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
  while (true) {
    poll(inputs, 2, ms_until_next());
    if (inputs[0].revents) read_signals();
    if (inputs[1].revents) {
      if (!read_frames(STDIN_FILENO)) leave(0);
      handle_requests();
    }
    send_those_due();
    if (has_leftovers()) tend_leftovers(now(CLOCK_MONOTONIC));
  }
}

int main(int argc, char **argv) {
  if (argc != 2) return fputs("usage: spawner STATEFILE\n", stderr), 2;
  if (strcmp(argv[1], "--check") == 0) return puts("ok") == EOF;
  state_file = argv[1];
  open_all();
  base_bash = find_program("bash", getenv("PATH"), bash_path);
  begin_reply(HELLO);
  end_reply();
  send_all();
  serve();
}
