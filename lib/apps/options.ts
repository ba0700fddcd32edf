/**
 * Compiles the options of an app or of one call, and puts those of a call over those of its app. Which option takes what is
 * in option-table.ts.
 */
import { InvalidOptionError } from '../errors/definition-errors.ts';
import { DEFAULT_KILL_GRACE_MS } from '../task-spec.ts';
import type { AppKind, AppOptions, CompiledAppOptions } from './app-options.ts';
import { FAIL } from './failure-policy.ts';
import { OPTION_TABLE } from './option-table.ts';

export type { AppKind, AppOptions, CompiledAppOptions, OutputOption } from './app-options.ts';

/**
 * @param appName how messages name the app, and its name unless `options.name` says otherwise.
 * @throws InvalidOptionError for an option that does not exist, has no meaning for `kind`, or has the wrong type.
 */
export function compileAppOptions(options: AppOptions | undefined, kind: AppKind, appName: string): CompiledAppOptions {
  return mergeAppOptions({ ...DEFAULTS, name: appName }, options ?? {}, kind);
}

/**
 * An app's options with those of one call over them (`app.with`). A call's `env` is added to the app's; `cwd` and `sandbox`
 * replace each other; everything else that the call gives replaces the app's.
 *
 * @throws InvalidOptionError as compileAppOptions does.
 */
export function mergeAppOptions(base: CompiledAppOptions, call: AppOptions, kind: AppKind): CompiledAppOptions {
  const of = `app '${givenName(call) ?? base.name}'`;
  if (typeof call !== 'object' || call === null || Array.isArray(call)) {
    throw new InvalidOptionError(`${of}: options must be an object like { retries: 2 }`, { of, option: 'options', value: call });
  }
  return { ...base, ...replaceTogether(compileGiven(call, kind, of), base, of) };
}

/** Messages about the other options name the app as its user does. */
function givenName(options: unknown): string | undefined {
  const name: unknown = typeof options === 'object' && options !== null && 'name' in options ? options.name : undefined;
  return typeof name === 'string' && name !== '' ? name : undefined;
}

/** Options that concern each other: `env` adds up, a directory and a sandbox exclude each other. */
function replaceTogether(changes: Changes, base: CompiledAppOptions, of: string): Changes {
  const env = changes.env !== undefined && base.env !== undefined ? { env: { ...base.env, ...changes.env } } : {};
  return { ...changes, ...placeOf(changes, of), ...env };
}

function placeOf({ cwd, sandbox }: Changes, of: string): Changes {
  if (sandbox !== true) return cwd === undefined ? {} : { sandbox: false };
  if (cwd === undefined) return { cwd: undefined };
  const message = `${of}: 'cwd' and 'sandbox: true' exclude each other: a sandbox is a directory of the task's own; leave one out`;
  throw new InvalidOptionError(message, { of, option: 'sandbox', value: sandbox });
}

const DEFAULTS: Omit<CompiledAppOptions, 'name'> = Object.freeze({
  executors: 'all',
  retries: undefined,
  walltimeMs: undefined,
  priority: 0,
  cache: false,
  version: undefined,
  ignoreForCache: [],
  resources: undefined,
  stdout: undefined,
  stderr: undefined,
  inputs: [],
  outputs: [],
  cwd: undefined,
  sandbox: false,
  env: undefined,
  python: undefined,
  pty: false,
  label: undefined,
  returns: 'exitCode',
  killGraceMs: DEFAULT_KILL_GRACE_MS,
  onLost: 'retry',
  onFailure: FAIL,
  group: undefined,
});

/** The options that were given, under their names inside. */
type Changes = Partial<CompiledAppOptions>;

function compileGiven(options: AppOptions, kind: AppKind, of: string): Changes {
  const compiled: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(options)) {
    const rule = Object.hasOwn(OPTION_TABLE, name) ? OPTION_TABLE[name as keyof AppOptions] : undefined;
    if (rule === undefined) throw InvalidOptionError.unknown(of, name, value, optionsOf(kind));
    if (value === undefined) continue;
    if (!rule.kinds.includes(kind)) throw meaningless(of, name, value, kind, rule.kinds);
    compiled[rule.as ?? name] = rule.compile(value, of, name, kind);
  }
  return compiled; // each rule of the table gives the type of its field
}

const optionsOf = (kind: AppKind): string[] =>
  Object.entries(OPTION_TABLE)
    .filter(([, rule]) => rule.kinds.includes(kind))
    .map(([name]) => name);

function meaningless(of: string, option: string, value: unknown, kind: AppKind, kinds: readonly AppKind[]): InvalidOptionError {
  const message = `${of}: option '${option}' has no meaning for a ${kind} app; it is for ${kinds.join(', ')} apps`;
  return new InvalidOptionError(message, { of, option, value });
}
