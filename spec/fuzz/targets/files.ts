/** Files that another process has left: it may have been killed in the middle, and the disk is not always right. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readDurableState, writeDurableState } from '../../../executors/high-throughput/durable-state.ts';
import { readSettings } from '../../../executors/high-throughput/manager/settings.ts';
import { createRunKeys, managerKeysOf } from '../../../executors/high-throughput/security.ts';
import { readJournal } from '../../../executors/workers/journal.ts';
import { encodeEnded, encodeHeader, encodeLaunched, decodeRecord } from '../../../lib/durable/journal-format.ts';
import { EventDecoder } from '../../../lib/events/decoder.ts';
import { EventEncoder } from '../../../lib/events/encoder.ts';
import { decodeHeader, decodeResult, encodeHeader as encodeCheckpointHeader, encodeResult } from '../../../lib/memo/checkpoint-format.ts';
import { frameRecord, scanRecords } from '../../../lib/memo/records.ts';
import { countRecords, recordEnd, RESULT_HEADER_BYTES, ResultStatus } from '../../../lib/wire/records.ts';
import { encodeValue } from '../../../lib/wire/value-codec.ts';
import { packAnything } from '../odd-values.ts';
import { demand, type FuzzTarget, refuses } from '../target.ts';
import { RESULTS } from './wire.ts';

const folder = mkdtempSync(join(tmpdir(), 'flotilla-fuzz-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

function fileOf(bytes: Buffer, name: string): string {
  const path = join(folder, name);
  writeFileSync(path, bytes, { mode: 0o600 });
  return path;
}

function eventBatch(): Buffer {
  const encoder = new EventEncoder({ full: () => undefined });
  encoder.add({ kind: 'taskCalled', taskId: 1, name: 'simulate', app: 'js', label: 'a label', after: [0] });
  encoder.add({ kind: 'tryLaunched', taskId: 1, tryNumber: 1, executor: 'htex' });
  encoder.add({ kind: 'tryEnded', taskId: 1, tryNumber: 1, outcome: 'done', host: 'h', worker: 'w', startMs: 1, durationUs: 2 });
  encoder.add({ kind: 'kernelChanged', state: 'closed' });
  return encoder.take()?.bytes ?? Buffer.alloc(0);
}

const outcome = {
  taskId: 7,
  tryNumber: 1,
  status: ResultStatus.Ok,
  body: encodeValue({ a: 1 }),
  host: 'h',
  worker: 'w',
  startMs: 1,
  durationUs: 2,
};
const BATCH = Buffer.from([1, 0, 0, 0]);
const second = recordEnd(RESULTS, 0);
const journalRecords = [
  encodeHeader({ run: '003' }),
  encodeLaunched({ taskId: 7, tryNumber: 1, executor: 'htex', key: 'ab'.repeat(16) }),
  encodeEnded(outcome),
];
const keyParts = { app: 'js simulate', version: '', code: 'c', options: '' } as never;
const checkpointRecords = [
  encodeCheckpointHeader({ run: '003', startedMs: 1, resumes: ['/x'] }),
  encodeResult({ meta: { key: 'ab', run: '003', task: 1, parts: keyParts, outputs: [['/x', 1, 2]] }, value: encodeValue(1) }),
];

/** Of which the keys must not show in what is said of it. */
const keys = createRunKeys();
const settings = Buffer.from(
  JSON.stringify({ runId: '1', label: 'htex', addresses: ['127.0.0.1'], port: 5000, curve: managerKeysOf(keys), env: {} }),
);
const statePath = join(folder, 'state', 'durable.json');
writeDurableState(statePath, { port: 5000, keys, interchange: { pid: 1, started: '' }, managers: [], blocks: [], generation: 0 });

function refusesInSilence(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch (error) {
    const said = String((error as Error).stack);
    demand(![keys.client.secretKey, keys.server.secretKey].some((key) => said.includes(key.slice(0, 12))), `a key is told in: ${said}`);
    return false;
  }
}

const toJson = (value: unknown): Buffer =>
  Buffer.from(JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? String(item) : item)) ?? '');

function scan(bytes: Buffer): boolean {
  const { records, next, damaged } = scanRecords(bytes, true);
  demand(next === bytes.length, 'it does not come to the end');
  return records.length > 0 && damaged === 0;
}

export const fileTargets: readonly FuzzTarget[] = [
  { name: 'batches of an event log', seeds: [eventBatch()], read: (bytes) => refuses(() => new EventDecoder().decode(bytes)) },
  { name: 'files of records', seeds: [Buffer.concat([...journalRecords, ...checkpointRecords].map(frameRecord))], read: scan },
  { name: 'records of a durable journal', seeds: journalRecords, read: (bytes) => refuses(() => decodeRecord(bytes)) },
  {
    name: 'records of a checkpoint',
    seeds: checkpointRecords,
    made: { of: [{ format: 'flotilla checkpoint', version: 1, run: '003', startedMs: 1, resumes: ['/x'] }], from: packAnything },
    read: (bytes) => refuses(() => decodeHeader(bytes)) || refuses(() => decodeResult(bytes)),
  },
  {
    name: 'journal of a worker',
    seeds: [Buffer.concat([BATCH, RESULTS.subarray(0, second), BATCH, RESULTS.subarray(second), BATCH, Buffer.alloc(4)])],
    read(bytes) {
      const records = readJournal(fileOf(bytes, 'journal'), 1);
      demand(countRecords(records, 0, RESULT_HEADER_BYTES) >= 0, 'what comes out is no records');
      return records.length > 0;
    },
  },
  {
    name: 'settings of a manager',
    seeds: [settings],
    made: { of: [JSON.parse(settings.toString())], from: toJson },
    read: (bytes) => refusesInSilence(() => readSettings(fileOf(bytes, 'settings'))),
  },
  {
    name: 'state of a durable run',
    seeds: [readFileSync(statePath)],
    made: { of: [JSON.parse(readFileSync(statePath, 'utf8'))], from: toJson },
    read: (bytes) => refusesInSilence(() => readDurableState(fileOf(bytes, 'durable'))),
  },
];
