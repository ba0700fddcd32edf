/**
 * PBSProProvider as people write it: data, checked and frozen. What runs is the batch provider with the dialect of PBS Pro.
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
  type CompiledPBSProProvider,
  compilePBSProProvider,
  type PBSProProviderOptions,
  pbsProProviderOptions,
  pbsProProviderWarnings,
} from './options.ts';
import { PBSPro } from './scheduler.ts';

/**
 * Runs blocks as jobs of PBS Professional or OpenPBS.
 *
 * @example new PBSProProvider({ account: 'datascience', queue: 'debug', walltime: '10m', cpusPerNode: 64, selectOptions: 'ngpus=4' })
 */
export class PBSProProvider implements ProviderDescription {
  static readonly schema = pbsProProviderOptions;

  readonly type = 'PBSProProvider';
  readonly isLocal = false;
  /** All blocks are asked after in one command. */
  readonly statusPollMs: number;
  /** As written. */
  readonly options: Readonly<PBSProProviderOptions>;
  readonly compiled: CompiledPBSProProvider;
  /** What was written that has no effect, and why. */
  readonly warnings: readonly string[];

  /** @throws ConfigError that names every option that is wrong. */
  constructor(options: PBSProProviderOptions = {}) {
    this.compiled = compilePBSProProvider(pbsProProviderOptions.check(options));
    this.statusPollMs = this.compiled.statusPollMs;
    this.options = frozenCopy(options);
    this.warnings = warnAboutOptions(this.type, options, { ...pbsProProviderWarnings, ...channelWarnings(options) });
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
    const scheduler = new PBSPro(this.compiled);
    const channel = this.channel?.open() ?? new LocalChannel();
    return new BatchProvider({ type: this.type, scheduler, channel, commandTimeoutMs, context });
  }

  rehearse(job: JobRequest, place: JobPlace): Rehearsal {
    return rehearse(new PBSPro(this.compiled), job, place);
  }
}
