#!/usr/bin/env perl
# Forks commands on behalf of a Node process, one after another, because forking from a large heap is slow. For where native/ cannot run.
#
# Owns a command's birth, its process group, its output files and its exact end. It must not know what a task is.
# It loads no module, so that it starts in a few ms and works with the smallest perl; what perl has no word for is a system call by number.
# Requests come on fd 0, replies go to fd 1, both laid out as in spawner-protocol.ts; warnings go to fd 2.
#
# usage: perl spawner.pl ARCH GROUPFILE      ARCH as Node's process.arch
use strict;

my ($ARCH, $GROUP_FILE) = @ARGV;

# Kernel sources: arch/*/entry/syscalls/*.tbl, include/uapi/asm-generic/unistd.h.
my @NAMES = qw(openat dup3 close fstat pread pwrite execve exit_group sigprocmask signalfd clock_gettime prctl wait4);
my %NUMBERS = (
  x64 => [257, 292, 3, 5, 17, 18, 59, 231, 14, 289, 228, 157, 61],
  arm64 => [56, 24, 57, 80, 67, 68, 221, 94, 135, 74, 113, 167, 260],
  ppc64 => [286, 316, 6, 108, 179, 180, 11, 234, 174, 313, 246, 171, 114],
);
my %SYS;
@SYS{@NAMES} = @{ $NUMBERS{$ARCH} || die "no system call numbers for $ARCH\n" };
length(pack 'p', undef) == 8 or die "this perl is not a 64-bit program\n";

my ($RUN, $KILL, $HELLO, $ENDED, $FAILED, $RECALL, $DROPPED) = (1 .. 7);
my $MAX_FRAME = 1 << 30;
my ($STAGE_CWD, $STAGE_STDOUT, $STAGE_STDERR, $STAGE_FORK, $STAGE_EXEC) = (1 .. 5);
my ($STDOUT_APPEND, $STDERR_APPEND, $STDOUT_CAPTURED, $STDERR_CAPTURED, $WHOLE_STDOUT) = (2, 4, 8, 16, 32);
my ($TAIL_BYTES, $INLINE_BYTES) = (8192, 65536);
my ($ENOENT, $ENXIO, $EACCES) = (2, 6, 13);
my ($SIGCHLD, $SIGTERM) = (17, 15);
my ($SHUTDOWN_GRACE, $LEFTOVER_POLL) = (0.5, 0.02);
my $NULL = pack 'J', 0;

# Blocked for good and read from a descriptor, so that none can slip in between looking and waiting. PIPE: the supervisor is gone.
my $MASK = pack 'Q', signal_bits(1, 2, 13, $SIGTERM, $SIGCHLD);
syscall($SYS{sigprocmask}, 2, $MASK, 0, 8) == 0 or die "sigprocmask: $!\n";
my $signal_fd = syscall($SYS{signalfd}, -1, $MASK, 8, 0x80800);
$signal_fd >= 0 or die "signalfd: $!\n";
open my $signals, '<&=', $signal_fd or die "signalfd: $!\n";

open my $null, '<', '/dev/null' or die "/dev/null: $!\n";
open my $group_file, '>', $GROUP_FILE or die "$GROUP_FILE: $!\n";
my ($null_fd, $group_fd) = (fileno $null, fileno $group_file);
pipe my $exec_errors, my $exec_error_writer or die "pipe: $!\n";
fcntl $exec_errors, 4, 2048; # F_SETFL O_NONBLOCK
$SIG{FPE} = 'DEFAULT'; # perl ignores it, and what is ignored stays so in a command

my $SELF = $$;
my $BASE_PATH = $ENV{PATH};
my @base_environment = map { "$_=$ENV{$_}" } grep { $_ ne 'PWD' && $_ ne '_' } keys %ENV;
my $base_pointers = pack 'p*', @base_environment;
my $base_bash = find_program('bash', $BASE_PATH);

my $requests = '';  # bytes that are not yet a whole frame
my @waiting;        # bodies of requests to run a command
my $running;        # the command at hand
my @leftovers;      # groups that outlived their command: { group, kill_at }
vec(my $signal_in = '', $signal_fd, 1) = 1;
vec(my $request_in = '', 0, 1) = 1;

reply(pack 'VC', 1, $HELLO);
while (1) {
  my $ready = $signal_in | $request_in;
  select $ready, undef, undef, @leftovers ? $LEFTOVER_POLL : undef;
  read_signals() if vec($ready, $signal_fd, 1);
  read_requests() if vec($ready, 0, 1);
  tend_leftovers() if @leftovers;
}

sub signal_bits { my $bits = 0; $bits |= 1 << ($_ - 1) for @_; return $bits }

