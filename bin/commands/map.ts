/**
 * `flotilla map`: makes jobs of arguments, runs them on the chosen config, prints their output, keeps the job log, and sets the
 * exit code.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_CONFIG } from '../../configs/choose.ts';
import { announceRun } from '../../configs/flotilla-run.ts';
import { load } from '../../configs/load.ts';
import { readNodeFacts } from '../../executors/high-throughput/node-facts.ts';
import type { DataFlowKernel } from '../../lib/kernel/kernel.ts';
import type { MapOptions } from '../command-line/map.ts';
import { formatBar, JobCounts } from '../map/bar.ts';
import { HaltJudge, hasFailed, parseHalt } from '../map/halt.ts';
import { JoblogWriter, type LoggedJob, readJoblog } from '../map/joblog.ts';
import { type JobList, listFailed, listJobs, withoutLogged } from '../map/list-jobs.ts';
import { parseJobs, planParallelism } from '../map/parallelism.ts';
import { Printer } from '../map/printer.ts';
import { JobRun, toJoblogEntry } from '../map/run-jobs.ts';
import { parseOperands } from '../map/sources.ts';
import { compileTemplate } from '../map/template.ts';
import { ProgressDisplay } from '../progress-display.ts';
import { UsageError } from '../usage-error.ts';

/** As a shell says of a program that wrote to a closed pipe. */
const BROKEN_PIPE = 141;
const NOT_WRITTEN = 255;

export async function runMap(operands: readonly string[], options: MapOptions): Promise<void> {
  const judgeRule = parseHalt(options.halt ?? 'never');
  const list = await makeJobList(operands, options, judgeRule?.percent === true);
  if (options.dryRun) return await printJobs(list, options);
  const parallelism = planWith(options, judgeRule);
  using joblog = options.joblog === undefined ? undefined : new JoblogWriter(options.joblog, isResuming(options), say);
  announceRun({ command: 'map', ...configOf(options), set: parallelism.set, quiet: true, kernelStarted: () => undefined });
  const judge = new HaltJudge(judgeRule, list.total ?? 0);
  await using kernel = await load();
  await runAll(kernel, list, { options, limit: parallelism.limit, judge, joblog });
  process.exitCode = judge.exitCode;
}

function planWith({ jobs, set = [], ...options }: MapOptions, halt: ReturnType<typeof parseHalt>) {
  const { cpus, cpuQuota } = readNodeFacts();
  const count = Math.min(cpus.length, Math.max(1, Math.floor(cpuQuota ?? cpus.length)));
  const config = options.config ?? (process.env.FLOTILLA_CONFIG || DEFAULT_CONFIG);
  return planParallelism({ jobs: jobs === undefined ? undefined : parseJobs(jobs, count), config, set, halt, cpus: count });
}

const say = (text: string): boolean => process.stderr.write(`flotilla: ${text}\n`);
const configOf = ({ config }: MapOptions): { config?: string } => (config === undefined ? {} : { config });
const isResuming = ({ resume, resumeFailed, retryFailed }: MapOptions): boolean => Boolean(resume || resumeFailed || retryFailed);

async function makeJobList(operands: readonly string[], options: MapOptions, counted: boolean): Promise<JobList> {
  const { joblog } = options;
  if (isResuming(options) && joblog === undefined) throw new UsageError('--resume, --resume-failed and --retry-failed need --joblog FILE');
  if (options.retryFailed) return listFailed(readJoblog(joblog ?? '', false));
  const { command, sources } = parseOperands(operands);
  const files = (options.argFile ?? []).map((file) => ({ kind: 'files', linked: false, words: [file] }) as const);
  const list = await listJobs({
    sources: [...files, ...sources],
    template: compileTemplate(command),
    separator: options.null ? '\0' : '\n',
    stdin: process.stdin,
    counted: counted || options.bar === true,
  });
  return isResuming(options) ? resumeFrom(readJoblog(joblog ?? '', true), list, options) : list;
}

function resumeFrom(logged: Map<number, LoggedJob>, list: JobList, { resumeFailed, joblog }: MapOptions): JobList {
  for (const [seq, { failed }] of logged) if (resumeFailed && failed) logged.delete(seq);
  const jobs = withoutLogged(list.jobs, logged, ({ seq, command }, before) => {
    process.stderr.write(`flotilla: job ${seq} is '${command}', and was '${before}' in ${joblog}; it runs as a new one\n`);
  });
  return { total: list.total === undefined ? undefined : Math.max(0, list.total - logged.size), jobs };
}

async function printJobs({ jobs }: JobList, { json }: MapOptions): Promise<void> {
  for await (const job of jobs) process.stdout.write(json ? `${JSON.stringify(job)}\n` : `${job.command}\n`);
}

interface Run {
  readonly options: MapOptions;
  readonly limit: number;
  readonly judge: HaltJudge;
  readonly joblog: JoblogWriter | undefined;
}

async function runAll(kernel: DataFlowKernel, list: JobList, { options, limit, judge, joblog }: Run): Promise<void> {
  const folder = join(kernel.runDir, 'map');
  mkdirSync(folder);
  const { keepOrder = false, tag = false, json = false } = options;
  const printer = new Printer({ stdout: process.stdout, stderr: process.stderr, keepOrder, tag, json });
  const counts = new JobCounts(list.total ?? 0);
  const jobRun = new JobRun(
    list.jobs,
    { folder, limit },
    {
      started(job) {
        counts.started();
        printer.started(job);
      },
      ended(ended) {
        counts.ended(hasFailed(ended) ? 'failed' : 'done');
        joblog?.add(toJoblogEntry(ended));
        printer.ended(ended);
        return judge.ended(ended);
      },
      dropped(job) {
        counts.ended('cancelled');
        printer.dropped(job);
      },
    },
  );
  stopWithoutStdout(jobRun, folder);
  const display = options.bar ? showProgress(kernel, counts) : undefined;
  try {
    await jobRun.run();
    await printer.flush();
  } finally {
    display?.stop();
    process.stdin.destroy();
  }
}

function showProgress(kernel: DataFlowKernel, counts: JobCounts): ProgressDisplay {
  const display = new ProgressDisplay(process.stderr, [process.stdout, process.stderr], {
    counts: () => counts.snapshot(kernel.counts().running),
    nowMs: () => performance.now(),
    format: formatBar,
  });
  display.start();
  return display;
}

/** Whoever reads the output has gone (`| head`), or its disk is full: nothing more is worth running. */
function stopWithoutStdout(jobRun: JobRun, folder: string): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    jobRun.stop('now');
    const isGone = error.code === 'EPIPE';
    if (!isGone)
      process.stderr.write(`flotilla: stdout cannot be written (${error.message}): stopped; output that is not printed is in ${folder}\n`);
    process.once('exit', () => (process.exitCode = isGone ? BROKEN_PIPE : NOT_WRITTEN));
  });
  // What jobs say there is lost, and nobody is left to be told so.
  process.stderr.on('error', () => undefined);
}
