/**
 * What can be written in a Config. What it comes to, with defaults, is in config.ts.
 */
import type { RetryHandler } from '../lib/config.ts';
import type { ExecutorDescription } from '../lib/executor.ts';
import { type OptionsInput, OptionsSchema } from '../lib/options/schema.ts';
import {
  carriedOver,
  description,
  duration,
  flag,
  oneOf,
  onlyInTypeScript,
  parslSeconds,
  path,
  textList,
  wholeNumber,
} from '../lib/options/vocabulary.ts';
import { zod } from '../lib/options/zod.ts';

export const configOptions = new OptionsSchema('Config', () => ({ ...ours(), ...carriedOverFromParsl() }));

const isFunction = (value: unknown): boolean => typeof value === 'function';

const ours = () => ({
  executors: zod()
    .array(
      description<ExecutorDescription>('executor', ['start'], 'an executor such as new HighThroughputExecutor()'),
      'a list of executors',
    )
    .min(1, 'at least one executor')
    .describe('Where tasks run. Default: one HighThroughputExecutor on this machine.')
    .optional(),
  retries: wholeNumber(0).describe('How often a failed task runs again. Default 0.').optional(),
  retryHandler: onlyInTypeScript<RetryHandler>(isFunction, 'a function')
    .describe('Says what a failure costs of `retries`: (error, { taskId, name, tryNumber }) => number. Default: 1.')
    .optional(),
  runDir: path().describe("Default 'runinfo'.").optional(),
  memoizer: zod()
    .strictObject({ files: oneOf(['mtime', 'content']).optional() }, "a map such as { files: 'content' }")
    .describe(
      "What makes file arguments equal for `cache: true`: path, size and time of change ('mtime', default), or what is in them ('content').",
    )
    .optional(),
  checkpoint: oneOf(['off', 'taskExit', 'periodic', 'exit', 'manual'])
    .describe("When results of apps with `cache: true` are written. Default 'taskExit': as soon as there are any.")
    .optional(),
  checkpointFiles: textList()
    .describe("Checkpoints whose results are used again: numbers of runs, 'last', 'all', files or run directories.")
    .optional(),
  checkpointPeriod: parslSeconds().describe("For checkpoint 'periodic'. Default '30m'.").optional(),
  appCache: flag().describe('Whether results are used again at all. Default true.').optional(),
  strategy: oneOf(['none', 'simple', 'htex-auto-scale']).describe("How blocks follow the work. Default 'simple'.").optional(),
  strategyPeriod: parslSeconds().describe("Default '5s'.").optional(),
  maxIdleTime: parslSeconds().describe("Idle time after which a block is given back. Default '120s'.").optional(),
  exitMode: oneOf(['wait', 'cleanup', 'skip']).describe("What closing does with tasks that have not ended. Default 'wait'.").optional(),
  orphanGrace: duration()
    .describe('How long tasks go on when the driver has died. Default: they are ended at once, and the managers leave.')
    .optional(),
  monitoring: carriedOver().optional(),
  initializeLogging: flag().describe('Whether the run directory gets a log, and a record of all events. Default true.').optional(),
});

/** Parsl's, of this and of earlier versions, that have another name here or mean nothing. */
const carriedOverFromParsl = () => ({
  maxIdletime: parslSeconds().describe("Parsl's spelling of maxIdleTime.").optional(),
  checkpointMode: oneOf(['off', 'taskExit', 'periodic', 'dfkExit', 'exit', 'manual'])
    .describe("Parsl's earlier name of checkpoint.")
    .optional(),
  dependencyResolver: carriedOver().optional(),
  garbageCollect: carriedOver().optional(),
  internalTasksMaxThreads: carriedOver().optional(),
  projectName: carriedOver().optional(),
  stdAutopath: carriedOver().optional(),
  tags: carriedOver().optional(),
  usageTracking: carriedOver().optional(),
});

/** Why an option does nothing. */
export const configWarnings: Readonly<Record<string, string>> = {
  monitoring: 'monitoring is not part of this release',
  dependencyResolver: 'futures are found in arrays and plain objects, always',
  garbageCollect: "a task's record is dropped when the task ends, always",
  internalTasksMaxThreads: 'joins and staging share the event loop and need no threads',
  projectName: 'no usage is tracked, so no project is reported',
  stdAutopath: "'auto' paths of stdout and stderr have one predictable form",
  tags: 'tags are not part of this release',
  usageTracking: 'no usage is tracked',
};

/** Written values that ask for what happens anyway; no warning. */
const HARMLESS: Readonly<Record<string, unknown>> = {
  garbageCollect: true,
  usageTracking: false,
};

export function withoutHarmless(options: object): object {
  return Object.fromEntries(Object.entries(options).filter(([key, value]) => !Object.hasOwn(HARMLESS, key) || HARMLESS[key] !== value));
}

export type ConfigOptions = OptionsInput<typeof configOptions>;
