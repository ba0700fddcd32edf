/**
 * What of an app's options travels with one task: directories, files, environment, limits, as absolute paths.
 * Pure: whoever calls says which directories apply.
 */
import { join, resolve } from 'node:path';
import { DEFAULT_KILL_GRACE_MS, type OpenMode, type TaskContext } from '../task-spec.ts';
import type { CompiledAppOptions } from './app-options.ts';

/** Where and which try the task is. */
export interface TaskSite {
  /** The driver's working directory at the call. */
  readonly driverCwd: string;
  /** The one in which it loaded its kernel: where workers start. */
  readonly kernelCwd: string;
  /** Absolute path of `runinfo/NNN`. */
  readonly runDir: string;
  readonly taskId: number;
  readonly tryNumber: number;
  readonly name: string;
  /** Absolute paths. */
  readonly outputs: readonly string[];
}

/** @returns undefined when all defaults apply: then nothing travels. */
export function buildTaskContext(options: CompiledAppOptions, site: TaskSite): TaskContext | undefined {
  const context: { -readonly [K in keyof TaskContext]: TaskContext[K] } = {};
  if (options.sandbox) context.sandbox = join(site.runDir, 'sandboxes', `task_${site.taskId}_${site.tryNumber}`);
  else if (options.cwd !== undefined) context.cwd = resolve(site.driverCwd, options.cwd);
  else if (site.driverCwd !== site.kernelCwd) context.cwd = site.driverCwd;
  if (options.stdout !== undefined) context.stdout = resolveOutput(options.stdout, 'stdout', site);
  if (options.stderr !== undefined) context.stderr = resolveOutput(options.stderr, 'stderr', site);
  if (site.outputs.length > 0) context.outputs = site.outputs;
  if (options.env !== undefined) context.env = options.env;
  if (options.walltimeMs !== undefined) context.walltimeMs = options.walltimeMs;
  if (options.killGraceMs !== DEFAULT_KILL_GRACE_MS) context.killGraceMs = options.killGraceMs;
  if (options.returns !== 'exitCode') context.returns = options.returns;
  if (options.pty) context.pty = true;
  for (const _ in context) return context;
  return undefined;
}

type Stream = 'stdout' | 'stderr';

function resolveOutput(output: 'auto' | readonly [string, OpenMode], stream: Stream, site: TaskSite): readonly [string, OpenMode] {
  if (output === 'auto') return [autoOutputPath(stream, site), 'a'];
  return [resolve(site.driverCwd, output[0]), output[1]];
}

/** `<run directory>/task_logs/0012/task_12345_simulate.stdout`: at most a thousand tasks to a folder. */
export function autoOutputPath(stream: Stream, { runDir, taskId, name }: Pick<TaskSite, 'runDir' | 'taskId' | 'name'>): string {
  const group = String(Math.floor(taskId / 1000)).padStart(4, '0');
  const plainName = name.replace(/[^\w.-]+/g, '_').slice(0, 100);
  return join(runDir, 'task_logs', group, `task_${String(taskId).padStart(5, '0')}_${plainName}.${stream}`);
}
