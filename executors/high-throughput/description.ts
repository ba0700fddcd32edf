/**
 * HighThroughputExecutor as people write it: data, checked and frozen.
 */
import { frozenCopy } from '../../lib/options/freeze.ts';
import { warnAboutOptions } from '../../lib/options/warnings.ts';
import { compileHighThroughput } from './compiled.ts';
import { ManagedDescription } from './managed-description.ts';
import { warnAboutPlan } from './plan-warnings.ts';
import { type HighThroughputOptions, highThroughputOptions, highThroughputWarnings } from './options.ts';

/**
 * Runs tasks in pools of workers on the nodes that a provider gives.
 *
 * @example new HighThroughputExecutor({ label: 'gpu', availableAccelerators: 4, provider: new LocalProvider() })
 */
export class HighThroughputExecutor extends ManagedDescription {
  static readonly schema = highThroughputOptions;

  readonly type = 'HighThroughputExecutor';
  readonly options: Readonly<HighThroughputOptions>;
  readonly warnings: readonly string[];

  /** @throws ConfigError that names every option that is wrong. */
  constructor(options: HighThroughputOptions = {}) {
    super(compileHighThroughput(highThroughputOptions.check(options)));
    this.options = frozenCopy(options);
    this.warnings = Object.freeze([
      ...warnAboutOptions(this.type, options, highThroughputWarnings),
      ...warnAboutPlan(this.type, this.compiled),
    ]);
    Object.freeze(this);
  }
}
