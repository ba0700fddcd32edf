/**
 * A JavaScript worker as a process: frames from its supervisor on fd 3, results back.
 *
 * Tasks run one after the other in the order in which they came. Results leave at the end of a batch, or once the worker has been busy
 * for half a millisecond, so that short tasks share a message and a long one never holds finished neighbours back. A batch ends before
 * its end where the supervisor has taken back the rest.
 */
import { Socket } from 'node:net';
import { FrameReader, FrameType, FRAME_HEADER_BYTES, encodeFrame } from '../../../lib/wire/frames.ts';
import { readAgain } from '../../../lib/wire/read-again.ts';
import { PROTOCOL_VERSION } from '../../../lib/wire/protocol.ts';
import { RecordBuffer } from '../../../lib/wire/record-buffer.ts';
import { recordEnd } from '../../../lib/wire/records.ts';
import { pack } from '../../../lib/wire/value-codec.ts';
import { BatchLimit, limitReader } from '../batch-limit.ts';
import { JOURNAL_RECORD_LIMIT, JournalWriter } from '../journal.ts';
import { TaskExecutor } from './execute.ts';
import { FunctionTable } from './functions.ts';
import { Surroundings } from './surroundings.ts';
import { measureProcess } from './usage.ts';
import { catchWarning } from './warning-signal.ts';

const FLUSH_AFTER_MS = 0.5;
/** Batches that follow one another so closely are measured together, as the tasks of one are: beginning costs more than a no-op does. */
const MEASURE_AFTER_MS = 4;
/** Frame header and batch number. */
const RESULTS_PREFIX = FRAME_HEADER_BYTES + 4;

const env = { ...process.env };
const reader = new FrameReader();
const socket = new Socket({ fd: 3, readable: true, writable: true, onread: readAgain(onBytes) });
const functions = new FunctionTable();
const results = new RecordBuffer(RESULTS_PREFIX);
const journal = env.FLOTILLA_JOURNAL ? new JournalWriter(env.FLOTILLA_JOURNAL) : undefined;
const limit = env.FLOTILLA_LIMIT ? new BatchLimit(limitReader(env.FLOTILLA_LIMIT)) : undefined;
const meter = measureProcess();
const executor = new TaskExecutor({
  functions,
  results,
  meter,
  surroundings: new Surroundings(env.FLOTILLA_RUN_ID ?? ''),
  worker: Number(env.FLOTILLA_WORKER_RANK ?? 0),
  storeDir: env.FLOTILLA_STORE,
});

const batches: Buffer[] = [];
let busy = false;
let measuredMs = Number.NEGATIVE_INFINITY;

function flush(batch: number): void {
  if (results.count > 0) send(batch);
}

/** Without results: no more of this batch. */
function send(batch: number): void {
  const frame = results.take();
  frame.writeUInt32LE(frame.length - 4, 0);
  frame[4] = FrameType.Results;
  frame.writeUInt32LE(batch, FRAME_HEADER_BYTES);
  socket.write(frame);
}

async function runBatches(): Promise<void> {
  busy = true;
  for (let batch = batches.shift(); batch; batch = batches.shift()) await runBatch(batch);
  busy = false;
}

async function runBatch(frame: Buffer): Promise<void> {
  const batch = frame.readUInt32LE(0);
  const count = frame.readUInt32LE(4);
  const journalled = count > 1 ? journal : undefined;
  let flushed = performance.now();
  if (journalled) {
    journalled.begin(batch);
    limit?.begin(batch, flushed);
  }
  if (flushed - measuredMs >= MEASURE_AFTER_MS) {
    measuredMs = flushed;
    meter.begin();
  }
  let at = 8;
  let begun = performance.now();
  for (let done = 1; ; done++) {
    const outcome = executor.run(frame, at, begun);
    const record = outcome instanceof Buffer ? outcome : await outcome;
    at = recordEnd(frame, at);
    if (at >= frame.length) break;
    const isKept = journalled?.append(record) ?? true;
    const now = performance.now();
    // That of the next task: clocks are slow to read.
    begun = now;
    // Before the supervisor can have the result: then it may write another limit.
    if (journalled && (!isKept || limit?.endsAfter(done, now))) {
      flush(batch);
      return send(batch);
    }
    if (now - flushed <= FLUSH_AFTER_MS && record.length <= JOURNAL_RECORD_LIMIT) continue;
    flush(batch);
    begun = flushed = performance.now();
  }
  flush(batch);
}

function onStrayError(error: unknown): void {
  if (!executor.interrupt(error)) console.error('after its task had ended, an app threw:', error);
}

process.on('uncaughtException', onStrayError);
process.on('unhandledRejection', onStrayError);
// A terminal's Ctrl-C is the driver's business.
process.on('SIGINT', () => undefined);
catchWarning();

function onBytes(chunk: Buffer): void {
  reader.push(chunk, onFrame);
  if (!busy && batches.length > 0) void runBatches();
}

function onFrame(type: number, body: Buffer): void {
  if (type === FrameType.Define) functions.define(body.readUInt32LE(0), body.subarray(4));
  else if (type === FrameType.Tasks) batches.push(body);
  else if (type === FrameType.Shutdown) process.exit(0);
}

socket.on('end', () => process.exit(0));
socket.on('error', () => process.exit(0));

const memory = process.memoryUsage.rss();
socket.write(
  encodeFrame(FrameType.Hello, pack({ protocol: PROTOCOL_VERSION, pid: process.pid, kind: 'js', version: process.version, memory })),
);
