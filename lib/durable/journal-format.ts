/**
 * The records of a durable run's journal: which task was given to an executor under which number, and what came of it. Pure.
 *
 *   header    u8 0, MessagePack { format, version, run }
 *   launched  u8 1, u8 length of key, u16 try, u32 task, key, label of the executor
 *   ended     u8 2, u8 status, u16 try, u32 task, f64 start ms, u32 duration µs, u16 length of host, u16 of worker, host, worker, body
 *
 * Little-endian; each is the body of a record as lib/memo/records.ts frames them.
 */
import type { TryOutcome } from '../executor.ts';
import type { ResultStatus } from '../wire/records.ts';
import { pack, unpack } from '../wire/value-codec.ts';

const FORMAT = 'flotilla journal';
const VERSION = 1;
const Kind = { Header: 0, Launched: 1, Ended: 2 } as const;
const LAUNCHED_BYTES = 8;
const ENDED_BYTES = 24;

export interface JournalHeader {
  /** 'NNN'. */
  readonly run: string;
}

export interface Launched {
  readonly taskId: number;
  readonly tryNumber: number;
  /** Label. */
  readonly executor: string;
  /** Hex. '' for another try of a task that has been launched before, or for one that has no key. */
  readonly key: string;
}

export type JournalRecord =
  | ({ readonly kind: 'header' } & JournalHeader)
  | ({ readonly kind: 'launched' } & Launched)
  | { readonly kind: 'ended'; readonly outcome: TryOutcome };

export const encodeHeader = (header: JournalHeader): Buffer =>
  Buffer.concat([Buffer.of(Kind.Header), pack({ format: FORMAT, version: VERSION, ...header })]);

export function encodeLaunched({ taskId, tryNumber, executor, key }: Launched): Buffer {
  const keyBytes = key.length / 2;
  const body = Buffer.allocUnsafe(LAUNCHED_BYTES + keyBytes + Buffer.byteLength(executor));
  body[0] = Kind.Launched;
  body[1] = keyBytes;
  body.writeUInt16LE(tryNumber, 2);
  body.writeUInt32LE(taskId, 4);
  body.write(key, LAUNCHED_BYTES, 'hex');
  body.write(executor, LAUNCHED_BYTES + keyBytes);
  return body;
}

export function encodeEnded({ taskId, tryNumber, status, startMs, durationUs, host, worker, body }: TryOutcome): Buffer {
  const [hostBytes, workerBytes] = [Buffer.byteLength(host), Buffer.byteLength(worker)];
  const head = Buffer.allocUnsafe(ENDED_BYTES + hostBytes + workerBytes);
  head[0] = Kind.Ended;
  head[1] = status;
  head.writeUInt16LE(tryNumber, 2);
  head.writeUInt32LE(taskId, 4);
  head.writeDoubleLE(startMs, 8);
  head.writeUInt32LE(durationUs, 16);
  head.writeUInt16LE(hostBytes, 20);
  head.writeUInt16LE(workerBytes, 22);
  head.write(host, ENDED_BYTES);
  head.write(worker, ENDED_BYTES + hostBytes);
  return Buffer.concat([head, body]);
}

/** @returns undefined for a kind that a later release writes. @throws Error that says what is wrong with a header. */
export function decodeRecord(body: Buffer): JournalRecord | undefined {
  switch (body[0]) {
    case Kind.Header:
      return decodeHeader(body.subarray(1));
    case Kind.Launched:
      return decodeLaunched(body);
    case Kind.Ended:
      return { kind: 'ended', outcome: decodeEnded(body) };
    default:
      return undefined;
  }
}

function decodeHeader(body: Buffer): JournalRecord {
  const seen = unpack(body) as { format?: unknown; version?: unknown; run?: unknown };
  if (seen.format !== FORMAT) throw new Error('it does not begin as a journal does');
  if (seen.version !== VERSION)
    throw new Error(`it is of version ${String(seen.version)}, and this release reads version ${VERSION}; use the release that wrote it`);
  return { kind: 'header', run: String(seen.run) };
}

function decodeLaunched(body: Buffer): JournalRecord {
  const labelAt = LAUNCHED_BYTES + (body[1] ?? 0);
  return {
    kind: 'launched',
    taskId: body.readUInt32LE(4),
    tryNumber: body.readUInt16LE(2),
    executor: body.toString('utf8', labelAt),
    key: body.toString('hex', LAUNCHED_BYTES, labelAt),
  };
}

function decodeEnded(body: Buffer): TryOutcome {
  const workerAt = ENDED_BYTES + body.readUInt16LE(20);
  const bodyAt = workerAt + body.readUInt16LE(22);
  return {
    taskId: body.readUInt32LE(4),
    tryNumber: body.readUInt16LE(2),
    status: body[1] as ResultStatus,
    startMs: body.readDoubleLE(8),
    durationUs: body.readUInt32LE(16),
    host: body.toString('utf8', ENDED_BYTES, workerAt),
    worker: body.toString('utf8', workerAt, bodyAt),
    body: body.subarray(bodyAt),
  };
}
