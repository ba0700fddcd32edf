/**
 * The two record layouts that cross every process boundary, and how to step over them.
 *
 * Owns byte offsets only. It must not know what a payload means: the interchange and the managers
 * forward whole runs of records and never decode them. All integers are little-endian.
 * See docs/decisions/002-wire-protocol.md.
 */

/** What a task record starts with. `length` counts the bytes that follow the length field itself. */
export interface TaskHeader {
  readonly taskId: number;
  readonly tryNumber: number;
  readonly fnId: number;
  readonly flags: number;
  readonly contextLength: number;
  /** Time that the task may take once it has started, ms: placed only where so much is left. Absent or 0: nobody knows. */
  readonly walltimeMs?: number | undefined;
  /** Which of the driver's resource requests it has. Absent or 0: one slot. */
  readonly requestId?: number | undefined;
}

export const TaskFlag = {
  /** Never batched with others: it may be killed (walltime), or must not run twice. */
  Solo: 1,
} as const;

/**
 * Bytes of a task record before its context: u32 length, u32 taskId, u32 fnId, u16 try, u8 flags, u8 0, u32 contextLength, u32 walltime ms,
 * u32 requestId.
 */
export const TASK_HEADER_BYTES = 28;

/** Bytes that every result record begins with. */
export const RESULT_HEADER_BYTES = 32;

export const ResultStatus = {
  /** Body: an encoded value. */
  Ok: 0,
  /** The app failed; body: a WireError. Costs one of the app's retries. */
  Failed: 1,
  /** The worker was lost under the task; body: a WireError. Costs the infrastructure budget. */
  Lost: 2,
  /** Past its walltime; body: a WireError. */
  Walltime: 3,
  /** Cancelled on request; no body. */
  Cancelled: 4,
  /** Never started; to be queued again at no cost; no body. */
  Unstarted: 5,
  /** No task's: the slot whose index is in `worker` has been given back to the interchange; see docs/decisions/019. No body. */
  SlotReleased: 6,
} as const;
export type ResultStatus = (typeof ResultStatus)[keyof typeof ResultStatus];

const ResultFlag = {
  /** The body is preceded by {@link Usage}: u32 CPU ms, u32 peak KiB. */
  Usage: 1,
} as const;

const USAGE_BYTES = 8;

/** Tasks below this are not measured, or only roughly: it would cost more than they do. */
export const USAGE_THRESHOLD_US = 50_000;

/** What a task took, where its worker can tell. Both saturate at 2^32 − 1. */
export interface Usage {
  /** User and system time; of commands and Python with that of the processes they have waited for. */
  readonly cpuMs: number;
  /** Most memory that was resident at once, of one process; 0: unknown. */
  readonly peakMemoryKiB: number;
}

/** A decoded result header; `body` is a view of the frame, copy it to keep it. */
export interface ResultRecord {
  readonly taskId: number;
  readonly tryNumber: number;
  readonly status: ResultStatus;
  readonly fnId: number;
  /** Busy time on the worker, µs, saturating at 2^32 − 1. */
  readonly durationUs: number;
  /** Start on the worker's clock, ms since the epoch. */
  readonly startMs: number;
  /** Index of the slot within its manager. */
  readonly worker: number;
  readonly usage?: Usage | undefined;
  readonly body: Buffer;
}

export function taskRecordSize(contextLength: number, argsLength: number): number {
  return TASK_HEADER_BYTES + contextLength + argsLength;
}

/** Writes the header at `at`; the caller puts the context and then the arguments behind it. */
export function writeTaskHeader(buffer: Buffer, at: number, header: TaskHeader, argsLength: number): void {
  buffer.writeUInt32LE(TASK_HEADER_BYTES - 4 + header.contextLength + argsLength, at);
  buffer.writeUInt32LE(header.taskId, at + 4);
  buffer.writeUInt32LE(header.fnId, at + 8);
  buffer.writeUInt16LE(header.tryNumber, at + 12);
  buffer[at + 14] = header.flags;
  buffer[at + 15] = 0;
  buffer.writeUInt32LE(header.contextLength, at + 16);
  buffer.writeUInt32LE(saturated(header.walltimeMs ?? 0), at + 20);
  buffer.writeUInt32LE(header.requestId ?? 0, at + 24);
}

export function readTaskHeader(buffer: Buffer, at: number): TaskHeader {
  return {
    taskId: buffer.readUInt32LE(at + 4),
    fnId: buffer.readUInt32LE(at + 8),
    tryNumber: tryNumberAt(buffer, at),
    flags: buffer[at + 14] ?? 0,
    contextLength: buffer.readUInt32LE(at + 16),
    walltimeMs: walltimeAt(buffer, at),
    requestId: requestIdAt(buffer, at),
  };
}

