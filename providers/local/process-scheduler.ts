/**
 * Blocks as processes of a machine that is reached through a channel: a dialect in which the shell is the scheduler. A job is a
 * session of its own whose processes carry its name; it has ended when none of them is left.
 */
import type { CommandResult } from '../../lib/channel.ts';
import type { JobStatus } from '../../lib/provider.ts';
import type { Scheduler, SchedulerCommand, StatusAnswer, Submission, Unreachable } from '../batch/scheduler.ts';
import { buildJobScript } from '../job-script.ts';
import { JOB_TAG } from './job-processes.ts';
import type { CompiledLocalProvider } from './options.ts';

/** Pids of those whose environment has the variable, of this user. */
const FIND = `members() { grep -lz "^${JOB_TAG}=$1" /proc/[0-9]*/environ 2>/dev/null | cut -d/ -f3; }`;

/** Arguments: name, folder, script, stdout, stderr, limit in seconds ('' for none). Says name and pid. */
const SUBMIT = `${FIND}
cd -- "$2" || exit 3
set -- "$1" "$3" "$4" "$5" "$6"
limit=()
[ -n "$5" ] && limit=(timeout --signal=TERM --kill-after=5 "$5")
env -u FLOTILLA_COMMAND ${JOB_TAG}="$1" setsid "\${limit[@]}" bash "$2" >"$3" 2>"$4" </dev/null &
pid=$!
# Until it can be told from others, or has ended already.
while kill -0 "$pid" 2>/dev/null && [ -z "$(members "$1$")" ]; do sleep 0.05; done
echo "job $1 $pid"`;

/** Jobs of these names are told to end, and made to after five seconds. */
const END = `end_jobs() {
  local name pids left
  for name; do
    pids=$(members "$name$")
    [ -n "$pids" ] && kill -TERM $pids 2>/dev/null
  done
  ( for i in 1 2 3 4 5 6 7 8 9 10; do sleep 0.5
      left=; for name; do left="$left $(members "$name$")"; done
      [ -z "\${left// /}" ] && exit 0
    done
    kill -KILL $left 2>/dev/null ) </dev/null >/dev/null 2>&1 &
}`;

/**
 * Arguments: pairs of name and the file in which the job writes down its end. Says name and state. What a job has left behind is ended
 * before the job has.
 */
const STATUS = `${FIND}
${END}
while [ $# -gt 0 ]; do
  if [ -n "$(members "$1$")" ]; then
    echo "$1 running"
    [ -s "$2" ] && end_jobs "$1"
  elif [ -s "$2" ]; then echo "$1 ended $(cat "$2")"
  else echo "$1 gone"; fi
  shift 2
done
exit 0`;

/** Arguments: names. */
const CANCEL = `${FIND}
${END}
end_jobs "$@"
exit 0`;

/** Argument: what the names begin with. Says the names. */
const LIST = `${FIND}
for pid in $(members "$1"); do
  tr '\\0' '\\n' <"/proc/$pid/environ" 2>/dev/null | sed -n 's/^${JOB_TAG}=//p'
done | sort -u
exit 0`;

const bash = (script: string, ...args: readonly string[]): SchedulerCommand => ({ argv: ['bash', '-c', script, 'flotilla', ...args] });

/** Ids of jobs are their names: a name is a job's own for good. */
export function processScheduler({ workerInit, limits: { walltimeMs } }: CompiledLocalProvider): Scheduler {
  const ends = new Map<string, string>();
  const cancelled = new Set<string>();
  const limit = walltimeMs === undefined ? '' : String(Math.ceil(walltimeMs / 1000));
  return {
    name: 'the machine',
    script: ({ name, env, command, files }) => buildJobScript({ name, env, workerInit, command, endPath: files.end }),
    submit: {
      command: ({ name, workingDirectory, files }) => {
        ends.set(name, files.end);
        return bash(SUBMIT, name, workingDirectory, files.script, files.stdout, files.stderr, limit);
      },
      parse: parseSubmit,
    },
    status: [
      {
        command: (names) => bash(STATUS, ...names.flatMap((name) => [name, ends.get(name) ?? ''])),
        parse: (result) => parseStatus(result, (name, end) => describeEnd(end, { isCancelled: cancelled.has(name), walltimeMs })),
      },
    ],
    find: {
      command: (prefix) => bash(LIST, prefix),
      parse: (result) =>
        result.exitCode === 0 ? { kind: 'found', jobs: linesOf(result).map((name) => ({ jobId: name, name })) } : unreachable(result),
    },
    cancel: {
      command: (names) => {
        for (const name of names) cancelled.add(name);
        return bash(CANCEL, ...names);
      },
      parse: (result) => (result.exitCode === 0 ? { kind: 'cancelled' } : unreachable(result)),
    },
  };
}

function parseSubmit(result: CommandResult): Submission {
  const jobId = /^job (\S+) \d+$/m.exec(result.stdout)?.[1];
  if (jobId !== undefined) return { kind: 'accepted', jobId };
  const reason = wordsOf(result);
  return result.exitCode === undefined ? { kind: 'unclear', reason } : { kind: 'refused', reason };
}

type End = { readonly exitCode: number } | undefined;

function parseStatus(result: CommandResult, describe: (name: string, end: End) => JobStatus): StatusAnswer {
  if (result.exitCode !== 0) return unreachable(result);
  const jobs = new Map<string, JobStatus>();
  for (const line of linesOf(result)) {
    const [name = '', state, code] = line.split(' ');
    if (state === 'running') jobs.set(name, { state });
    else if (state === 'ended') jobs.set(name, describe(name, { exitCode: Number(code) }));
    else if (state === 'gone') jobs.set(name, describe(name, undefined));
  }
  return { kind: 'answered', jobs };
}

/** Without an end: its script was killed before it could write one down. */
function describeEnd(end: End, { isCancelled, walltimeMs }: { isCancelled: boolean; walltimeMs: number | undefined }): JobStatus {
  const how = end === undefined ? 'killed' : `exit code ${end.exitCode}`;
  const fields = end ?? {};
  if (isCancelled) return { state: 'cancelled', reason: `cancelled (${how})`, ...fields };
  const isTerminated = end === undefined || end.exitCode === TERMINATED;
  if (walltimeMs !== undefined && isTerminated)
    return { state: 'timeout', reason: `its walltime of ${walltimeMs / 1000} s was over (${how})`, ...fields };
  return { state: end?.exitCode === 0 ? 'completed' : 'failed', reason: how, ...fields };
}

/** 128 + SIGTERM, as a shell has it. */
const TERMINATED = 143;

const linesOf = ({ stdout }: CommandResult): string[] => stdout.split('\n').filter((line) => line !== '');

function wordsOf({ stderr, exitCode, signal }: CommandResult): string {
  return stderr.trim() || `the shell ended with ${signal ?? `exit code ${exitCode}`}`;
}

const unreachable = (result: CommandResult): Unreachable => ({ kind: 'unreachable', reason: wordsOf(result) });
