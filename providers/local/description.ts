/**
 * LocalProvider as people write it: data, checked and frozen. What runs is local-provider.ts.
 */
import { join } from 'node:path';
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
import { channelWarnings } from '../channel-options.ts';
import { buildJobScript } from '../job-script.ts';
import { processScheduler } from './process-scheduler.ts';
import { RunningLocalProvider } from './local-provider.ts';
import {
  type CompiledLocalProvider,
  compileLocalProvider,
  type LocalProviderOptions,
  localProviderOptions,
  localProviderWarnings,
} from './options.ts';

/** Of what is run through a channel. */
const COMMAND_TIMEOUT_MS = 60_000;

/**
 * Runs blocks as processes of this machine, or of the one that a channel leads to.
 *
 * @example new LocalProvider({ maxBlocks: 2, workerInit: 'source env.sh', launcher: new SimpleLauncher() })
 */
export class LocalProvider implements ProviderDescription {
  static readonly schema = localProviderOptions;

  readonly type = 'LocalProvider';
  /** Its jobs report by themselves; asking is a safety net. */
  readonly statusPollMs = 5000;
  /** As written. */
  readonly options: Readonly<LocalProviderOptions>;
  readonly compiled: CompiledLocalProvider;
  /** What was written that has no effect, and why. */
  readonly warnings: readonly string[];

  /** @throws ConfigError that names every option that is wrong. */
  constructor(options: LocalProviderOptions = {}) {
    this.compiled = compileLocalProvider(localProviderOptions.check(options));
    this.options = frozenCopy(options);
    this.warnings = warnAboutOptions(this.type, options, { ...localProviderWarnings, ...channelWarnings(options) });
    Object.freeze(this);
  }

  /** Not where the launcher takes managers to other machines, as within an allocation, nor where a channel leads to one. */
  get isLocal(): boolean {
    return this.channel === undefined && !this.launcher.reachesOtherNodes;
  }

  get limits(): BlockLimits {
    return this.compiled.limits;
  }

  get launcher(): Launcher {
    return this.compiled.launcher;
  }

  rehearse(job: JobRequest, { scriptDir }: JobPlace): Rehearsal {
    const path = join(scriptDir, `${job.name}.sh`);
    const text = buildJobScript({ ...job, workerInit: this.compiled.workerInit });
    return { script: { path, text }, commands: [{ purpose: 'start a block', argv: ['bash', path] }] };
  }

  get channel(): ChannelDescription | undefined {
    return this.compiled.channel;
  }

  get scriptDir(): string {
    return this.compiled.scriptDir;
  }

  start(context: ProviderContext): RunningProvider {
    const channel = this.channel?.open();
    if (channel !== undefined) {
      const scheduler = processScheduler(this.compiled);
      return new BatchProvider({ type: this.type, scheduler, channel, commandTimeoutMs: COMMAND_TIMEOUT_MS, context });
    }
    return new RunningLocalProvider(this.compiled, context);
  }
}
