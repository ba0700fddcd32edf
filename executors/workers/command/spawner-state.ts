/**
 * What a spawner has written down for whoever finds it dead: the layout of its state file.
 *
 * u32 group of the latest command, u32 count, groups that were ending; from the second page on the replies that it had not sent, as frames,
 * u32 0 behind them. What it has sent since may be among them.
 */
import { readFileSync } from 'node:fs';
import { FRAME_HEADER_BYTES } from '../../../lib/wire/frames.ts';

const PAGE_BYTES = 4096;
const HEAD_BYTES = 8;

export interface SpawnerState {
  /** Of the latest command, which may have ended; 0: there was none. */
  readonly group: number;
  readonly endingGroups: readonly number[];
  readonly unsent: readonly { readonly type: number; readonly body: Buffer }[];
}

/** Of one that never got as far as writing, or has removed its file: nothing is left then. */
const NOTHING: SpawnerState = { group: 0, endingGroups: [], unsent: [] };

export function readState(path: string): SpawnerState {
  try {
    return parseState(readFileSync(path));
  } catch {
    // It is not there.
    return NOTHING;
  }
}

function parseState(bytes: Buffer): SpawnerState {
  if (bytes.length < 4) return NOTHING;
  const unsent = framesIn(bytes.subarray(PAGE_BYTES));
  if (bytes.length < HEAD_BYTES) return { group: bytes.readUInt32LE(0), endingGroups: [], unsent };
  const most = Math.floor((Math.min(bytes.length, PAGE_BYTES) - HEAD_BYTES) / 4);
  const count = Math.min(bytes.readUInt32LE(4), most);
  const endingGroups = Array.from({ length: count }, (_, index) => bytes.readUInt32LE(HEAD_BYTES + 4 * index));
  return { group: bytes.readUInt32LE(0), endingGroups, unsent };
}

function framesIn(bytes: Buffer): SpawnerState['unsent'] {
  const frames: { type: number; body: Buffer }[] = [];
  for (let at = 0, end = 0; bytes.length - at >= FRAME_HEADER_BYTES; at = end) {
    end = at + 4 + bytes.readUInt32LE(at);
    if (end === at + 4 || end > bytes.length) break;
    frames.push({ type: bytes[at + 4] ?? 0, body: bytes.subarray(at + FRAME_HEADER_BYTES, end) });
  }
  return frames;
}
