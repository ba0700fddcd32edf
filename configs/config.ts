/**
 * Config as people write it: data, checked and frozen. Where it comes from (TypeScript, YAML, a name) is others' business.
 */
import { HighThroughputExecutor } from '../executors/high-throughput/description.ts';
import type { CompiledConfig, MemoSettings } from '../lib/config.ts';
import { ConfigError, type ConfigProblem } from '../lib/errors/config-error.ts';
import type { ExecutorDescription } from '../lib/executor.ts';
import { frozenCopy } from '../lib/options/freeze.ts';
import type { OptionsOutput } from '../lib/options/schema.ts';
import { type WithWarnings, warnAboutOptions } from '../lib/options/warnings.ts';
import { type ConfigOptions, configOptions, configWarnings, withoutHarmless } from './options.ts';

const BRAND = Symbol.for('flotilla.config');

/**
 * Where a script's tasks run, and how failures, scaling and the end are handled.
 *
 * @example export default new Config({ retries: 2, executors: [new ThreadPoolExecutor({ maxThreads: 4 })] })
 */
export class Config {
  static readonly schema = configOptions;

  readonly type = 'Config';
  /** As written. */
  readonly options: Readonly<ConfigOptions>;
  readonly compiled: CompiledConfig;
  /** What was written that has no effect, and why; that of its executors and their providers too. */
  readonly warnings: readonly string[];

  /** @throws ConfigError that names every option that is wrong. */
  constructor(options: ConfigOptions = {}) {
    this.compiled = compileConfig(configOptions.check(options));
    this.options = frozenCopy(options);
    const own = warnAboutOptions(this.type, withoutHarmless(options), configWarnings);
    this.warnings = Object.freeze([...new Set([...own, ...this.compiled.executors.flatMap(warningsWithin)])]);
    Object.defineProperty(this, BRAND, { value: true });
    Object.freeze(this);
  }

  /** Whether `value` is a Config, also one made by another copy of the package. */
  static is(value: unknown): value is Config {
    return typeof value === 'object' && value !== null && BRAND in value;
  }
}

function compileConfig(checked: OptionsOutput<typeof configOptions>): CompiledConfig {
  const executors = Object.freeze(checked.executors ?? [new HighThroughputExecutor()]);
  requireUniqueLabels(executors);
  return Object.freeze({
    executors,
    retries: checked.retries ?? 0,
    retryHandler: checked.retryHandler,
    runDir: checked.runDir ?? 'runinfo',
    exitMode: checked.exitMode ?? 'wait',
    strategy: checked.strategy ?? 'simple',
    strategyPeriodMs: checked.strategyPeriod ?? 5000,
    maxIdleTimeMs: checked.maxIdleTime ?? checked.maxIdletime ?? 120_000,
    orphanGraceMs: checked.orphanGrace,
    initializeLogging: checked.initializeLogging ?? true,
    memo: compileMemo(checked),
  });
}

const DEFAULT_CHECKPOINT_PERIOD_MS = 1_800_000;

function compileMemo(checked: OptionsOutput<typeof configOptions>): MemoSettings {
  const { checkpointMode: parsl = 'taskExit', memoizer, appCache = true, checkpointFiles = [], checkpointPeriod } = checked;
  return Object.freeze({
    enabled: appCache,
    files: memoizer?.files ?? 'mtime',
    checkpoint: checked.checkpoint ?? (parsl === 'dfkExit' ? 'exit' : parsl),
    checkpointPeriodMs: checkpointPeriod ?? DEFAULT_CHECKPOINT_PERIOD_MS,
    checkpointFiles: Object.freeze(checkpointFiles),
  });
}

function requireUniqueLabels(executors: readonly ExecutorDescription[]): void {
  const firstUse = new Map<string, number>();
  const problems: ConfigProblem[] = [];
  for (const [index, { label }] of executors.entries()) {
    const first = firstUse.get(label);
    if (first === undefined) firstUse.set(label, index);
    else problems.push(duplicateLabel(label, first, index));
  }
  if (problems.length > 0) throw new ConfigError(problems);
}

function duplicateLabel(label: string, first: number, index: number): ConfigProblem {
  const message = `Config.executors.${index}: the label '${label}' is taken by executors.${first}; give each executor a label of its own`;
  return { path: ['executors', index, 'label'], target: 'value', message };
}

/** Those of a description and of the provider and launcher within it. */
function warningsWithin(description: object): string[] {
  const { warnings = [] } = description as WithWarnings;
  const holders = [description, heldBy(description, 'compiled')];
  const inner = holders.flatMap((holder) => ['provider', 'launcher'].map((key) => heldBy(holder, key)));
  return [...warnings, ...inner.flatMap((held) => (held === undefined ? [] : warningsWithin(held)))];
}

function heldBy(holder: object | undefined, key: string): object | undefined {
  const held: unknown = holder && Reflect.get(holder, key);
  return typeof held === 'object' && held !== null ? held : undefined;
}
