/**
 * Text of the bash script that runs copies of a command side by side and ends when all have ended. Pure.
 *
 * Each copy is a process group of its own (`set -m`), so that a signal reaches all that a copy has started, and reaches it
 * once. A copy's shell outlives its foreground child (`trap 'exit $?'`), so that "the copy has ended" means what it says.
 */
export interface SingleNodeScript {
  readonly command: string;
  readonly copies: number;
  readonly debug: boolean;
  /** Fail when any copy fails, else only when all do. Either way the exit code is the first failing copy's. */
  readonly failOnAny: boolean;
  /** Who of a copy is told to end: all that it has started, or its shell alone, which then tells the others. Default 'group'. */
  readonly tell?: 'group' | 'shell';
}

export function buildSingleNodeScript({ command, copies, debug, failOnAny, tell = 'group' }: SingleNodeScript): string {
  return [defineCopy(command), defineSignals(tell), startCopies(copies, debug), awaitCopies(debug), exitWith(failOnAny)].join('\n');
}

const defineCopy = (command: string): string => `flotilla_copy() {
trap 'exit $?' TERM INT HUP
${command}
}`;

/** A signal that comes while copies are being started is passed on when all have been. */
const defineSignals = (tell: 'group' | 'shell'): string => `flotilla_pids=''
flotilla_signals=0
flotilla_started=''
flotilla_forward() {
  for flotilla_pid in $flotilla_pids; do kill -TERM -- "${tell === 'group' ? '-' : ''}$flotilla_pid" 2>/dev/null || :; done
}
flotilla_stop() {
  flotilla_signals=$((flotilla_signals + 1))
  [ -z "$flotilla_started" ] || flotilla_forward
}
trap flotilla_stop TERM INT HUP`;

/** Job control gives each copy its group, and is off again before the ends of jobs would be announced on stderr. */
const startCopies = (copies: number, debug: boolean): string => `set -m
for ((flotilla_number = 1; flotilla_number <= ${copies}; flotilla_number++)); do
  [ "$flotilla_signals" -eq 0 ] || break
  flotilla_copy </dev/null &
  flotilla_pids="$flotilla_pids $!"${debug ? `\n  echo "flotilla: started copy $flotilla_number of ${copies} as process $!"` : ''}
done
set +m
[ "$flotilla_signals" -eq 0 ] || flotilla_forward
flotilla_started=1
[ -n "$flotilla_pids" ] || exit 143`;

/** `wait` returns early when a trapped signal comes; the copy is then waited for once more. */
const awaitCopies = (debug: boolean): string => `flotilla_failure=0
flotilla_succeeded=0
for flotilla_child in $flotilla_pids; do
  while :; do
    flotilla_seen="$flotilla_signals"
    flotilla_status=0
    wait "$flotilla_child" || flotilla_status=$?
    [ "$flotilla_seen" -ne "$flotilla_signals" ] || break
  done
${debug ? '  echo "flotilla: process $flotilla_child ended with exit code $flotilla_status"\n' : ''}\
  if [ "$flotilla_status" -eq 0 ]; then flotilla_succeeded=1
  elif [ "$flotilla_failure" -eq 0 ]; then flotilla_failure="$flotilla_status"
  fi
done`;

const exitWith = (failOnAny: boolean): string =>
  failOnAny ? 'exit "$flotilla_failure"' : '[ "$flotilla_succeeded" -eq 0 ] || exit 0\nexit "$flotilla_failure"';
