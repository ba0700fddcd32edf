/**
 * HighThroughputExecutor as people write it: data, checked and frozen. Starting it is start.ts, loaded then.
 */
import type { ExecutorContext, ExecutorDescription, RehearsalPlace, RunningExecutor } from '../../lib/executor.ts';
import { frozenCopy } from '../../lib/options/freeze.ts';
import type { Rehearsal } from '../../lib/provider.ts';
import { warnAboutOptions } from '../../lib/options/warnings.ts';
import { type CompiledHighThroughput, compileHighThroughput } from './compiled.ts';
import { type HighThroughputOptions, highThroughputOptions, highThroughputWarnings } from './options.ts';

/**
 * Runs tasks in pools of workers on the nodes that a provider gives.
 *
 * @example new HighThroughputExecutor({ label: 'gpu', availableAccelerators: 4, provider: new LocalProvider() })
 */
export class HighThroughputExecutor implements ExecutorDescription {
  static readonly schema = highThroughputOptions;

  readonly type = 'HighThroughputExecutor';
  readonly label: string;
  /** As written. */
  readonly options: Readonly<HighThroughputOptions>;
  readonly compiled: CompiledHighThroughput;
  /** What was written that has no effect, and why. */
  readonly warnings: readonly string[];

  /** @throws ConfigError that names every option that is wrong. */
  constructor(options: HighThroughputOptions = {}) {
    this.compiled = compileHighThroughput(highThroughputOptions.check(options));
    this.options = frozenCopy(options);
    this.label = this.compiled.label;
    this.warnings = warnAboutOptions(this.type, options, highThroughputWarnings);
    Object.freeze(this);
  }

  get orphanGraceMs(): number | undefined {
    return this.compiled.orphanGraceMs;
  }

  async rehearse(place: RehearsalPlace): Promise<Rehearsal | undefined> {
    const { rehearseBlock } = await import('./rehearse.ts');
    return rehearseBlock(this.compiled, place);
  }

  async start(context: ExecutorContext): Promise<RunningExecutor> {
    const { startHighThroughput } = await import('./start.ts');
    return startHighThroughput(this.compiled, context);
  }
}
