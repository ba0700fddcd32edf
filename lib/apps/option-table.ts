/**
 * One row per option of an app: for which kinds of app it means something, and the check that compiles its value.
 */
import { InvalidOptionError } from '../errors/definition-errors.ts';
import { isDataFile } from '../files/data-file.ts';
import {
  checkBoolean,
  checkList,
  checkOneOf,
  checkRecord,
  checkText,
  checkWhole,
  compileDuration,
  compileDurationText,
  compilePath,
} from './option-checks.ts';
import { checkGroup } from '../groups/task-group.ts';
import type { AppKind, AppOptions, CompiledAppOptions, OutputOption } from './app-options.ts';
import { compileFailurePolicy } from './failure-policy.ts';
import { compileResources } from '../resources/compile-resources.ts';

export interface OptionRule {
  readonly kinds: readonly AppKind[];
  /** Name inside, where it differs. */
  readonly as?: keyof CompiledAppOptions;
  /** @throws InvalidOptionError that names `of` and `option`. */
  readonly compile: (value: unknown, of: string, option: string, kind: AppKind) => unknown;
}

const ANY: readonly AppKind[] = ['js', 'python', 'bash', 'join'];
/** A join's body runs in the driver: where and how a worker runs something does not concern it. */
const ON_WORKERS: readonly AppKind[] = ['js', 'python', 'bash'];

export const OPTION_TABLE: Readonly<Record<keyof AppOptions, OptionRule>> = {
  name: { kinds: ANY, compile: checkText },
  executors: { kinds: ON_WORKERS, compile: compileExecutors },
  retries: { kinds: ANY, compile: checkWhole(0, Number.MAX_SAFE_INTEGER) },
  walltime: { kinds: ON_WORKERS, as: 'walltimeMs', compile: compileDuration(1) },
  priority: { kinds: ON_WORKERS, compile: checkWhole(-32_768, 32_767) },
  cache: { kinds: ANY, compile: checkBoolean },
  version: { kinds: ANY, compile: checkText },
  ignoreForCache: { kinds: ANY, compile: checkList('names or positions of parameters', isParameter) },
  resources: { kinds: ON_WORKERS, compile: compileResources },
  stdout: { kinds: ON_WORKERS, compile: compileOutput },
  stderr: { kinds: ON_WORKERS, compile: compileOutput },
  inputs: { kinds: ANY, compile: compileInputs },
  outputs: { kinds: ON_WORKERS, compile: checkList('paths or file(…) of files on this file system', isLocalPath) },
  cwd: { kinds: ON_WORKERS, compile: compilePath },
  sandbox: { kinds: ON_WORKERS, compile: checkBoolean },
  env: { kinds: ON_WORKERS, compile: checkRecord },
  python: { kinds: ['python'], compile: checkText },
  pty: { kinds: ['bash'], compile: checkBoolean },
  label: { kinds: ANY, compile: checkText },
  returns: { kinds: ['bash'], compile: checkOneOf(['exitCode', 'stdout', 'lines', 'json']) },
  killGrace: { kinds: ON_WORKERS, as: 'killGraceMs', compile: compileDurationText },
  onLost: { kinds: ON_WORKERS, compile: checkOneOf(['retry', 'fail']) },
  onFailure: { kinds: ANY, compile: compileFailurePolicy },
  group: { kinds: ANY, compile: checkGroup },
};

function compileExecutors(value: unknown, of: string, option: string): 'all' | readonly string[] {
  if (value === 'all') return 'all';
  if (Array.isArray(value) && value.length > 0 && value.every((label) => typeof label === 'string' && label !== '')) return [...value];
  const suggestion = typeof value === 'string' ? `['${value}']` : undefined;
  throw InvalidOptionError.wrong(of, option, value, "'all' or a list of at least one executor's label", suggestion);
}

function compileOutput(value: unknown, of: string, option: string): 'auto' | readonly [string, 'w' | 'a'] {
  if (value === 'auto') return 'auto';
  const [path, mode = 'a', ...rest]: unknown[] = Array.isArray(value) ? value : [value];
  const isMode = mode === 'w' || mode === 'a';
  if (isLocalPath(path) && isMode && rest.length === 0) return [String(path), mode];
  const suggestion = isLocalPath(path) && !isMode ? `['${path}', 'w']` : undefined;
  throw InvalidOptionError.wrong(of, option, value, "a path (appended to), [path, 'w'] (begun anew), [path, 'a'] or 'auto'", suggestion);
}

const checkInputs = checkList('paths, file(…) or futures of files', isInput);

/** A file elsewhere would only look as if it were brought here. */
function compileInputs(value: unknown, of: string, option: string): readonly unknown[] {
  const inputs = checkInputs(value, of, option);
  const at = inputs.findIndex(isRemote);
  if (at < 0) return inputs;
  const wanted = 'a file on this file system: this release fetches no others. Pass the URL as text, and let the app fetch it';
  throw InvalidOptionError.wrong(of, `${option}[${at}]`, String(isDataFile(inputs[at]) ? inputs[at].url : inputs[at]), wanted);
}

function isRemote(input: unknown): boolean {
  if (isDataFile(input)) return input.scheme !== 'file';
  return (typeof input === 'string' || input instanceof URL) && /^(?!file:)[a-z][a-z0-9+.-]*:\/\//i.test(String(input));
}

function isLocalPath(value: unknown): value is Exclude<OutputOption, readonly unknown[]> {
  if (isDataFile(value)) return value.scheme === 'file';
  return typeof value === 'string' && value !== '' && !value.includes('\0') && !/^[a-z][a-z0-9+.-]*:\/\//i.test(value);
}

function isInput(value: unknown): boolean {
  if (typeof value === 'string') return value !== '';
  if (typeof value !== 'object' || value === null) return false;
  return isDataFile(value) || value instanceof URL || ('then' in value && typeof value.then === 'function');
}

function isParameter(value: unknown): boolean {
  return typeof value === 'string' ? value !== '' : Number.isSafeInteger(value) && (value as number) >= 0;
}
