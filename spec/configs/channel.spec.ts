import { expect } from 'chai';
import { readConfig } from '../../configs/read.ts';
import { configJsonSchema } from '../../configs/schema.ts';
import { type HighThroughputExecutor, SlurmProvider, SshChannel } from '../../index.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

describe('channels in configs', () => {
  const folder = new TemporaryFolder();
  after(() => folder.remove());
  const yaml = (channel: string, more = ''): string =>
    folder.write(
      'c.yaml',
      `executors:\n  - type: HighThroughputExecutor\n${more}    provider:\n      type: SlurmProvider\n      channel: ${channel}\n`,
    );

  it('are read from YAML, secrets from the environment', async () => {
    process.env['SPEC_PASSPHRASE'] = 'open sesame';
    try {
      const config = await readConfig(yaml('{ type: SshChannel, host: login, keyFile: ~/k, passphrase: !env SPEC_PASSPHRASE }'));
      const { provider, heartbeatThresholdMs } = (config.compiled.executors[0] as HighThroughputExecutor).compiled;
      expect(provider).to.be.instanceOf(SlurmProvider);
      expect(provider.channel).to.be.instanceOf(SshChannel);
      expect((provider.channel as SshChannel).compiled).to.include({ host: 'login', keyFile: '~/k', passphrase: 'open sesame' });
      expect(heartbeatThresholdMs, 'a cut is outlived').to.equal(600_000);
    } finally {
      delete process.env['SPEC_PASSPHRASE'];
    }
  });

  for (const [what, channel, more, words] of [
    ['a wrong option of one', '{ type: SshChannel, host: login, hots: x }', '', 'hots'],
    ['no encryption beside one', '{ type: SshChannel, host: login }', '    encrypted: false\n', 'leave encryption on'],
    ['orphanGrace beside one', '{ type: SshChannel, host: login }', "    orphanGrace: '1h'\n", 'cannot be taken over'],
    ['another type', '{ type: TelnetChannel, host: login }', '', "there is no channel 'TelnetChannel'"],
  ] as const)
    it(`refuse ${what}`, async () => {
      const error: unknown = await readConfig(yaml(channel, more)).catch((reason: unknown) => reason);
      expect(error).to.have.property('name', 'ConfigError');
      expect((error as Error).message).to.include(words);
    });

  it('are known to editors', () => {
    expect(JSON.stringify(configJsonSchema())).to.include('"SshChannel"');
  });
});
