/**
 * SshChannel as people write it: data, checked and frozen. What runs is running-ssh-channel.ts.
 */
import type { ChannelDescription, RemoteChannel } from '../../../lib/channel.ts';
import { frozenCopy } from '../../../lib/options/freeze.ts';
import { nameOf } from './connection.ts';
import { type CompiledSshChannel, compileSshChannel, type SshChannelOptions, sshChannelOptions } from './options.ts';
import { RunningSshChannel } from './running-ssh-channel.ts';

/**
 * The machine on which a provider's scheduler is asked, reached by SSH from where the script runs. Hosts must be known to ssh, and
 * login must need no password.
 *
 * @example new SlurmProvider({ channel: new SshChannel({ host: 'login.site.org', user: 'me' }), partition: 'debug' })
 */
export class SshChannel implements ChannelDescription {
  static readonly schema = sshChannelOptions;

  readonly type = 'SshChannel';
  /** As written. */
  readonly options: Readonly<SshChannelOptions>;
  readonly compiled: CompiledSshChannel;

  /** @throws ConfigError that names every option that is wrong. */
  constructor(options: SshChannelOptions) {
    this.compiled = compileSshChannel(sshChannelOptions.check(options));
    this.options = frozenCopy(options);
    Object.freeze(this);
  }

  get name(): string {
    return nameOf(this.compiled);
  }

  open(): RemoteChannel {
    return new RunningSshChannel(this.compiled);
  }
}
