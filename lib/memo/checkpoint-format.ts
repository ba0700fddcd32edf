/**
 * What the records of a checkpoint file hold: first a header, then results. Pure; the layout is in docs/decisions.
 */
import { pack, unpack } from '../wire/value-codec.ts';
import type { KeyParts } from './memo-key.ts';

const CHECKPOINT_VERSION = 1;
const FORMAT = 'flotilla checkpoint';

export interface CheckpointHeader {
  /** 'NNN'. */
  readonly run: string;
  readonly startedMs: number;
  /** Absolute paths of the checkpoint files that the run took results from. */
  readonly resumes: readonly string[];
}

/** A file as it was: it is the same as long as these are. */
export type FileState = readonly [path: string, size: number, mtimeMs: number];

/** A value in a file of its own, in the folder `values` beside the checkpoint. */
export interface ValueFile {
  readonly file: string;
  readonly size: number;
  readonly madeBy: 'js' | 'python';
  /** The driver had it as a value, not as a reference: then it is one again, and calls that take it keep their keys. */
  readonly wasInline: boolean;
}

export interface ResultMeta {
  readonly key: string;
  /** The run that computed it, and its task there. */
  readonly run: string;
  readonly task: number;
  readonly parts: KeyParts;
  /** What the task had written when it ended: the result counts only while these are as they were. */
  readonly outputs: readonly FileState[];
  /** Undefined: the value follows in the record. */
  readonly value?: ValueFile | undefined;
}

export interface ResultRecord {
  readonly meta: ResultMeta;
  /** An encoded value (lib/wire/value-codec.ts); empty where it has a file. */
  readonly value: Buffer;
}

export const encodeHeader = (header: CheckpointHeader): Buffer => pack({ format: FORMAT, version: CHECKPOINT_VERSION, ...header });

/** @throws Error saying what is wrong with the file that begins so. */
export function decodeHeader(body: Buffer): CheckpointHeader {
  const seen = unpack(body) as Partial<CheckpointHeader> & { format?: unknown; version?: unknown };
  if (seen?.format !== FORMAT) throw new Error('it does not begin as a checkpoint file does');
  if (seen.version !== CHECKPOINT_VERSION) {
    throw new Error(
      `it is of version ${String(seen.version)}, and this release reads version ${CHECKPOINT_VERSION}; use the release that wrote it`,
    );
  }
  return { run: String(seen.run), startedMs: Number(seen.startedMs), resumes: seen.resumes ?? [] };
}

/** `u32 length of meta, meta, value`. */
export function encodeResult({ meta, value }: ResultRecord): Buffer {
  const packed = pack(meta);
  const length = Buffer.allocUnsafe(4);
  length.writeUInt32LE(packed.length);
  return Buffer.concat([length, packed, value]);
}

export function decodeResult(body: Buffer): ResultRecord {
  const end = 4 + body.readUInt32LE(0);
  return { meta: unpack(body.subarray(4, end)) as ResultMeta, value: body.subarray(end) };
}