sub read_signals {
  my $got = sysread $signals, my $infos, 128 * 8;
  return unless $got;
  for my $at (map { $_ * 128 } 0 .. $got / 128 - 1) {
    my $signal = unpack 'V', substr $infos, $at, 4;
    leave(128 + $signal) if $signal != $SIGCHLD;
  }
  return unless $running && defined(my $end = wait_for_command());
  finish_command(@$end);
  start_waiting();
}

# @returns [status, CPU ms, peak KiB] of the command and of what it has waited for; undef if it still runs
sub wait_for_command {
  my ($status, $usage) = ("\0" x 4, "\0" x 256);
  return unless syscall($SYS{wait4}, $running->{pid}, $status, 1, $usage) == $running->{pid};
  my ($user_s, $user_us, $system_s, $system_us, $peak_kib) = unpack 'q5', $usage;
  return [unpack('l', $status), ($user_s + $system_s) * 1e3 + ($user_us + $system_us) / 1e3, $peak_kib];
}

sub read_requests {
  my $got = sysread STDIN, $requests, 65536, length $requests;
  leave(0) unless $got;
  handle_requests();
}

sub handle_requests {
  while (length $requests >= 4) {
    my $length = unpack 'V', $requests;
    refuse('the length of a frame') if $length == 0 || $length > $MAX_FRAME;
    return if length $requests < 4 + $length;
    my ($type, $body) = unpack 'Ca*', substr $requests, 4, $length;
    substr $requests, 0, 4 + $length, '';
    if ($type == $RUN) { push @waiting, $body; start_waiting() }
    elsif ($type == $KILL && length $body == 5 && unpack('x4C', $body) < 65) { end_command(unpack 'VC', $body) }
    elsif ($type == $RECALL && $body eq '') { say_dropped(0) }
    else { refuse('a frame of another kind') }
  }
}

sub refuse { syswrite STDERR, "spawner: no request of ours: $_[0]\n"; leave(2) }

sub start_waiting { start_command(shift @waiting) while @waiting && !$running }

# Whatever waits is forgotten.
sub say_dropped {
  my $count = @waiting;
  @waiting = ();
  reply(pack 'VCCV', 6, $DROPPED, $_[0], $count);
}

sub end_command {
  my ($number, $signal) = @_;
  return reply(pack 'VCCV', 6, $DROPPED, 0, 0) unless $running && $running->{number} == $number;
  signal_command($signal);
  say_dropped(1);
}

# @returns the strings in the body of a request, all of them whole
sub strings_of {
  my ($body) = @_;
  refuse('a request that is too short') if length $body < 13;
  my @strings = eval { unpack 'x13(V/a)*', $body };
  my $length = $@ ? 0 : 13;
  $length += 4 + length for @strings;
  refuse('a string that goes beyond its frame') if $length != length $body;
  refuse('a string with a NUL byte') if grep { index($_, "\0") >= 0 } @strings;
  return @strings;
}

sub start_command {
  my ($number, $grace_ms, $flags, $word_count) = unpack 'VVCV', $_[0];
  my ($cwd, $out_path, $err_path, $command, @rest) = strings_of($_[0]);
  refuse('a request with too few strings') if !defined $command || $word_count > @rest || (@rest - $word_count) % 2;
  my @words = splice @rest, 0, $word_count;
  my %extra = (PWD => $cwd, @rest);
  my %c = (number => $number, grace => $grace_ms / 1000, flags => $flags, out_path => $out_path, err_path => $err_path, start_ms => now(0) * 1000);

  chdir $cwd or return fail(\%c, $STAGE_CWD, $cwd);
  $c{out} = open_output($out_path, $flags & $STDOUT_APPEND, $flags & $STDOUT_CAPTURED);
  return fail(\%c, $STAGE_STDOUT, $out_path) if $c{out} < 0;
  $c{err} = $err_path eq $out_path ? $c{out} : open_output($err_path, $flags & $STDERR_APPEND, $flags & $STDERR_CAPTURED);
  return fail(\%c, $STAGE_STDERR, $err_path) if $c{err} < 0;
  $c{out_from} = $flags & $STDOUT_APPEND ? size_of($c{out}) : 0;
  $c{err_from} = $flags & $STDERR_APPEND ? size_of($c{err}) : 0;

  my $path = exists $extra{PATH} ? $extra{PATH} : $BASE_PATH;
  my $bash = exists $extra{PATH} ? find_program('bash', $path) : $base_bash;
  my $direct = @words ? find_direct_program($words[0], $path) : undef;
  unless (defined $bash || defined $direct) { $! = $ENOENT; return fail(\%c, $STAGE_EXEC, 'bash') }
  $extra{_} = $direct if defined $direct;
  my @argv = ('bash', '-c', $command);
  my @environment = environment_with(\%extra);
  my $bash_argv = pack('p*', @argv) . $NULL;
  my $direct_argv = pack('p*', @words) . $NULL;
  my $envp = (pop @environment) . pack('p*', @environment) . $NULL;

  $c{started} = now(1);
  my $pid = fork;
  return fail(\%c, $STAGE_FORK, '') unless defined $pid;
  become_command($c{out}, $c{err}, $direct, $direct_argv, $bash, $bash_argv, $envp) if $pid == 0;
  $c{pid} = $pid;
  $running = \%c;
}

