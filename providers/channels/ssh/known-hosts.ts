/**
 * What OpenSSH's known_hosts files say of a host's key. Source of the format: sshd(8), SSH_KNOWN_HOSTS FILE FORMAT.
 * Certificates of hosts are not checked: a line of a certificate authority vouches for nobody here.
 */
import { createHash, createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { matchesPatterns } from './patterns.ts';

export interface KnownKey {
  /** Such as 'ssh-ed25519'. */
  readonly type: string;
  /** Base64, as in the file. */
  readonly key: string;
  readonly isRevoked: boolean;
  /** `file:line` */
  readonly place: string;
}

export type Verdict =
  | { readonly kind: 'known' }
  | { readonly kind: 'revoked'; readonly entry: KnownKey }
  /** The host is known by other keys. */
  | { readonly kind: 'changed'; readonly entries: readonly KnownKey[] }
  | { readonly kind: 'unknown' };

export interface HostName {
  /** As it is dialled, or its alias. */
  readonly host: string;
  readonly port: number;
}

const SSH_PORT = 22;

/** As known_hosts has it, and ssh-keygen -F takes it. */
export const lookupName = ({ host, port }: HostName): string =>
  port === SSH_PORT ? host.toLowerCase() : `[${host.toLowerCase()}]:${port}`;

/** Of all files, those that cannot be read left out. */
export function keysOfHost(name: HostName, files: readonly string[]): KnownKey[] {
  return files.flatMap((file) => readEntries(file, lookupName(name)));
}

/** As OpenSSH does it, a key of the host without a port stands for every port of it, if it is the very same key. */
export function judgeKey(key: Buffer, name: HostName, files: readonly string[]): Verdict {
  const entries = keysOfHost(name, files);
  const bare = name.port === SSH_PORT ? [] : keysOfHost({ ...name, port: SSH_PORT }, files);
  const text = key.toString('base64');
  const same = (entry: KnownKey): boolean => entry.key === text;
  const revoked = [...entries, ...bare].find((entry) => entry.isRevoked && same(entry));
  if (revoked !== undefined) return { kind: 'revoked', entry: revoked };
  const trusted = entries.filter(({ isRevoked }) => !isRevoked);
  if (trusted.some(same)) return { kind: 'known' };
  if (trusted.length > 0) return { kind: 'changed', entries: trusted };
  return bare.some((entry) => !entry.isRevoked && same(entry)) ? { kind: 'known' } : { kind: 'unknown' };
}

/** The type that stands in the key itself. */
export const typeOfKey = (key: Buffer): string => key.toString('latin1', 4, 4 + key.readUInt32BE(0));

/** As `ssh-keygen -l` prints it. */
export const fingerprint = (key: Buffer): string => `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;

function readEntries(file: string, name: string): KnownKey[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return []; // Not everybody has each of them.
  }
  return text.split('\n').flatMap((line, index) => readEntry(line, `${file}:${index + 1}`, name));
}

function readEntry(line: string, place: string, name: string): KnownKey[] {
  const words = line.trim().split(/\s+/);
  const marker = words[0]?.startsWith('@') ? words.shift() : undefined;
  const [hosts = '', type, key] = words;
  if (type === undefined || key === undefined || hosts.startsWith('#') || marker === '@cert-authority') return [];
  return isMeant(name, hosts) ? [{ type, key, isRevoked: marker === '@revoked', place }] : [];
}

/** `|1|salt|hash` is the HMAC-SHA1 of the name: who reads the file does not learn the names. */
function isMeant(name: string, hosts: string): boolean {
  const [, salt, hash] = /^\|1\|([^|]+)\|([^|]+)$/.exec(hosts) ?? [];
  if (salt === undefined || hash === undefined) return matchesPatterns(name, hosts.toLowerCase().split(','));
  return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash;
}
