/**
 * The jobs of `flotilla map`, numbered: from arguments, or from a job log. Reads a single source of arguments as it goes, however
 * long it is; several sources, or jobs that must be counted first, are read whole.
 */
import { createReadStream } from 'node:fs';
import { UsageError } from '../usage-error.ts';
import type { Job } from './job.ts';
import type { LoggedJob } from './joblog.ts';
import { readArguments } from './read-arguments.ts';
import { combine, countCombinations, type Source, type SourceSpec } from './sources.ts';
import type { Template } from './template.ts';

export interface JobList {
  /** undefined: not known before all are read. */
  readonly total: number | undefined;
  readonly jobs: AsyncIterable<Job>;
}

export interface ListOptions {
  readonly sources: readonly SourceSpec[];
  readonly template: Template;
  readonly separator: '\n' | '\0';
  readonly stdin: AsyncIterable<Uint8Array>;
  /** Whether the total must be known. */
  readonly counted: boolean;
}

/** @throws UsageError */
export async function listJobs({ sources, template, separator, stdin, counted }: ListOptions): Promise<JobList> {
  const open = (file: string): AsyncIterable<string> => readArguments(file === '-' ? stdin : openFile(file), separator);
  const onlyFile = singleFile(sources);
  if (onlyFile !== undefined && !counted) return { total: undefined, jobs: numberJobs(tuples(open(onlyFile)), template) };
  const read = await readSources(sources, open);
  return { total: countCombinations(read), jobs: numberJobs(combine(read), template) };
}

/** Those that failed according to a job log, with the command that it has. */
export function listFailed(logged: ReadonlyMap<number, LoggedJob>): JobList {
  const failed = [...logged].filter(([, { failed }]) => failed).sort(([a], [b]) => a - b);
  const jobs = failed.map(([seq, { command }]) => ({ seq, args: [command], command }));
  return { total: jobs.length, jobs: eachOf(jobs) };
}

/** Without the jobs that a job log has. A job whose command is another one now is a new job. */
export async function* withoutLogged(
  jobs: AsyncIterable<Job>,
  logged: ReadonlyMap<number, LoggedJob>,
  changed: (job: Job, before: string) => void,
): AsyncGenerator<Job> {
  for await (const job of jobs) {
    const before = logged.get(job.seq);
    if (before?.command === job.command) continue;
    if (before !== undefined) changed(job, before.command);
    yield job;
  }
}

async function* numberJobs(lists: Iterable<readonly string[]> | AsyncIterable<readonly string[]>, template: Template): AsyncGenerator<Job> {
  let seq = 0;
  for await (const args of lists) {
    seq++;
    yield { seq, args, command: template.render(args, seq) };
  }
}

function singleFile(sources: readonly SourceSpec[]): string | undefined {
  if (sources.length === 0) return '-';
  const [only] = sources;
  return sources.length === 1 && only?.kind === 'files' && only.words.length === 1 ? only.words[0] : undefined;
}

async function readSources(specs: readonly SourceSpec[], open: (file: string) => AsyncIterable<string>): Promise<Source[]> {
  const whole: readonly SourceSpec[] = specs.length === 0 ? [{ kind: 'files', linked: false, words: ['-'] }] : specs;
  const sources: Source[] = [];
  for (const { kind, linked, words } of whole) {
    if (kind === 'list') sources.push({ linked, args: words });
    else for (const file of words) sources.push({ linked, args: await Array.fromAsync(open(file)) });
  }
  return sources;
}

async function* openFile(path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(path);
  } catch (error) {
    throw new UsageError(`the arguments in ${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

async function* tuples(args: AsyncIterable<string>): AsyncGenerator<readonly string[]> {
  for await (const arg of args) yield [arg];
}

async function* eachOf<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}