# In the child. Few words: every page it touches is copied first.
sub become_command {
  my ($out, $err, $direct, $direct_argv, $bash, $bash_argv, $envp) = @_;
  syscall $SYS{prctl}, 1, 9, 0, 0, 0; # PR_SET_PDEATHSIG KILL
  setpgrp 0, 0;
  # Written down before anything can run, for the supervisor that finds us both dead.
  syscall $SYS{pwrite}, $group_fd, pack('V', $$), 4, 0;
  syscall $SYS{exit_group}, 127 if getppid != $SELF; # the helper died before prctl
  syscall $SYS{dup3}, $null_fd, 0, 0;
  syscall $SYS{dup3}, $out, 1, 0;
  syscall $SYS{dup3}, $err, 2, 0;
  syscall $SYS{sigprocmask}, 2, $NULL, 0, 8; # a signal that came since fork takes effect here
  syscall $SYS{execve}, $direct, $direct_argv, $envp if defined $direct;
  syscall $SYS{execve}, $bash, $bash_argv, $envp if defined $bash;
  syswrite $exec_error_writer, pack 'V', $!;
  syscall $SYS{exit_group}, 127;
}

sub finish_command {
  my ($status, $cpu_ms, $peak_kib) = @_;
  my ($c, $duration_us) = ($running, (now(1) - $running->{started}) * 1e6);
  $running = undef;
  if (kill 'TERM', -$c->{pid}) {
    push @leftovers, { group => $c->{pid}, kill_at => now(1) + $c->{grace} };
    write_down_leftovers();
  }
  if ($status && sysread $exec_errors, my $errno, 4) { $! = unpack 'V', $errno; return fail($c, $STAGE_EXEC, 'bash') }
  my ($out_to, $err_to) = (size_of($c->{out}), size_of($c->{err}));
  my $out_bytes = $out_to - $c->{out_from};
  my $whole = $c->{flags} & $WHOLE_STDOUT && $out_bytes <= $INLINE_BYTES;
  my $out = read_end($c->{out}, $out_to, $whole ? $out_bytes : least($out_bytes, $TAIL_BYTES));
  my $err = read_end($c->{err}, $err_to, least($err_to - $c->{err_from}, $TAIL_BYTES));
  close_outputs($c, $c->{flags} & $WHOLE_STDOUT && !$whole);
  my $body = pack 'VVd<4CVVV/aV/a',
    $c->{number}, $status, $c->{start_ms}, $duration_us, $c->{out_from}, $out_to, $whole ? 1 : 0, $cpu_ms, $peak_kib, $out, $err;
  reply(pack('VC', 1 + length $body, $ENDED) . $body);
}

sub fail {
  my ($c, $stage, $path) = @_;
  my $errno = $! + 0;
  close_outputs($c, 0);
  my $body = pack 'VCVd<V/a', $c->{number}, $stage, $errno, $c->{start_ms}, $path;
  reply(pack('VC', 1 + length $body, $FAILED) . $body);
}

sub close_outputs {
  my ($c, $keep_stdout) = @_;
  syscall $SYS{close}, $c->{out} if defined $c->{out} && $c->{out} >= 0;
  syscall $SYS{close}, $c->{err} if defined $c->{err} && $c->{err} >= 0 && $c->{err} != $c->{out};
  unlink $c->{out_path} if $c->{flags} & $STDOUT_CAPTURED && !$keep_stdout;
  unlink $c->{err_path} if $c->{flags} & $STDERR_CAPTURED;
}

# Signals the group; until the child has made it, the child alone.
sub signal_command { kill $_[0], -$running->{pid} or kill $_[0], $running->{pid} }

sub tend_leftovers {
  my $count = @leftovers;
  @leftovers = grep { kill(0, -$_->{group}) && (now(1) < $_->{kill_at} || !kill 'KILL', -$_->{group}) } @leftovers;
  write_down_leftovers() if @leftovers != $count;
}

