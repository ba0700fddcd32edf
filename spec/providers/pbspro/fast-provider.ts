/**
 * A PBSProProvider that may ask as often as a spec likes.
 */
import type { ProviderContext, ProviderDescription } from '../../../lib/provider.ts';
import { BatchProvider, type BatchProviderOptions } from '../../../providers/batch/batch-provider.ts';
import { systemClock } from '../../../providers/batch/clock.ts';
import { TokenBucket } from '../../../providers/batch/token-bucket.ts';
import { LocalChannel } from '../../../providers/channels/local-channel.ts';
import { PBSProProvider } from '../../../providers/pbspro/description.ts';
import type { PBSProProviderOptions } from '../../../providers/pbspro/options.ts';
import { PBSPro } from '../../../providers/pbspro/scheduler.ts';

export function fastProvider(options: PBSProProviderOptions = {}, changes: Partial<BatchProviderOptions> = {}): ProviderDescription {
  const description = new PBSProProvider(options);
  return {
    type: description.type,
    limits: description.limits,
    launcher: description.launcher,
    statusPollMs: 200,
    isLocal: false,
    start: (context) => startFast(description, context, changes),
    rehearse: (job, place) => description.rehearse(job, place),
  };
}

export function startFast(
  { type, compiled }: PBSProProvider,
  context: ProviderContext,
  changes: Partial<BatchProviderOptions> = {},
): BatchProvider {
  const bucket = new TokenBucket({ capacity: 1000, refillMs: 1, clock: systemClock });
  const { commandTimeoutMs } = compiled;
  return new BatchProvider({
    type,
    scheduler: new PBSPro(compiled),
    channel: new LocalChannel(),
    commandTimeoutMs,
    context,
    bucket,
    ...changes,
  });
}
