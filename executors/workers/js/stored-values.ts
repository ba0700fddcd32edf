/**
 * Values that lie in a store: what a worker reads before a task and writes after it.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ArgumentRef, StoredValue } from '../../../lib/task-spec.ts';
import { decodeValue, encodeStored } from '../../../lib/wire/value-codec.ts';

/** Results beyond this travel by reference; bytes. */
export const INLINE_LIMIT = 256 * 1024;
/** The most that a message takes, with what goes around it. */
const MAX_INLINE_BYTES = (1 << 30) - (1 << 16);

function readStored(stored: StoredValue): unknown {
  return decodeValue(readFileSync(stored.key));
}

/** Puts stored values where they belong in the argument list. */
export function substitute(args: unknown, refs: readonly ArgumentRef[]): unknown {
  let root = args;
  for (const { at, value } of refs) {
    const last = at.at(-1);
    if (last === undefined) {
      root = readStored(value);
      continue;
    }
    let holder = root as Record<string | number, unknown>;
    for (const key of at.slice(0, -1)) holder = holder[key] as Record<string | number, unknown>;
    holder[last] = readStored(value);
  }
  return root;
}

/**
 * @returns the body itself, or where it was put if it is large and there is a store that takes it.
 * @throws what the file system says, where the body is too large for a message.
 */
export function storeIfLarge(body: Buffer, storeDir: string | undefined, limit: number): Buffer {
  if (storeDir === undefined || body.length <= limit) return body;
  const key = join(storeDir, randomUUID());
  try {
    writeFileSync(`${key}.part`, body);
    renameSync(`${key}.part`, key);
  } catch (error) {
    // Where the disk is full, what was begun must not keep it so; and a result that there is must not be lost for want of room.
    rmSync(`${key}.part`, { force: true });
    if (body.length <= MAX_INLINE_BYTES) return body;
    throw error;
  }
  return encodeStored({ store: 'file', key, size: body.length });
}