sub write_down_leftovers {
  my $list = pack 'V*', scalar @leftovers, map { $_->{group} } @leftovers;
  syscall $SYS{pwrite}, $group_fd, $list, length $list, 4;
}

# The supervisor is gone or wants us gone: TERM to all that runs, KILL shortly after.
sub leave {
  push @leftovers, { group => $running->{pid} } if $running;
  signal_command($SIGTERM) if $running;
  kill 'TERM', -$_->{group} for @leftovers;
  my $deadline = now(1) + $SHUTDOWN_GRACE;
  while (still_there() && now(1) < $deadline) { select undef, undef, undef, 0.005 }
  kill 'KILL', -$_->{group} for @leftovers;
  signal_command(9) if $running && !$running->{reaped};
  close_outputs($running, 0) if $running;
  unlink $GROUP_FILE;
  exit $_[0];
}

sub still_there {
  $running->{reaped} = 1 if $running && waitpid($running->{pid}, 1) == $running->{pid};
  return 1 if $running && !$running->{reaped};
  return grep { kill 0, -$_->{group} } @leftovers;
}

# Readable too, for the tail, where the file allows it. @returns a descriptor, or -1 with $! set
sub open_output {
  my ($path, $append, $captured) = @_;
  if (!$captured && -p $path) { $! = $ENXIO; return -1 } # opening it could wait for ever
  my $flags = 02000100 | ($append ? 02000 : 01000); # O_CLOEXEC O_CREAT, O_APPEND or O_TRUNC
  for my $made_parents (0, 1) {
    my $fd = syscall $SYS{openat}, -100, $path, 2 | $flags, 0666;
    $fd = syscall $SYS{openat}, -100, $path, 1 | $flags, 0666 if $fd < 0 && $! == $EACCES;
    return $fd if $fd >= 0 || $made_parents || $! != $ENOENT;
    make_parents($path) or return -1;
  }
}

# @returns whether they are there now; else $! says why the first could not be made
sub make_parents {
  my ($path) = @_;
  while ($path =~ m{[^/]/}g) {
    my $directory = substr $path, 0, pos($path) - 1;
    next if mkdir $directory;
    my $errno = $! + 0;
    next if -d $directory;
    $! = $errno;
    return 0;
  }
  return 1;
}

sub size_of {
  my $stat = "\0" x 256;
  return syscall($SYS{fstat}, $_[0], $stat) == 0 ? unpack 'q', substr $stat, 48, 8 : 0; # st_size lies there on all three
}

sub read_end {
  my ($fd, $to, $count) = @_;
  return '' if $count <= 0;
  my $bytes = "\0" x $count;
  my $got = syscall $SYS{pread}, $fd, $bytes, $count, $to - $count;
  return $got > 0 ? substr $bytes, 0, $got : '';
}

# Where PATH has it. A file without a magic number of its own is left to bash, which would interpret it.
sub find_direct_program {
  my ($word, $path) = @_;
  my $program = index($word, '/') >= 0 ? (-f $word && -x _ ? $word : undef) : find_program($word, $path);
  return unless defined $program && open my $file, '<', $program;
  sysread $file, my $magic, 4;
  return $magic eq "\x7fELF" || substr($magic, 0, 2) eq '#!' ? $program : undef;
}

sub find_program {
  my ($name, $path) = @_;
  for my $directory (split /:/, $path // '', -1) {
    my $candidate = ($directory eq '' ? '.' : $directory) . "/$name";
    return $candidate if -f $candidate && -x _;
  }
  return;
}

# @returns the added strings, and last the packed pointers to those of our own environment that they do not replace
sub environment_with {
  my ($extra) = @_;
  my @added = map { "$_=$extra->{$_}" } keys %$extra;
  return (@added, $base_pointers) unless grep { exists $ENV{$_} && $_ ne 'PWD' && $_ ne '_' } keys %$extra;
  my @kept = grep { !exists $extra->{ substr $_, 0, index $_, '=' } } @base_environment;
  return (@kept, @added, '');
}

sub least { return $_[0] < $_[1] ? $_[0] : $_[1] }

# Seconds. Clock 0 is the time of day, 1 never jumps.
sub now {
  my $time = "\0" x 16;
  syscall $SYS{clock_gettime}, $_[0], $time;
  my ($seconds, $nanoseconds) = unpack 'qq', $time;
  return $seconds + $nanoseconds / 1e9;
}

sub reply {
  my ($frame) = @_;
  my $at = 0;
  while ($at < length $frame) {
    my $written = syswrite STDOUT, $frame, length($frame) - $at, $at;
    leave(0) unless defined $written;
    $at += $written;
  }
}
