/**
 * The keys of a run: CURVE key pairs of the interchange and of the managers. Managers get theirs with their settings.
 *
 * Must not load ZeroMQ: the driver makes keys and has no other use for it. Keys never go on a command line or into an environment.
 */
import { generateKeyPairSync } from 'node:crypto';
import { encodeZ85 } from './z85.ts';

/** Z85 text, 40 characters each. */
export interface CurveKeyPair {
  readonly publicKey: string;
  readonly secretKey: string;
}

export interface RunKeys {
  readonly server: CurveKeyPair;
  readonly client: CurveKeyPair;
}

/** What a manager needs to talk to the interchange. */
export interface ManagerKeys {
  /** Public key of the interchange. */
  readonly serverKey: string;
  readonly publicKey: string;
  readonly secretKey: string;
}

/** A CURVE pair is an X25519 pair; source: https://rfc.zeromq.org/spec/26/ */
export function createKeyPair(): CurveKeyPair {
  const { x, d } = generateKeyPairSync('x25519').privateKey.export({ format: 'jwk' });
  if (x === undefined || d === undefined) throw new Error('this Node.js exports X25519 keys without their numbers');
  return { publicKey: encodeZ85(Buffer.from(x, 'base64url')), secretKey: encodeZ85(Buffer.from(d, 'base64url')) };
}

export const createRunKeys = (): RunKeys => ({ server: createKeyPair(), client: createKeyPair() });

export const managerKeysOf = (keys: RunKeys): ManagerKeys => ({ serverKey: keys.server.publicKey, ...keys.client });
