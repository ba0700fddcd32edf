/**
 * Where a channel leads: what its options say, then what OpenSSH's configuration says of the host, then OpenSSH's defaults.
 * Reads configuration files; connects to nothing.
 */
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import { type HostSettings, readHostSettings } from './ssh-config.ts';
import type { CompiledSshChannel } from './options.ts';

export interface SshTarget {
  /** For people: `user@host`, as they wrote the host. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Private keys to try, those that are not there passed over. */
  readonly keyFiles: readonly string[];
  /** Whether somebody named the key files, who should hear of one that is not there. */
  readonly areKeyFilesNamed: boolean;
  readonly passphrase: string | undefined;
  /** Socket of the agent. */
  readonly agent: string | undefined;
  readonly knownHostsFiles: readonly string[];
  /** Under which known_hosts has it. */
  readonly hostKeyName: string;
}

const SYSTEM_CONFIG = '/etc/ssh/ssh_config';
const SYSTEM_KNOWN_HOSTS = ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2'];
const DEFAULT_KEYS = ['id_rsa', 'id_ecdsa', 'id_ed25519'];
const MAX_JUMPS = 10;

/** The machines on the way, in order; the last is the one that is meant. @throws Error when a chain of jumps has no end. */
export function findTargets(options: CompiledSshChannel): SshTarget[] {
  const settings = settingsOf(options, options.host, options.user);
  const jumps = options.proxyJump ?? parseJumps(settings.proxyjump);
  const hops = hopsOf(jumps, options, []);
  return [...hops, targetOf(options, settings, options)];
}

interface Written {
  readonly host: string;
  readonly user?: string | undefined;
  readonly port?: number | undefined;
}

/** Only the first jump may have jumps of its own: the others are reached through the one before. */
function hopsOf(jumps: readonly string[], options: CompiledSshChannel, above: readonly string[]): SshTarget[] {
  return jumps.flatMap((text, index) => {
    if (above.includes(text) || above.length > MAX_JUMPS)
      throw new Error(`the jumps to '${options.host}' go round in a circle: ${[...above, text].join(' → ')}`);
    const written = parseJump(text);
    const settings = settingsOf(options, written.host, written.user);
    const before = index === 0 ? hopsOf(parseJumps(settings.proxyjump), options, [...above, text]) : [];
    return [...before, targetOf(written, settings, options)];
  });
}

function parseJumps(text: string | undefined): string[] {
  return text === undefined || text.toLowerCase() === 'none' ? [] : text.split(',').map((jump) => jump.trim());
}

/** `[user@]host[:port]` or `ssh://[user@]host[:port]`; an IPv6 address in brackets. */
function parseJump(text: string): Written {
  const [, user, bracketed, plain, port] = /^(?:ssh:\/\/)?(?:(.+)@)?(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(text) ?? [];
  const host = bracketed ?? plain ?? text;
  return { host, ...(user !== undefined && { user }), ...(port !== undefined && { port: Number(port) }) };
}

function settingsOf({ configFile }: CompiledSshChannel, host: string, user: string | undefined): HostSettings {
  const folder = join(homedir(), '.ssh');
  const files = configFile === undefined ? [join(folder, 'config'), SYSTEM_CONFIG] : configFile === 'none' ? [] : [configFile];
  return readHostSettings({ host, user, files, folder });
}

function targetOf(written: Written, settings: HostSettings, options: CompiledSshChannel): SshTarget {
  const host = (settings.hostname ?? written.host).replaceAll('%h', written.host).replaceAll('%%', '%');
  const user = written.user ?? settings.user ?? userInfo().username;
  const port = written.port ?? Number(settings.port ?? 22);
  const expand = (path: string): string => expandPath(path, { host, user, port });
  const named = options.keyFile === undefined ? settings.identityFiles : [options.keyFile];
  const keyFiles = named.length > 0 ? named : DEFAULT_KEYS.map((name) => `~/.ssh/${name}`);
  return {
    name: `${user}@${written.host}`,
    host,
    port,
    user,
    keyFiles: keyFiles.filter((path) => path.toLowerCase() !== 'none').map(expand),
    areKeyFilesNamed: named.length > 0,
    passphrase: options.passphrase,
    agent: agentOf(options, settings),
    knownHostsFiles: knownHostsOf(options, settings).map(expand),
    hostKeyName: settings.hostkeyalias ?? host,
  };
}

/** A key that the channel's options name is used alone, unless they name an agent too. */
function agentOf({ agent, keyFile }: CompiledSshChannel, settings: HostSettings): string | undefined {
  if (agent === false || (agent === undefined && keyFile !== undefined)) return undefined;
  if (typeof agent === 'string') return expandPath(agent, undefined);
  const configured = settings.identityagent;
  if (configured?.toLowerCase() === 'none' || (agent === undefined && settings.identitiesonly === 'yes')) return undefined;
  if (configured === undefined || configured === 'SSH_AUTH_SOCK') return process.env['SSH_AUTH_SOCK'];
  return configured.startsWith('$') ? process.env[configured.slice(1)] : expandPath(configured, undefined);
}

function knownHostsOf({ knownHostsFile }: CompiledSshChannel, settings: HostSettings): string[] {
  if (knownHostsFile !== undefined) return [knownHostsFile];
  const own = settings.userknownhostsfile?.split(' ') ?? ['~/.ssh/known_hosts', '~/.ssh/known_hosts2'];
  return [...own, ...(settings.globalknownhostsfile?.split(' ') ?? SYSTEM_KNOWN_HOSTS)].filter((path) => path !== 'none');
}

/** ssh_config(5), TOKENS. */
function expandPath(path: string, about: { host: string; user: string; port: number } | undefined): string {
  const home = homedir();
  const tokens: Readonly<Record<string, string>> = {
    '%%': '%',
    '%d': home,
    '%u': userInfo().username,
    ...(about && { '%h': about.host, '%r': about.user, '%p': String(about.port) }),
  };
  return path.replace(/^~(?=\/|$)/, home).replace(/%./g, (token) => tokens[token] ?? token);
}
