/** LocalProvider on another machine: what every provider must do, with an OpenSSH server between. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SshChannel } from '../../../index.ts';
import { LocalProvider } from '../../../providers/local/description.ts';
import { hasSshd, Sshd } from '../../support/sshd.ts';
import { providerContract } from '../contract.ts';

describe('LocalProvider with an SshChannel', () => {
  let sshd: Sshd;
  let state: string;
  const before_ = process.env['XDG_STATE_HOME'];
  before(async function () {
    if (!hasSshd) this.skip();
    state = mkdtempSync(join(tmpdir(), 'flotilla-state-'));
    process.env['XDG_STATE_HOME'] = state;
    sshd = await Sshd.start();
  });
  after(async () => {
    await sshd?.close();
    if (before_ === undefined) delete process.env['XDG_STATE_HOME'];
    else process.env['XDG_STATE_HOME'] = before_;
    if (state !== undefined) rmSync(state, { recursive: true });
  });

  providerContract('LocalProvider with an SshChannel', {
    make: (options) =>
      new LocalProvider({
        channel: new SshChannel({
          host: '127.0.0.1',
          port: sshd.port,
          keyFile: sshd.keyFile,
          knownHostsFile: sshd.knownHostsFile,
          configFile: 'none',
        }),
        ...options,
      }),
    shortWalltime: '1s',
    unknownJobId: 'flotilla.spec.never',
    patienceMs: 30_000,
    killNowMs: 60_000,
  });
});
