/** Frames, records and messages: what every process reads of its neighbours. */
import {
  decodeFromManager,
  decodeToManager,
  encodeFromManager,
  encodeToManager,
} from '../../../executors/high-throughput/link-messages.ts';
import { decodeZ85 } from '../../../executors/high-throughput/z85.ts';
import { RecordQueue } from '../../../executors/workers/record-queue.ts';
import { problemWithHello } from '../../../executors/workers/hello.ts';
import { toWorkerEvent, unpackChange } from '../../../executors/workers/worker-change.ts';
import { EventEncoder } from '../../../lib/events/encoder.ts';
import { encodeFrame, FRAME_HEADER_BYTES, FrameReader, FrameType } from '../../../lib/wire/frames.ts';
import { PROTOCOL_VERSION } from '../../../lib/wire/protocol.ts';
import {
  countRecords,
  encodeResult,
  readResult,
  readTaskHeader,
  recordEnd,
  RESULT_HEADER_BYTES,
  ResultStatus,
  TASK_HEADER_BYTES,
} from '../../../lib/wire/records.ts';
import { pack } from '../../../lib/wire/value-codec.ts';
import { encodeTasks } from '../../executors/high-throughput/interchange/simulation/simulated-driver.ts';
import { packAnything } from '../odd-values.ts';
import { demand, type FuzzTarget, refuses } from '../target.ts';

const result = { taskId: 3, tryNumber: 1, fnId: 2, status: ResultStatus.Ok, durationUs: 12, startMs: 1.7e12, worker: 1 };
export const RESULTS = Buffer.concat([
  encodeResult(result, Buffer.from('a body')),
  encodeResult({ ...result, taskId: 4, usage: { cpuMs: 5, peakMemoryKiB: 6 } }, Buffer.from('another')),
]);
const TASKS = encodeTasks([
  { taskId: 1, tryNumber: 1, fnId: 1 },
  { taskId: 2, tryNumber: 3, fnId: 1, flags: 1, walltimeMs: 5000 },
]);

/** Cut in two somewhere, as a socket may. */
function readFrames(bytes: Buffer): void {
  const reader = new FrameReader();
  const cut = bytes.length === 0 ? 0 : (bytes[0] as number) % bytes.length;
  let read = 0;
  const count = (_: number, body: Buffer): void => void (read += body.length + FRAME_HEADER_BYTES);
  reader.push(bytes.subarray(0, cut), count);
  reader.push(bytes.subarray(cut), count);
  demand(read <= bytes.length, `${read} bytes of frames came out of ${bytes.length}`);
}

function readRecords(bytes: Buffer): boolean {
  const isTasks = countRecords(bytes, 0, TASK_HEADER_BYTES) >= 0;
  if (isTasks) for (let at = 0; at < bytes.length; at = recordEnd(bytes, at)) readTaskHeader(bytes, at);
  const isResults = countRecords(bytes, 0, RESULT_HEADER_BYTES) >= 0;
  if (isResults) for (let at = 0; at < bytes.length; at = recordEnd(bytes, at)) readResult(bytes, at);
  return isTasks || isResults;
}

function queueRecords(bytes: Buffer): boolean {
  const queue = new RecordQueue();
  return refuses(() => {
    queue.push(bytes);
    queue.remove((records, at) => readTaskHeader(records, at).taskId % 2 === 0);
    queue.takeWhile(() => true);
    demand(queue.count === 0, `${queue.count} records are left`);
  }, RangeError);
}

/** The first byte says where it is cut into parts. */
function readMessages(bytes: Buffer): boolean {
  const cut = bytes.length === 0 ? 0 : (bytes[0] as number) % bytes.length;
  const parts = [bytes.subarray(0, cut), bytes.subarray(cut)];
  return [decodeToManager(parts), decodeToManager([bytes]), decodeFromManager(parts), decodeFromManager([])].some(
    (each) => each !== undefined,
  );
}

function recordChange(bytes: Buffer): boolean {
  const change = unpackChange(bytes);
  const encoder = new EventEncoder({ full: () => undefined });
  if (change) encoder.add(toWorkerEvent(change, { executor: 'htex', manager: 'm', host: 'here' }));
  demand((encoder.take()?.bytes.length ?? 0) <= bytes.length + 256, 'more is recorded than was told');
  return change !== undefined;
}

export const wireTargets: readonly FuzzTarget[] = [
  {
    name: 'frames',
    seeds: [
      Buffer.concat([encodeFrame(FrameType.Event, Buffer.from('one')), encodeFrame(FrameType.Tasks, TASKS)]),
      encodeFrame(FrameType.Shutdown),
    ],
    read: (bytes) => refuses(() => readFrames(bytes), RangeError),
  },
  { name: 'records', seeds: [RESULTS, TASKS], read: readRecords },
  { name: 'queue of records', seeds: [TASKS], read: queueRecords },
  {
    name: 'link messages',
    seeds: [
      Buffer.concat(encodeToManager(FrameType.Tasks, 7, 8, [TASKS])),
      Buffer.concat(encodeFromManager(FrameType.Results, 9, [RESULTS])),
    ],
    read: readMessages,
  },
  {
    name: 'hello of a worker',
    seeds: [pack({ protocol: PROTOCOL_VERSION, pid: 7 })],
    made: { of: [{ protocol: PROTOCOL_VERSION, pid: 7 }], from: packAnything },
    read: (bytes) => problemWithHello(FrameType.Hello, bytes) === undefined,
  },
  {
    name: 'what a manager tells',
    seeds: [
      pack({ kind: 'workerStarted', worker: 'worker-0-js', pid: 7, output: '/tmp/x' }),
      pack({ kind: 'workerEnded', worker: 'worker-0-js', pid: 7, exitCode: null, signal: 'SIGKILL' }),
    ],
    made: {
      of: [
        { kind: 'workerStarted', worker: 'worker-0-js', pid: 7, output: '/tmp/x' },
        { kind: 'workerEnded', worker: 'worker-0-js', pid: 7, exitCode: null, signal: 'SIGKILL' },
      ],
      from: packAnything,
    },
    read: recordChange,
  },
  {
    name: 'Z85',
    seeds: [Buffer.from('HelloWorld'), Buffer.from('0'.repeat(40))],
    read: (bytes) => refuses(() => decodeZ85(bytes.toString('latin1')), RangeError),
  },
];
