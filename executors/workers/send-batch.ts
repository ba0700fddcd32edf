/**
 * What a worker process is sent: functions before the first task that names them, and batches. Layouts: docs/decisions/002-wire-protocol.md.
 */
import type { Socket } from 'node:net';
import { encodeFrame, encodeFrameHeader, FRAME_HEADER_BYTES, FrameType } from '../../lib/wire/frames.ts';
import { readTaskHeader, recordEnd } from '../../lib/wire/records.ts';
import type { Batch, FunctionSource } from './runner.ts';

/** Up to this size tasks are copied behind their header. */
const COPY_LIMIT = 64 * 1024;
/** Frame header, u32 batch, u32 count. */
const TASKS_PREFIX = FRAME_HEADER_BYTES + 8;

interface Told {
  readonly socket: Socket;
  /** fnIds that it has been told of. */
  readonly defined: Set<number>;
}

export function defineFunctions({ socket, defined }: Told, functions: FunctionSource, records: Buffer): void {
  let last = -1;
  for (let at = 0; at < records.length; at = recordEnd(records, at)) {
    const { fnId } = readTaskHeader(records, at);
    if (fnId === last || defined.has(fnId)) continue;
    last = fnId;
    defined.add(fnId);
    const definition = functions.definition(fnId);
    if (!definition) continue;
    const id = Buffer.allocUnsafe(4);
    id.writeUInt32LE(fnId, 0);
    socket.write(encodeFrame(FrameType.Define, id, definition));
  }
}

export function sendBatch(socket: Socket, batch: Batch): void {
  const { records } = batch;
  if (records.length < COPY_LIMIT) {
    const frame = Buffer.allocUnsafe(TASKS_PREFIX + records.length);
    writeTasksPrefix(frame, batch);
    records.copy(frame, TASKS_PREFIX);
    socket.write(frame);
    return;
  }
  const prefix = Buffer.allocUnsafe(TASKS_PREFIX);
  writeTasksPrefix(prefix, batch);
  socket.cork();
  socket.write(prefix);
  socket.write(records);
  socket.uncork();
}

function writeTasksPrefix(frame: Buffer, batch: Batch): void {
  encodeFrameHeader(FrameType.Tasks, 8 + batch.records.length).copy(frame, 0);
  frame.writeUInt32LE(batch.number, FRAME_HEADER_BYTES);
  frame.writeUInt32LE(batch.count, FRAME_HEADER_BYTES + 4);
}
