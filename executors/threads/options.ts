/**
 * What can be written in a ThreadPoolExecutor, and what it comes to.
 */
import { availableParallelism } from 'node:os';
import { frozenCopy } from '../../lib/options/freeze.ts';
import { type OptionsInput, type OptionsOutput, OptionsSchema } from '../../lib/options/schema.ts';
import { carriedOver, environment, name, text, wholeNumber } from '../../lib/options/vocabulary.ts';

export const threadPoolOptions = new OptionsSchema('ThreadPoolExecutor', () => ({
  label: name().describe("Name of the executor, unique in the config. Default 'threads'.").optional(),
  maxThreads: wholeNumber(1).describe('Tasks at a time. Default: the CPUs that this process may use.').optional(),
  python: text().describe("Interpreter of pythonApps. Default 'python3' on PATH.").optional(),
  env: environment().describe('For every task.').optional(),
  threadNamePrefix: carriedOver().optional(),
  storageAccess: carriedOver().optional(),
  workingDir: carriedOver().optional(),
  remoteMonitoringRadio: carriedOver().optional(),
}));

/** Why an option of Parsl's does nothing. */
export const threadPoolWarnings: Readonly<Record<string, string>> = {
  threadNamePrefix: "threads are named after the executor's label",
  storageAccess: 'staging of files is not part of this release',
  workingDir: "tasks start in the driver's working directory; write cwd on the app",
  remoteMonitoringRadio: 'monitoring is not part of this release',
};

export type ThreadPoolOptions = OptionsInput<typeof threadPoolOptions>;

export interface CompiledThreadPool {
  readonly label: string;
  readonly maxThreads: number;
  readonly python: string | undefined;
  readonly env: Readonly<Record<string, string>>;
}

export function compileThreadPool(checked: OptionsOutput<typeof threadPoolOptions>): CompiledThreadPool {
  return frozenCopy<CompiledThreadPool>({
    label: checked.label ?? 'threads',
    maxThreads: checked.maxThreads ?? availableParallelism(),
    python: checked.python,
    env: checked.env ?? {},
  });
}
