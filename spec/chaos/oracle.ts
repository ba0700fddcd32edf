/**
 * After a run, whatever was done to it: reads its event log and the process table, and says what is not as it was promised.
 */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Logged } from '../../lib/events/events.ts';
import { EVENT_LOG } from '../../lib/events/format.ts';
import { readEvents } from '../../lib/events/reader.ts';
import { type OpenTask, problemsWithReasons } from '../faults/reasons.ts';
import { Verdict, type VerdictCounts } from '../faults/verdict.ts';
import { eventually } from '../support/eventually.ts';
import { processesOf } from '../support/leftovers.ts';

export interface Judgement {
  readonly problems: readonly string[];
  readonly counts: VerdictCounts;
}

export interface JudgeOptions {
  /** Whether its kernel has closed: every task has ended then, and no process is left. Default true. */
  readonly hasClosed?: boolean;
  /** How long what ends by itself may take, ms. Default 10 s. */
  readonly limitMs?: number;
  /** Files of lines `holder start end`, written by tasks: no holder (an accelerator, say) may have two at once. */
  readonly diaries?: readonly string[];
}

/** @param runDir absolute path of `runinfo/NNN`. */
export async function judgeRun(
  runDir: string,
  { hasClosed = true, limitMs = 10_000, diaries = [] }: JudgeOptions = {},
): Promise<Judgement> {
  const verdict = new Verdict();
  let runId = basename(runDir);
  const note = ({ event }: Logged): void => void (event.kind === 'runStarted' && (runId = event.runId));
  for await (const batch of readEvents(join(runDir, EVENT_LOG))) {
    for (const logged of batch) {
      note(logged);
      verdict.add(logged);
    }
  }
  const problems = [...verdict.problems, ...diaries.flatMap(overlapsIn)];
  if (hasClosed) problems.push(...unfinished(verdict), ...(await leftOf(runId, limitMs)));
  return { problems, counts: verdict.counts };
}

/** @throws Error that lists what is wrong. @returns what there was. */
export async function expectPromisesKept(runDir: string, options: JudgeOptions = {}): Promise<VerdictCounts> {
  const { problems, counts } = await judgeRun(runDir, options);
  if (problems.length > 0) throw new Error(`${runDir} breaks promises:\n  ${problems.join('\n  ')}\n${JSON.stringify(counts)}`);
  return counts;
}

/** Every task that has not ended says what it waits for, and that fits. @throws Error that lists those that do not. */
export function expectReasons(kernel: { explain(taskId: number): string }, tasks: readonly OpenTask[]): void {
  const problems = problemsWithReasons((taskId) => kernel.explain(taskId), tasks);
  if (problems.length > 0) throw new Error(`no reason that fits:\n  ${problems.slice(0, 10).join('\n  ')}`);
}

const unfinished = ({ unfinished }: Verdict): string[] =>
  unfinished.length === 0 ? [] : [`${unfinished.length} task(s) have no outcome: ${unfinished.slice(0, 10).join(', ')}`];

async function leftOf(runId: string, limitMs: number): Promise<string[]> {
  let left: readonly string[] = [];
  const isClean = (): boolean => {
    left = processesOf(runId);
    return left.length === 0;
  };
  await eventually('the end of all processes', isClean, limitMs).catch(() => undefined);
  return left.map((line) => `a process is left: ${line}`);
}

function overlapsIn(path: string): string[] {
  const spans = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(' '))
    .map(([holder = '', start, end]) => ({ holder, start: Number(start), end: Number(end) }));
  return [...Map.groupBy(spans, ({ holder }) => holder)].flatMap(([holder, own]) => {
    const sorted = own.toSorted((a, b) => a.start - b.start);
    return sorted
      .slice(1)
      .flatMap(({ start }, i) => (start < (sorted[i]?.end ?? 0) ? [`${holder} had two tasks at once, at ${start}`] : []));
  });
}
