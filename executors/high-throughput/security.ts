/**
 * The keys of a run: CURVE key pairs of the interchange and of the managers, and the file by which managers get theirs.
 *
 * Must not load ZeroMQ: the driver makes keys and has no other use for it. Keys never go on a command line or into an environment.
 */
import { generateKeyPairSync } from 'node:crypto';
import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
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

/** Writes them for the owner alone (0600, in a directory of 0700, which it makes). */
export async function writeManagerKeys(path: string, keys: ManagerKeys): Promise<void> {
  const directory = dirname(path);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await chmod(directory, 0o700);
  await writeFile(path, JSON.stringify(keys), { mode: 0o600 });
  await chmod(path, 0o600);
}

/** @throws Error if others may read the file, or if it does not hold keys. */
export async function readManagerKeys(path: string): Promise<ManagerKeys> {
  const { mode } = await stat(path);
  if ((mode & 0o077) !== 0) {
    throw new Error(
      `the key file ${path} has mode ${(mode & 0o777).toString(8)}: others could read it. Run chmod 600 on it, or start a new run.`,
    );
  }
  const keys: unknown = JSON.parse(await readFile(path, 'utf8'));
  if (!isManagerKeys(keys)) throw new Error(`the key file ${path} does not hold serverKey, publicKey and secretKey of 40 characters each`);
  return keys;
}

function isManagerKeys(value: unknown): value is ManagerKeys {
  if (typeof value !== 'object' || value === null) return false;
  const keys = value as Record<string, unknown>;
  return ['serverKey', 'publicKey', 'secretKey'].every((name) => typeof keys[name] === 'string' && (keys[name] as string).length === 40);
}
