/** What a configuration of ssh means, against what OpenSSH's own client makes of it (`ssh -G`). */
import { execFileSync, spawnSync } from 'node:child_process';
import { homedir } from 'node:os';
import { expect } from 'chai';
import { compileSshChannel, type SshChannelOptions, sshChannelOptions } from '../../../../providers/channels/ssh/options.ts';
import { findTargets, type SshTarget } from '../../../../providers/channels/ssh/target.ts';
import { TemporaryFolder } from '../../../support/temporary-folder.ts';

const hasSsh = spawnSync('ssh', ['-V']).status === 0;

const CONFIG = `
# Comments, and lines that are nobody's
User=everyone
Host mn5 "mn five"   # another
  HostName glogin1.%h.example
  User bsc99001
  IdentityFile ~/.ssh/mn5_key
  IdentityFile %d/keys/%r
Host *.example !bad.example
  Port 2222
  User never
  IdentitiesOnly yes
Match originalhost matched user someone
  HostName by-match
Match host by-match
  Port 3333
Match exec "false"
  HostName never
Host jumpy
  ProxyJump gate,second:2200
Host gate
  HostName 10.0.0.1
  ProxyJump none
Host alias
  HostKeyAlias cluster
  UserKnownHostsFile /a/known /b/known
  GlobalKnownHostsFile none
Host one?
  Port 44
include more/*.conf
`;

describe('the target of an SshChannel', () => {
  const folder = new TemporaryFolder();
  let configFile: string;
  before(() => {
    configFile = folder.write('config', CONFIG.replace('more/', `${folder.path}/more/`));
    folder.write('more/1.conf', 'Host included\n  HostName from-the-first\n');
    folder.write('more/2.conf', 'Host included\n  HostName from-the-second\n  Port 55\n');
  });
  after(() => folder.remove());

  const targets = (options: SshChannelOptions): SshTarget[] =>
    findTargets(compileSshChannel(sshChannelOptions.check({ configFile, ...options })));
  const last = (options: SshChannelOptions): SshTarget => targets(options).at(-1) as SshTarget;

  /** Of `ssh -G`: the first value of each keyword, and all identity files. */
  function asSshSees(host: string, ...more: string[]): { host: string; port: number; user: string; keys: string[] } {
    const lines = execFileSync('ssh', ['-G', '-F', configFile, ...more, host], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).split('\n');
    const all = (key: string): string[] => lines.filter((line) => line.startsWith(`${key} `)).map((line) => line.slice(key.length + 1));
    const keys = all('identityfile').map((path) => path.replace(/^~/, homedir()));
    return { host: all('hostname')[0] ?? '', port: Number(all('port')[0]), user: all('user')[0] ?? '', keys };
  }

  for (const host of ['mn5', 'x.example', 'bad.example', 'ONE1', 'one22', 'included', 'gate', 'other'])
    it(`is for '${host}' what ssh would take`, function () {
      if (!hasSsh) this.skip();
      const seen = asSshSees(host);
      const target = last({ host, proxyJump: 'none' });
      expect([target.host.toLowerCase(), target.port, target.user]).to.deep.equal([seen.host, seen.port, seen.user]);
      if (target.areKeyFilesNamed)
        expect(target.keyFiles).to.deep.equal(seen.keys.map((path) => path.replace('%d', homedir()).replace('%r', target.user)));
    });

  it('follows Match by host and user, in the order of the file', () => {
    expect(last({ host: 'matched', user: 'someone' })).to.include({ host: 'by-match', port: 3333 });
    expect(last({ host: 'matched', user: 'another' })).to.include({ host: 'matched', port: 22 });
  });

  it('takes what the options say before what the configuration says', () => {
    const target = last({ host: 'mn5', user: 'me', port: 2, keyFile: '~/mine' });
    expect(target).to.deep.include({ user: 'me', port: 2, keyFiles: [`${homedir()}/mine`], host: 'glogin1.mn5.example' });
  });

  it('goes through the jumps of the configuration, and each is looked up itself', () => {
    const hops = targets({ host: 'jumpy' }).map(({ host, port, user }) => `${user}@${host}:${port}`);
    expect(hops).to.deep.equal(['everyone@10.0.0.1:22', 'everyone@second:2200', 'everyone@jumpy:22']);
    expect(targets({ host: 'jumpy', proxyJump: 'none' })).to.have.length(1);
  });

  it('reads jumps as ssh writes them', () => {
    const hops = targets({ host: 'x', proxyJump: ['me@[::1]:2200', 'ssh://you@far:1'] }).map(({ user, host, port }) => [user, host, port]);
    expect(hops.slice(0, 2)).to.deep.equal([
      ['me', '::1', 2200],
      ['you', 'far', 1],
    ]);
  });

  it('says that jumps go round in a circle', () => {
    const circle = folder.write('circle', 'Host a\n  ProxyJump b\nHost b\n  ProxyJump a\n');
    expect(() => targets({ host: 'a', configFile: circle })).to.throw("jumps to 'a' go round in a circle: b → a → b");
  });

  it('looks the host key up under its alias, in the files that are named', () => {
    expect(last({ host: 'alias' })).to.deep.include({ hostKeyName: 'cluster', knownHostsFiles: ['/a/known', '/b/known'] });
  });

  it('asks an agent unless a key was named for it alone', () => {
    const socket = process.env['SSH_AUTH_SOCK'];
    process.env['SSH_AUTH_SOCK'] = '/run/agent';
    try {
      expect(last({ host: 'other' }).agent).to.equal('/run/agent');
      expect(last({ host: 'other', keyFile: '/k' }).agent).to.equal(undefined);
      expect(last({ host: 'other', keyFile: '/k', agent: true }).agent).to.equal('/run/agent');
      expect(last({ host: 'x.example' }).agent, 'IdentitiesOnly').to.equal(undefined);
      expect(last({ host: 'other', agent: '/else' }).agent).to.equal('/else');
      expect(last({ host: 'other', agent: false }).agent).to.equal(undefined);
    } finally {
      if (socket === undefined) delete process.env['SSH_AUTH_SOCK'];
      else process.env['SSH_AUTH_SOCK'] = socket;
    }
  });
});

describe('options of an SshChannel', () => {
  for (const [options, words] of [
    [{}, 'host'],
    [{ host: 'me@login' }, 'a host or an alias of ~/.ssh/config, without user and port'],
    [{ host: '-oProxyCommand=x' }, 'a host or an alias'],
    [{ host: 'login', keepAlive: '1ms' }, 'SshChannel.keepAlive'],
    [{ host: 'login', hostKeyChecking: false }, 'hostKeyChecking'],
  ] as const)
    it(`refuse ${JSON.stringify(options)}`, () => {
      expect(() => compileSshChannel(sshChannelOptions.check(options))).to.throw(words);
    });
});
