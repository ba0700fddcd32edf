/**
 * What can be written in an SshChannel, and what it comes to.
 */
import { ConfigError } from '../../../lib/errors/config-error.ts';
import { type OptionsInput, type OptionsOutput, OptionsSchema } from '../../../lib/options/schema.ts';
import { duration, flag, name, path, port, text } from '../../../lib/options/vocabulary.ts';
import { zod } from '../../../lib/options/zod.ts';

const HOST = "a host or an alias of ~/.ssh/config, without user and port: 'login.site.org'";
const JUMPS = "jumps as ssh takes them: 'user@gate.site.org:2222'";

const options = () => ({
  host: zod()
    .string(HOST)
    .regex(/^[^\s@/-][^\s@/]*$/, HOST)
    .describe('The login node: its name, its address, or an alias of ~/.ssh/config. Needed.'),
  user: name().describe("Default: what ~/.ssh/config says, else this machine's user.").optional(),
  port: port().describe('Default: what ~/.ssh/config says, else 22.').optional(),
  keyFile: path().describe("Private key to log in with: '~/.ssh/cluster_key'. Default: as ssh does it.").optional(),
  passphrase: text().describe('Of the private keys that need one: !env MY_PASSPHRASE.').optional(),
  agent: zod()
    .union([flag(), path()], 'true, false, or the path of a socket')
    .describe('Whether keys of the SSH agent are tried, or its socket. Default: as ssh does it, and not where keyFile is written.')
    .optional(),
  proxyJump: zod()
    .union([text().min(1, JUMPS), zod().array(text().min(1, JUMPS), JUMPS)], JUMPS)
    .describe("Machines on the way, in order: 'gate.site.org', or a list. 'none': no jump. Default: what ~/.ssh/config says.")
    .optional(),
  knownHostsFile: path().describe("File with the host keys that are trusted. Default: ssh's own.").optional(),
  configFile: path().describe("In place of ~/.ssh/config; 'none': no configuration.").optional(),
  connectTimeout: duration().describe("Time that logging in may take, each machine on the way. Default '30s'.").optional(),
  keepAlive: duration()
    .describe("How often a silent connection is asked for a sign of life; three without an answer, and another is opened. Default '10s'.")
    .optional(),
  init: text()
    .describe("Shell commands there before each of ours, where the scheduler's are not on PATH: 'source /etc/profile'.")
    .optional(),
});
export const sshChannelOptions = new OptionsSchema('SshChannel', options, { needsSome: true });

export type SshChannelOptions = OptionsInput<typeof sshChannelOptions>;

export interface CompiledSshChannel {
  readonly host: string;
  readonly user: string | undefined;
  readonly port: number | undefined;
  readonly keyFile: string | undefined;
  readonly passphrase: string | undefined;
  readonly agent: boolean | string | undefined;
  /** undefined: what the configuration says. */
  readonly proxyJump: readonly string[] | undefined;
  readonly knownHostsFile: string | undefined;
  readonly configFile: string | undefined;
  readonly connectTimeoutMs: number;
  readonly keepAliveMs: number;
  readonly init: string;
}

/** @throws ConfigError when an option has a value that can never do. */
export function compileSshChannel(checked: OptionsOutput<typeof sshChannelOptions>): CompiledSshChannel {
  const { host, user, port: portNumber, keyFile, passphrase, agent, knownHostsFile, configFile, init } = checked;
  const connectTimeoutMs = checked.connectTimeout ?? 30_000;
  const keepAliveMs = checked.keepAlive ?? 10_000;
  for (const [key, ms] of Object.entries({ connectTimeout: connectTimeoutMs, keepAlive: keepAliveMs }))
    if (ms < 100)
      throw new ConfigError([{ path: [key], target: 'value', message: `SshChannel.${key}: ${ms} ms is shorter than any network` }]);
  return Object.freeze({
    host,
    user,
    port: portNumber,
    keyFile,
    passphrase,
    agent,
    proxyJump: jumpsOf(checked.proxyJump),
    knownHostsFile,
    configFile,
    connectTimeoutMs,
    keepAliveMs,
    init: init ?? '',
  });
}

function jumpsOf(written: string | string[] | undefined): readonly string[] | undefined {
  if (written === undefined) return undefined;
  const list = typeof written === 'string' ? written.split(',') : written;
  return list.map((jump) => jump.trim()).filter((jump) => jump.toLowerCase() !== 'none');
}
