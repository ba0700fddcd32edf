/**
 * The options of an app or of one call, as types: what people write, and what it becomes inside (every option present,
 * durations in milliseconds, sizes in bytes).
 */
import type { DataFile } from '../files/data-file.ts';
import type { TaskGroup } from '../groups/task-group.ts';
import type { CompiledResources } from '../resources/compile-resources.ts';
import type { ResourcesOption } from '../resources/resource-options.ts';
import type { BashReturns, OpenMode } from '../task-spec.ts';
import type { CompiledFailurePolicy, FailurePolicy, FailurePolicyFor } from './failure-policy.ts';

export type AppKind = 'js' | 'python' | 'bash' | 'join';

/** Where output goes: a path (appended to), a path and how to open it, or a file in the run directory with a name of our choice. */
export type OutputOption = string | DataFile | readonly [path: string | DataFile, mode: OpenMode] | 'auto';

/** All optional; one that is not given, or is undefined, has its default. */
export interface AppOptions {
  /** How the app is called in logs and messages; default: the function's own name. */
  readonly name?: string | undefined;
  /** Labels of the executors that may run it; default 'all'. */
  readonly executors?: 'all' | readonly string[] | undefined;
  /** Tries beyond the first when the app fails; default: the config's. */
  readonly retries?: number | undefined;
  /** '30m', or seconds: a task that runs longer is ended. Default: no limit. */
  readonly walltime?: string | number | undefined;
  /** Larger runs sooner; a whole number, −32,768 … 32,767, default 0. */
  readonly priority?: number | undefined;
  /** Whether a result may be used again for equal arguments; default false. */
  readonly cache?: boolean | undefined;
  /** Part of what makes arguments equal: change it to forget what was cached. */
  readonly version?: string | undefined;
  /** Parameters that do not matter to the cache, by name or by position from 0. */
  readonly ignoreForCache?: readonly (string | number)[] | undefined;
  /** What the task needs beyond a worker of its own. */
  readonly resources?: ResourcesOption | undefined;
  readonly stdout?: OutputOption | undefined;
  readonly stderr?: OutputOption | undefined;
  /** Files that the task reads; futures of files among them are waited for. */
  readonly inputs?: readonly (string | URL | DataFile | PromiseLike<unknown>)[] | undefined;
  /** Files that the task must have written when it ends. */
  readonly outputs?: readonly (string | DataFile)[] | undefined;
  /** Directory that the task starts in; default: the driver's. */
  readonly cwd?: string | undefined;
  /** Whether the task starts in an empty directory of its own; default false. */
  readonly sandbox?: boolean | undefined;
  /** Added to the worker's environment. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Python apps: the interpreter. Default: the executor's, else `python3`. */
  readonly python?: string | undefined;
  /** Bash apps: whether the command gets a terminal; default false. */
  readonly pty?: boolean | undefined;
  /** Shown with the task, to tell one call of an app from another. */
  readonly label?: string | undefined;
  /** Bash apps: what the future resolves to; default 'exitCode'. */
  readonly returns?: BashReturns | undefined;
  /** Time between TERM and KILL; default '5s'. */
  readonly killGrace?: string | undefined;
  /** What happens when a worker is lost under the task; 'fail' for work that must not run twice. Default 'retry'. */
  readonly onLost?: 'retry' | 'fail' | undefined;
  /** What follows when the task has failed for good; default 'fail'. */
  readonly onFailure?: FailurePolicy | undefined;
  /** The group that the task belongs to; default: the one whose `run` it is called in. */
  readonly group?: TaskGroup | undefined;
}

/** Options of an app whose result is said to be R. */
export type AppOptionsFor<R> = Omit<AppOptions, 'onFailure'> & { readonly onFailure?: FailurePolicyFor<R> | undefined };

/** Paths are as they were written: relative ones are resolved at the call. */
export interface CompiledAppOptions {
  readonly name: string;
  readonly executors: 'all' | readonly string[];
  /** Undefined: the config's. */
  readonly retries: number | undefined;
  readonly walltimeMs: number | undefined;
  readonly priority: number;
  readonly cache: boolean;
  readonly version: string | undefined;
  readonly ignoreForCache: readonly (string | number)[];
  readonly resources: CompiledResources | undefined;
  readonly stdout: 'auto' | readonly [path: string, mode: OpenMode] | undefined;
  readonly stderr: 'auto' | readonly [path: string, mode: OpenMode] | undefined;
  readonly inputs: readonly (string | URL | DataFile | PromiseLike<unknown>)[];
  readonly outputs: readonly (string | DataFile)[];
  readonly cwd: string | undefined;
  readonly sandbox: boolean;
  readonly env: Readonly<Record<string, string>> | undefined;
  readonly python: string | undefined;
  readonly pty: boolean;
  readonly label: string | undefined;
  readonly returns: BashReturns;
  readonly killGraceMs: number;
  readonly onLost: 'retry' | 'fail';
  readonly onFailure: CompiledFailurePolicy;
  readonly group: TaskGroup | undefined;
}
