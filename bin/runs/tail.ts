/**
 * The end of a text file, and what is added to it afterwards. Knows nothing of runs.
 */
import { open } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';

const CHUNK_BYTES = 64 * 1024;
const NEWLINE = 10;
/** Files on shared disks tell nobody of changes: they are looked at. */
const POLL_MS = 200;

export interface Tail {
  readonly text: string;
  /** Where the file ended. */
  readonly end: number;
}

/** The last `lines` lines; undefined if there is no such file. */
export async function readTail(path: string, lines: number): Promise<Tail | undefined> {
  const file = await open(path, 'r').catch(onlyMissing);
  if (!file) return undefined;
  try {
    const { size } = await file.stat();
    const chunks: Buffer[] = [];
    // The newline at the very end ends the last line, it begins none.
    let missing = lines + 1;
    let at = size;
    while (at > 0) {
      const chunk = Buffer.alloc(Math.min(CHUNK_BYTES, at));
      at -= chunk.length;
      await file.read(chunk, 0, chunk.length, at);
      const from = startOfLines(chunk, missing, at + chunk.length === size);
      chunks.unshift(chunk.subarray(from.at));
      missing = from.missing;
      if (missing === 0) break;
    }
    return { text: Buffer.concat(chunks).toString('utf8'), end: size };
  } finally {
    await file.close();
  }
}

/** Where in the chunk the wanted lines begin, and how many newlines have still to be found before it. */
function startOfLines(chunk: Buffer, missing: number, isLast: boolean): { at: number; missing: number } {
  let left = isLast && chunk.at(-1) !== NEWLINE ? missing - 1 : missing;
  for (let i = chunk.length - 1; i >= 0; i--) if (chunk[i] === NEWLINE && --left === 0) return { at: i + 1, missing: 0 };
  return { at: 0, missing: left };
}

/** What is written behind `from`, piece by piece, until `isOver()` says that nothing more can come. The file may appear later. */
export async function* follow(path: string, from: number, isOver: () => boolean): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  for (let at = from; ; ) {
    // Asked before reading: what was written before the end is not missed.
    const last = isOver();
    const added = await readFrom(path, at);
    at += added.length;
    if (added.length > 0) yield decoder.decode(added, { stream: true });
    else if (last) return;
    else await pause(POLL_MS);
  }
}

async function readFrom(path: string, from: number): Promise<Buffer> {
  const file = await open(path, 'r').catch(onlyMissing);
  if (!file) return Buffer.alloc(0);
  try {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    const { bytesRead } = await file.read(chunk, 0, chunk.length, from);
    return chunk.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

function onlyMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
  return undefined;
}
