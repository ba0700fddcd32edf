/**
 * `flotilla logs RUN [TASK]`: the run's log, or what a task has written to files of its own; their ends, and on request what comes.
 */
import { basename, dirname, join } from 'node:path';
import { onOneLine } from '../../lib/errors/message-parts.ts';
import { RUN_LOG } from '../../lib/kernel/run-log.ts';
import { sayLines } from '../print.ts';
import { findRun, type RunFolder, toTaskId } from '../runs/run-folder.ts';
import { UsageError } from '../usage-error.ts';
import { readTask, summarizeRun } from '../runs/read-run.ts';
import { isAlive, isHere, runStateOf } from '../runs/run-state.ts';
import { follow, readTail } from '../runs/tail.ts';
import { nameTask } from '../runs/words.ts';
import { noSuchTask } from './explain.ts';
import type { RunsOptions } from './runs.ts';

export interface LogsOptions extends RunsOptions {
  readonly follow: boolean;
  readonly lines: number;
}

interface Source {
  readonly stream: 'log' | 'stdout' | 'stderr';
  readonly path: string;
}

type Print = (source: Source, text: string) => void;

/** @throws UsageError, EventLogError */
export async function logsCommand(which: string, taskId: string | undefined, options: LogsOptions): Promise<void> {
  const folder = findRun(which, options.runDir);
  const sources =
    taskId === undefined ? [{ stream: 'log', path: join(folder.path, RUN_LOG) } as const] : await filesOf(folder, toTaskId(taskId));
  const print = options.json ? printJson : printText(sources.length > 1);
  const ends = new Map<Source, number>();
  for (const source of sources) ends.set(source, await printTail(source, options, print));
  if (!options.follow) return;
  const isOver = await watchDriver(folder);
  await Promise.all(
    sources.map(async (source) => {
      for await (const text of follow(source.path, ends.get(source) ?? 0, isOver)) print(source, text);
    }),
  );
}

/** @throws UsageError if it has none, which says where else to look. */
async function filesOf(folder: RunFolder, taskId: number): Promise<Source[]> {
  const { task, summary } = await readTask(folder, taskId);
  if (!task) throw noSuchTask(folder, taskId, summary);
  const sources: Source[] = [];
  if (task.stdout !== undefined) sources.push({ stream: 'stdout', path: task.stdout });
  if (task.stderr !== undefined && task.stderr !== task.stdout) sources.push({ stream: 'stderr', path: task.stderr });
  if (sources.length > 0) return sources;
  const folders = [...new Set(task.tries.map(({ executor }) => executor).filter((label) => label !== ''))].map((label) =>
    join(folder.path, label),
  );
  const workers = folders.length === 0 ? '' : `; what its worker printed is among others' in ${folders.join(', ')}`;
  throw new UsageError(`${nameTask(task)} has no file for its stdout or stderr (options stdout: 'auto', stderr: 'auto')${workers}`);
}

async function printTail(source: Source, { lines, follow: isFollowed }: LogsOptions, print: Print): Promise<number> {
  const tail = await readTail(source.path, lines).catch((error: Error) => {
    throw new UsageError(`${source.path} cannot be read: ${error.message}`);
  });
  if (tail) print(source, tail.text);
  else if (!isFollowed) {
    sayLines([`there is no ${source.path}: ${whyGone(source)}`]);
    process.exitCode = 1;
  }
  return tail?.end ?? 0;
}

function whyGone({ stream, path }: Source): string {
  if (stream === 'log') return 'the run was started with initializeLogging: false, or its log was removed';
  if (basename(dirname(path)) === 'map') return 'flotilla map removes what it has printed, unless the job failed, and what is empty';
  return 'the task had not begun to write it, or it was removed since';
}

/** Nothing more comes once the run is over. On another machine nobody can tell: then it goes on until Ctrl-C. */
async function watchDriver(folder: RunFolder): Promise<() => boolean> {
  const summary = await summarizeRun(folder);
  const { started } = summary;
  if (runStateOf(summary) === 'closed' || started === undefined) return () => true;
  return () => isHere(started) && !isAlive(started.pid);
}

const printJson: Print = ({ stream, path }, text) => console.log(JSON.stringify({ stream, path, text }));

/** As tail(1) does it: where there are several files, each piece says which it is from. */
function printText(isNamed: boolean): Print {
  let last: Source | undefined;
  let isLineStart = true;
  return (source, text) => {
    if (isNamed && source !== last)
      process.stdout.write(`${last === undefined ? '' : isLineStart ? '\n' : '\n\n'}==> ${onOneLine(source.path)} <==\n`);
    last = source;
    process.stdout.write(text);
    isLineStart = text.endsWith('\n');
  };
}
