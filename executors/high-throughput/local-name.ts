/**
 * Under which name managers of the driver's own machine find the interchange: a Unix socket costs them less than TCP on loopback.
 *
 * The name is an abstract one (unix(7)): no file, so that none is left behind and no path is too long, and seen by whoever shares the network of the
 * machine, which is who reaches its loopback address. Nobody can know it before there are keys, nor learn them from it.
 */
import { createHash } from 'node:crypto';
import type { CompiledHighThroughput } from './compiled.ts';
import type { RunKeys } from './security.ts';

/** @returns undefined where managers may be elsewhere, or are told an address by the config. */
export function localNameOf({ provider, address, loopbackAddress }: CompiledHighThroughput, keys: RunKeys | undefined): string | undefined {
  const isHere = provider.isLocal && provider.channel === undefined && address === undefined && loopbackAddress === undefined;
  if (!isHere || keys === undefined || process.platform !== 'linux') return undefined;
  return `@flotilla-${createHash('sha256').update(keys.server.publicKey).digest('hex').slice(0, 32)}`;
}

/** As ZeroMQ wants it; undefined: it is no such name. */
export const localEndpoint = (address: string): string | undefined => (address.startsWith('@') ? `ipc://${address}` : undefined);
