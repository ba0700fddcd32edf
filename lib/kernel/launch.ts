/**
 * Gets a task whose dependencies are done to an executor, or runs it here if it is a join.
 */
import { rmSync } from 'node:fs';
import { buildTaskContext } from '../apps/task-context.ts';
import type { TaskContext } from '../task-spec.ts';
import { TaskFlag } from '../wire/records.ts';
import { pack } from '../wire/value-codec.ts';
import { announceLaunched } from './announce.ts';
import type { ExecutorSet } from './executor-set.ts';
import { runJoin } from './join.ts';
import { argumentFile, plainArguments, prepare, type Prepared, type PrepareSite } from './prepare.ts';
import type { Task } from './task.ts';
import { askResources } from './task-resources.ts';

export interface LaunchSite extends PrepareSite {
  readonly runDir: string;
  /** Where workers start. */
  readonly workingDirectory: string;
  readonly executors: ExecutorSet;
  /** The chosen executor is about to be given the task's try. @returns whether it is to be. */
  launching(task: Task): boolean;
  /** Whether this try is still wanted. */
  isCurrent(task: Task, tryNumber: number): boolean;
  /** It failed before any executor had it; trying again would not help. */
  failedHere(task: Task, tryNumber: number, error: unknown): void;
  joinEnded(task: Task, tryNumber: number, result: { readonly value: unknown } | { readonly error: unknown }): void;
}

const EMPTY = Buffer.alloc(0);
const NO_PATHS: readonly string[] = [];

export function launch(task: Task, site: LaunchSite): void {
  const { tryNumber } = task;
  if (task.entry.kind === 'join') return void launchJoin(task, site);
  // Another try sends the same bytes again.
  if (task.encoded) return send(task, site, { args: task.encoded, refs: task.refs });
  try {
    const asked = askResources(task, site);
    const prepared = task.prepared ?? prepare(task, site);
    if (!asked && !(prepared instanceof Promise)) return send(task, site, prepared);
    Promise.all([prepared, asked]).then(
      ([ready]) => {
        if (site.isCurrent(task, tryNumber)) send(task, site, ready);
      },
      (error: unknown) => site.failedHere(task, tryNumber, error),
    );
  } catch (error) {
    site.failedHere(task, tryNumber, error);
  }
}

function send(task: Task, site: LaunchSite, { args, refs }: Prepared): void {
  const { entry, tryNumber, sentBefore } = task;
  if (entry.kind === 'join') return;
  task.encoded = args;
  task.refs = refs;
  const { options, fn } = entry;
  const context = contextOf(task, site);
  const packed = context || refs ? pack(refs ? { ...context, refs } : context) : EMPTY;
  const flags = options.walltimeMs !== undefined || options.onLost === 'fail' ? TaskFlag.Solo : 0;
  try {
    const resources = task.request;
    const labels = sentBefore && tryNumber === 1 ? [sentBefore.executor] : options.executors;
    const executor = site.executors.choose(labels, options.name, resources);
    task.executor = executor.label;
    announceLaunched(task);
    if (!site.launching(task)) return;
    const { priority, walltimeMs } = options;
    executor.submit({ taskId: task.sentId, tryNumber: task.sentTry, fn, flags, priority, walltimeMs, resources, context: packed, args });
  } catch (error) {
    site.failedHere(task, tryNumber, error);
  }
}

function contextOf(task: Task, site: LaunchSite): TaskContext | undefined {
  const { options } = task.entry;
  return buildTaskContext(options, {
    driverCwd: task.driverCwd,
    kernelCwd: site.workingDirectory,
    runDir: site.runDir,
    taskId: task.taskId,
    tryNumber: task.tryNumber,
    name: options.name,
    outputs: task.outputs.length === 0 ? NO_PATHS : task.outputs.map(({ path }) => path),
  });
}

async function launchJoin(task: Task, site: LaunchSite): Promise<void> {
  const { tryNumber, entry } = task;
  if (entry.kind !== 'join') return;
  announceLaunched(task);
  try {
    // A join runs here and takes values only.
    const args = await plainArguments(task, site);
    const value = await runJoin(task, entry.body as (...args: readonly unknown[]) => unknown, args);
    site.joinEnded(task, tryNumber, { value });
  } catch (error) {
    site.joinEnded(task, tryNumber, { error });
  }
}

/** The file that large arguments were put into has served once the task has ended. */
export function removeArgumentFile({ refs }: Task): void {
  const file = argumentFile(refs);
  if (file !== undefined) rmSync(file, { force: true });
}