/** Which try of its task the record is that starts at `at`; 1: the first. */
export const tryNumberAt = (buffer: Buffer, at: number): number => buffer.readUInt16LE(at + 12);

/** Walltime of the task whose record starts at `at`, ms; 0: none. Saturates at 2^32 − 1, 49 days. */
export const walltimeAt = (buffer: Buffer, at: number): number => buffer.readUInt32LE(at + 20);

/** Resource request of the task whose record starts at `at`; 0: one slot. */
export const requestIdAt = (buffer: Buffer, at: number): number => buffer.readUInt32LE(at + 24);

/** Where the record that starts at `at` ends; the next one starts there. Works for both layouts. */
export function recordEnd(buffer: Buffer, at: number): number {
  return at + 4 + buffer.readUInt32LE(at);
}

export interface ResultHeader extends Omit<ResultRecord, 'body'> {}

/**
 * Result header: u32 length, u32 taskId, u32 fnId, u16 try, u8 status, u8 flags, u32 durationUs, f64 startMs, u32 worker;
 * then what the flags say.
 */
export function writeResultHeader(buffer: Buffer, at: number, header: ResultHeader, bodyLength: number): void {
  const { usage } = header;
  buffer.writeUInt32LE(RESULT_HEADER_BYTES - 4 + (usage ? USAGE_BYTES : 0) + bodyLength, at);
  buffer.writeUInt32LE(header.taskId, at + 4);
  buffer.writeUInt32LE(header.fnId, at + 8);
  buffer.writeUInt16LE(header.tryNumber, at + 12);
  buffer[at + 14] = header.status;
  buffer[at + 15] = usage ? ResultFlag.Usage : 0;
  buffer.writeUInt32LE(saturated(header.durationUs), at + 16);
  buffer.writeDoubleLE(header.startMs, at + 20);
  buffer.writeUInt32LE(header.worker, at + 28);
  if (!usage) return;
  buffer.writeUInt32LE(saturated(usage.cpuMs), at + RESULT_HEADER_BYTES);
  buffer.writeUInt32LE(saturated(usage.peakMemoryKiB), at + RESULT_HEADER_BYTES + 4);
}

const saturated = (value: number): number => Math.min(value, 0xffffffff) >>> 0;

/** Bytes of a result record before its body. */
export const resultHeadSize = ({ usage }: Pick<ResultHeader, 'usage'>): number => RESULT_HEADER_BYTES + (usage ? USAGE_BYTES : 0);

export function readResult(buffer: Buffer, at: number): ResultRecord {
  const plain = readPlainResult(buffer, at);
  const hasUsage = ((buffer[at + 15] ?? 0) & ResultFlag.Usage) !== 0 && plain.body.length >= USAGE_BYTES;
  return hasUsage ? { ...plain, usage: readUsage(plain.body), body: plain.body.subarray(USAGE_BYTES) } : plain;
}

function readPlainResult(buffer: Buffer, at: number): ResultRecord {
  return {
    taskId: buffer.readUInt32LE(at + 4),
    fnId: buffer.readUInt32LE(at + 8),
    tryNumber: buffer.readUInt16LE(at + 12),
    status: (buffer[at + 14] ?? 0) as ResultStatus,
    durationUs: buffer.readUInt32LE(at + 16),
    startMs: buffer.readDoubleLE(at + 20),
    worker: buffer.readUInt32LE(at + 28),
    body: buffer.subarray(at + RESULT_HEADER_BYTES, recordEnd(buffer, at)),
  };
}

const readUsage = (body: Buffer): Usage => ({ cpuMs: body.readUInt32LE(0), peakMemoryKiB: body.readUInt32LE(4) });

/** A whole result record in a buffer of its own; for the rare ones (lost, cancelled) that no worker writes. */
export function encodeResult(header: ResultHeader, body: Buffer = Buffer.alloc(0)): Buffer {
  const headBytes = resultHeadSize(header);
  const record = Buffer.allocUnsafe(headBytes + body.length);
  writeResultHeader(record, 0, header, body.length);
  body.copy(record, headBytes);
  return record;
}

/**
 * Checks that `buffer` from `at` on is a whole number of records with at least `minimum` header bytes each.
 * @returns how many there are, or -1 if the bytes are not records.
 */
export function countRecords(buffer: Buffer, at: number, minimum: number): number {
  let count = 0;
  while (at < buffer.length) {
    if (buffer.length - at < minimum) return -1;
    const end = recordEnd(buffer, at);
    if (end - at < minimum || end > buffer.length) return -1;
    at = end;
    count++;
  }
  return count;
}
