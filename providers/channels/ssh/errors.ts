/** Why a machine cannot be reached through SSH, in words that say what to do. */
import { ProviderError } from '../../../lib/errors/engine-errors.ts';
import { fingerprint, lookupName, typeOfKey, type Verdict } from './known-hosts.ts';
import type { SshTarget } from './target.ts';

/** @param retryable whether it may be another way in a minute. */
export function sshError(message: string, { retryable, cause }: { retryable: boolean; cause?: unknown }): ProviderError {
  return new ProviderError(message, { fields: { retryable }, ...(cause !== undefined && { cause }) });
}

/** For people and for whoever makes configurations: how the host is written on a command line. */
const hostWords = ({ host, port }: SshTarget): string => `${port === 22 ? '' : `-p ${port} `}${host}`;

export function unreachableError({ name, host, port }: SshTarget, reason: string, cause?: unknown): ProviderError {
  return sshError(`${name} cannot be reached by SSH at ${host} port ${port}: ${reason}`, { retryable: true, cause });
}

export function loginError({ name, host, port, user }: SshTarget, tried: string, cause: unknown): ProviderError {
  const message = `${name}: ${host} port ${port} does not let user '${user}' log in (${tried}). See that \`ssh ${name}\` works without a question`;
  return sshError(message, { retryable: false, cause });
}

/** @param verdict of a key that is not known. */
export function hostKeyError(target: SshTarget, key: Buffer, verdict: Exclude<Verdict, { kind: 'known' }>): ProviderError {
  const { name, host, port, hostKeyName, knownHostsFiles } = target;
  const entry = lookupName({ host: hostKeyName, port });
  const seen = `${typeOfKey(key)} ${fingerprint(key)}`;
  const who = `${name}: the host key of ${host} port ${port}, ${seen},`;
  const files = knownHostsFiles.join(', ');
  const file = knownHostsFiles[0] ?? '~/.ssh/known_hosts';
  switch (verdict.kind) {
    case 'unknown':
      return sshError(
        `${who} is not known: no line for ${entry} in ${files}. Compare the fingerprint with what the site publishes, then run ` +
          `\`ssh ${hostWords(target)}\` once and accept it, or \`ssh-keyscan ${hostWords(target)} >> ${file}\``,
        { retryable: false },
      );
    case 'changed': {
      const known = verdict.entries.map(({ type, key: text, place }) => `${type} ${fingerprint(Buffer.from(text, 'base64'))} (${place})`);
      return sshError(
        `${who} is not the one that is known for ${entry}: ${known.join(', ')}. Somebody may be listening in, or the host has a new key. ` +
          `Ask the site; if the new one is right, \`ssh-keygen -f ${file} -R '${entry}'\` and then \`ssh ${hostWords(target)}\``,
        { retryable: false },
      );
    }
    case 'revoked':
      return sshError(`${who} is marked as revoked in ${verdict.entry.place}: it must not be trusted. Ask the site for its new key`, {
        retryable: false,
      });
  }
}
