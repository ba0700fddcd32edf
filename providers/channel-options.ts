/**
 * The options of providers whose scheduler may be asked from another machine: through which channel, and where files go there.
 */
import type { ChannelDescription } from '../lib/channel.ts';
import { description, path, text } from '../lib/options/vocabulary.ts';
import { zod } from '../lib/options/zod.ts';

const CHANNEL = "a channel such as new SshChannel({ host: 'login.site.org' })";

export const channelOptions = () => ({
  channel: zod()
    .union([description<ChannelDescription>('channel', ['open'], CHANNEL), text()], CHANNEL)
    .describe('How the machine is reached on which blocks are submitted, if it is not this one.')
    .optional(),
  scriptDir: path()
    .describe(
      "Folder on the channel's machine for bundles and run directories; every node must see it. Default '.flotilla' in your home there.",
    )
    .optional(),
});

export interface ChannelPlace {
  /** undefined: this machine. */
  readonly channel: ChannelDescription | undefined;
  /** On the channel's machine, from the home folder there. */
  readonly scriptDir: string;
}

/** A channel that is text is Parsl's name of one, carried over from a configuration of this machine. */
export function compileChannel({
  channel,
  scriptDir,
}: {
  channel?: ChannelDescription | string | undefined;
  scriptDir?: string | undefined;
}): ChannelPlace {
  return { channel: typeof channel === 'string' ? undefined : channel, scriptDir: scriptDir ?? '.flotilla' };
}

/** Why they have no effect where there is no channel: Parsl has both for this machine too. */
export function channelWarnings({ channel }: { readonly channel?: unknown }): Readonly<Record<string, string>> {
  if (typeof channel === 'object' && channel !== null) return {};
  return { channel: 'commands are run on this machine', scriptDir: 'without a channel, scripts of jobs lie in the run directory' };
}
