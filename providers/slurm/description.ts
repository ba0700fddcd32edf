/**
 * SlurmProvider as people write it: data, checked and frozen. What runs is batch-provider.ts with Slurm's dialect.
 */
import type { ChannelDescription } from '../../lib/channel.ts';
import { frozenCopy } from '../../lib/options/freeze.ts';
import { warnAboutOptions } from '../../lib/options/warnings.ts';
import type {
  BlockLimits,
  JobPlace,
  JobRequest,
  Launcher,
  ProviderContext,
  ProviderDescription,
  Rehearsal,
  RunningProvider,
} from '../../lib/provider.ts';
import { BatchProvider } from '../batch/batch-provider.ts';
import { rehearse } from '../batch/rehearse.ts';
import { channelWarnings } from '../channel-options.ts';
import { LocalChannel } from '../channels/local-channel.ts';
import {
  type CompiledSlurmProvider,
  compileSlurmProvider,
  type SlurmProviderOptions,
  slurmProviderOptions,
  slurmProviderWarnings,
} from './options.ts';
import { slurmScheduler } from './scheduler.ts';

/**
 * Runs blocks as jobs of Slurm. The script that loads the config runs where `sbatch` works, on a login node, or elsewhere with a channel
 * that leads there.
 *
 * @example
 * new SlurmProvider({
 *   account: 'bsc99', partition: 'debug', qos: 'acc_debug', nodesPerBlock: 2, maxBlocks: 4, walltime: '30m',
 *   gpusPerNode: 4, workerInit: 'module load python',
 * })
 */
export class SlurmProvider implements ProviderDescription {
  static readonly schema = slurmProviderOptions;

  readonly type = 'SlurmProvider';
  readonly isLocal = false;
  readonly statusPollMs: number;
  /** As written. */
  readonly options: Readonly<SlurmProviderOptions>;
  readonly compiled: CompiledSlurmProvider;
  /** What was written that has no effect, and why. */
  readonly warnings: readonly string[];

  /** @throws ConfigError that names every option that is wrong. */
  constructor(options: SlurmProviderOptions = {}) {
    this.compiled = compileSlurmProvider(slurmProviderOptions.check(options));
    this.statusPollMs = this.compiled.statusPollMs;
    this.options = frozenCopy(options);
    this.warnings = warnAboutOptions(this.type, options, { ...slurmProviderWarnings, ...channelWarnings(options) });
    Object.freeze(this);
  }

  get limits(): BlockLimits {
    return this.compiled.limits;
  }

  get launcher(): Launcher {
    return this.compiled.launcher;
  }

  get channel(): ChannelDescription | undefined {
    return this.compiled.channel;
  }

  get scriptDir(): string {
    return this.compiled.scriptDir;
  }

  start(context: ProviderContext): RunningProvider {
    const { commandTimeoutMs } = this.compiled;
    const scheduler = slurmScheduler(this.compiled);
    const channel = this.channel?.open() ?? new LocalChannel();
    return new BatchProvider({ type: this.type, scheduler, channel, commandTimeoutMs, context });
  }

  rehearse(job: JobRequest, place: JobPlace): Rehearsal {
    return rehearse(slurmScheduler(this.compiled), job, place);
  }
}
