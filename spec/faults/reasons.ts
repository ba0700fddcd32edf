/**
 * Whether what is said of a task that has not ended is a reason, and fits: the words of `explain` against what is known of the task. No clock,
 * no process.
 */

export interface OpenTask {
  readonly taskId: number;
  readonly state: string;
  readonly done: boolean;
}

/** Whole clauses: a word in passing is no reason. */
const AT_EXECUTOR: readonly RegExp[] = [
  /^it runs, or is on its way to a worker; (?<held>\d+) task\(s\) are at (?<workers>\d+) worker\(s\)/,
  /^it waits for a worker(?: and is next|, behind (?<ahead>\d+) other\(s\)); (?<held>\d+) task\(s\) are at (?<workers>\d+) worker\(s\)/,
  /^it runs, or is about to, on \S+.* with \S+/,
  /^it waits for resources: .+ has waited for \d+ s/,
  /^it is on its way, or waits for resources of its own/,
  /^its outcome is being handed over/,
  /^nothing is begun, only [\d.]+ MiB are free under the run directory \S+/,
  /^the interchange ended, and another is being started/,
  // Which blocks there are, and what becomes of them.
  /^no manager is registered(?:; the last one was refused: .+)?; (?:block \S+ (?:is|has|runs|takes) .+|no block)/,
];
const AT_THREADS: readonly RegExp[] = [
  /^running on executor '/,
  /^queued at executor '.+': (?:all [1-9]\d* threads are busy|nothing is begun, only)/,
];

/** What is wrong with the reasons for which these tasks have not ended; nothing: they all have one that fits. */
export function problemsWithReasons(explain: (taskId: number) => string, tasks: readonly OpenTask[]): string[] {
  const known = new Map(tasks.map((task) => [task.taskId, task]));
  return tasks
    .filter(({ done }) => !done)
    .flatMap((task) => {
      const said = explain(task.taskId);
      const problem = problemWith(said, task, known);
      return problem === undefined ? [] : [`task ${task.taskId} (${task.state}): ${problem}: ${said}`];
    });
}

function problemWith(said: string, task: OpenTask, known: ReadonlyMap<number, OpenTask>): string | undefined {
  const rest = new RegExp(`^task ${task.taskId} \\([^)]+\\)(.*)$`, 's').exec(said)?.[1];
  if (rest === undefined) return 'it is not about this task';
  if (task.state === 'pending') return problemWithWaiting(/^ waits for (.*), since [\d.]+ s$/s.exec(rest)?.[1], known);
  if (task.state === 'joining') return problemWithWaiting(/^ is a join and waits for (.*)$/s.exec(rest)?.[1], known, 'its body');
  return problemAtExecutor(new RegExp(`^, try \\d+, has been ${task.state} for [\\d.]+ s: (.*)$`, 's').exec(rest)?.[1]);
}

/** For others: there are some, and none of them has ended. */
function problemWithWaiting(others: string | undefined, known: ReadonlyMap<number, OpenTask>, instead?: string): string | undefined {
  if (others === undefined) return 'its state is another';
  if (others === instead) return undefined;
  const ids = [...others.matchAll(/task (\d+) \(/g)].map(([, id]) => Number(id));
  const ended = ids.filter((id) => known.get(id)?.done);
  if (ended.length > 0) return `task ${ended.join(', ')} has ended`;
  return ids.length > 0 || /group '|[1-9]\d* promise\(s\)/.test(others) ? undefined : 'it waits for nothing';
}

function problemAtExecutor(where: string | undefined): string | undefined {
  if (where === undefined) return 'its state is another';
  if (where === 'its arguments are being prepared' || AT_THREADS.some((pattern) => pattern.test(where))) return undefined;
  const why = /^at executor '[^']+': (.*)$/s.exec(where)?.[1] ?? '';
  const match = AT_EXECUTOR.map((pattern) => pattern.exec(why)).find((found) => found !== null);
  if (!match) return 'that is no reason';
  const { held, workers, ahead } = match.groups ?? {};
  if (workers !== undefined && Number(workers) === 0) return 'there are no workers';
  if (held !== undefined && Number(held) <= Number(ahead ?? 0)) return 'so many are not there';
  return undefined;
}
