import { expect } from 'chai';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventEncoder } from '../../../lib/events/encoder.ts';
import type { Logged, RunEvent } from '../../../lib/events/events.ts';
import { encodeFileHeader, FILE_HEADER_BYTES } from '../../../lib/events/format.ts';
import { readEvents } from '../../../lib/events/reader.ts';
import { pack } from '../../../lib/wire/value-codec.ts';
import { createRandom } from '../../executors/high-throughput/interchange/simulation/random.ts';

/** One of each kind, with all that it may have. */
const EVERY_KIND: readonly RunEvent[] = [
  { kind: 'runStarted', runId: '000-x', flotilla: '1', node: 'v24', host: 'h', pid: 1, cwd: '/', argv: ['a.ts', 'ä'], executors: ['htex'] },
  { kind: 'kernelChanged', state: 'started' },
  { kind: 'taskCalled', taskId: 1, name: 'plain', app: 'js' },
  { kind: 'taskCalled', taskId: 4294967295, name: 'naïve', app: 'join', label: 'l', parent: 1, after: [1, 7], stdout: '/a', stderr: '/b' },
  { kind: 'tryLaunched', taskId: 1, tryNumber: 1, executor: 'htex' },
  {
    kind: 'tryGranted',
    taskId: 1,
    tryNumber: 1,
    manager: 'm',
    host: 'n1',
    cpus: [
      [0, 1],
      [3, 0.5],
    ],
    gpus: [[1, 0.25]],
    others: ['m2'],
    memoryBytes: 2 ** 33,
    custom: { licence: 2, port: ['a'] },
    hosts: ['n1', 'n2'],
  },
  { kind: 'cancelRequested', taskId: 1, reason: 'enough' },
  { kind: 'tryEnded', taskId: 1, tryNumber: 1, outcome: 'done', host: 'n1', worker: 'n1/0', startMs: 1795195685881.25, durationUs: 17 },
  {
    kind: 'tryEnded',
    taskId: 2,
    tryNumber: 65535,
    outcome: 'lost',
    host: '',
    worker: '',
    startMs: 0,
    durationUs: 4294967295,
    usage: { cpuMs: 3, peakMemoryKiB: 9 },
    error: { name: 'WorkerLost', message: 'm', code: 'C', exitCode: 3, signal: 'SIGKILL', detail: 'd' },
  },
  { kind: 'taskEnded', taskId: 1, name: 'plain', state: 'done' },
  { kind: 'taskEnded', taskId: 2, name: 'plain', state: 'dependencyFailed', upstream: 1 },
  { kind: 'workerStarted', executor: 'htex', manager: 'm', host: 'n1', worker: 'worker-0-js', pid: 7, output: '/x' },
  { kind: 'blockChanged', executor: 'htex', block: '0', job: '12', state: 'failed', exitCode: 1, reason: 'r' },
];

describe('an event log', () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'flotilla-events-'));
    path = join(folder, 'events.log');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const encode = (events: readonly RunEvent[], batchOf = events.length, mostNames?: number): Buffer[] => {
    const batches: Buffer[] = [];
    const encoder = new EventEncoder({ full: ({ bytes }) => void batches.push(bytes) }, mostNames);
    events.forEach((event, i) => {
      encoder.add(event);
      if ((i + 1) % batchOf === 0) batches.push(encoder.take()?.bytes as Buffer);
    });
    const last = encoder.take();
    return last ? [...batches, last.bytes] : batches;
  };
  const write = (...parts: readonly Buffer[]): Promise<void> => writeFile(path, Buffer.concat([encodeFileHeader(), ...parts]));
  const read = async (): Promise<{ logged: Logged[]; events: RunEvent[]; torn: number | undefined }> => {
    const logged: Logged[] = [];
    let torn: number | undefined;
    for await (const batch of readEvents(path, { torn: (bytes) => (torn = bytes) })) logged.push(...batch);
    return { logged, events: logged.map(({ event }) => event), torn };
  };

  it('gives back every kind of event as it was written', async () => {
    await write(...encode(EVERY_KIND));
    expect(await read()).to.deep.include({ events: EVERY_KIND, torn: 0 });
  });

  it('keeps what names stand for from batch to batch', async () => {
    await write(...encode(EVERY_KIND, 1));
    expect((await read()).events).to.deep.equal(EVERY_KIND);
  });

  it('gives names anew once there are too many, and never confuses them', async () => {
    const ended = (taskId: number): RunEvent => ({
      kind: 'tryEnded',
      taskId,
      tryNumber: 1,
      outcome: 'done',
      host: `host ${taskId % 3}`,
      worker: `worker ${taskId}`,
      startMs: 1,
      durationUs: 1,
    });
    const many = Array.from({ length: 100 }, (_, taskId) => ended(taskId));
    const batches = encode(many, many.length, 4);
    expect(Buffer.concat(batches).toString('latin1').split('host 1').length - 1, 'times that a name is written').to.be.above(10);
    await write(...batches);
    expect((await read()).events).to.deep.equal(many);
  });

  it('has the time of each event, in order', async () => {
    const before = performance.timeOrigin + performance.now();
    await write(...encode(EVERY_KIND, 3));
    const after = performance.timeOrigin + performance.now();
    const times = (await read()).logged.map(({ atMs }) => atMs);
    for (const [i, time] of times.entries()) expect(time).to.be.within(Math.max(before, times[i - 1] ?? 0) - 0.001, after);
  });

  it('takes many events and large ones, and hands over full batches by itself', async () => {
    const many: RunEvent[] = Array.from({ length: 20_000 }, (_, taskId) => ({ kind: 'taskCalled', taskId, name: 'many', app: 'js' }));
    const large: RunEvent = {
      kind: 'taskCalled',
      taskId: 1,
      name: 'large',
      app: 'js',
      after: Array.from({ length: 100_000 }, (_, i) => i),
    };
    const batches = encode([...many, large, ...EVERY_KIND]);
    expect(batches.length).to.be.greaterThan(5);
    await write(...batches);
    expect((await read()).events).to.deep.equal([...many, large, ...EVERY_KIND]);
  });

  it('that was torn anywhere in its last batch is read up to there', async () => {
    const [first, last] = encode(EVERY_KIND, 6) as [Buffer, Buffer];
    for (let length = 0; length < last.length; length++) {
      await write(first, last.subarray(0, length));
      expect(await read(), `${length} bytes of it`).to.deep.include({ events: EVERY_KIND.slice(0, 6), torn: length });
    }
  });

  it('is not read from a batch on whose bytes are wrong, nor into what a failed write has left', async () => {
    const [first, last] = encode(EVERY_KIND, 6) as [Buffer, Buffer];
    const wrong = Buffer.from(last);
    wrong[wrong.length - 3] = (wrong.at(-3) as number) ^ 1;
    for (const tail of [wrong, Buffer.alloc(5000), Buffer.alloc(5000, 255)]) {
      await write(first, tail);
      expect(await read()).to.deep.include({ events: EVERY_KIND.slice(0, 6), torn: tail.length });
    }
  });

  it('may have kinds and records that a later version added: they are skipped or passed on', async () => {
    const later = { kind: 'somethingNew', value: 1 } as unknown as RunEvent;
    const [batch] = encode([EVERY_KIND[1] as RunEvent, later]) as [Buffer];
    await write(batch);
    expect((await read()).events).to.deep.equal([EVERY_KIND[1], later]);
  });

  /** Called, launched, done: what most tasks have. */
  const lifeOf = (taskId: number): readonly RunEvent[] => [
    { kind: 'taskCalled', taskId, name: 'plain', app: 'js' },
    { kind: 'tryLaunched', taskId, tryNumber: 1, executor: 'htex' },
    { kind: 'tryEnded', taskId, tryNumber: 1, outcome: 'done', host: 'n1', worker: 'w', startMs: 1795195685881.25, durationUs: 17 },
    { kind: 'taskEnded', taskId, name: 'plain', state: 'done' },
  ];

  it('takes two records for the four events of a task that goes well, and gives back all four', async () => {
    const events = Array.from({ length: 100 }, (_, taskId) => lifeOf(taskId)).flat();
    await write(...encode(events));
    expect((await read()).events).to.deep.equal(events);
    expect((await readFile(path)).length / 100, 'bytes for each').to.be.below(67);
  });

  it('gives back in their order events that come in any, in batches of any length', async () => {
    const seed = 20261130;
    const { next: random } = createRandom(seed);
    for (let trial = 0; trial < 50; trial++) {
      const events = Array.from({ length: 60 }, () => anEvent(random, lifeOf));
      await write(...encode(events, 1 + Math.floor(random() * 20), 3));
      expect((await read()).events, `seed ${seed}, trial ${trial}`).to.deep.equal(events);
    }
  });

  it('of version 1, where every event has a record of its own, is read', async () => {
    await writeFile(path, Buffer.concat([withVersion(1), ...encode(EVERY_KIND)]));
    expect((await read()).events).to.deep.equal(EVERY_KIND);
  });

  const refused: readonly [string, Buffer | undefined, RegExp][] = [
    ['that is not there', undefined, /events\.log cannot be read: ENOENT/],
    ['that is something else', Buffer.from('hello, this is no log at all'), /events\.log is no event log/],
    ['that is empty', Buffer.alloc(0), /is no event log/],
    [
      'of another version',
      withVersion(9),
      /has version 9 of the format, and this flotilla reads versions 1 to 2; use the one that wrote it/,
    ],
  ];
  for (const [which, bytes, message] of refused) {
    it(`${which} is refused by name`, async () => {
      if (bytes) await writeFile(path, bytes);
      const error = await read().catch((caught: unknown) => caught);
      expect(error).to.have.property('code', 'FLOTILLA_EVENT_LOG_ERROR');
      expect((error as Error).message).to.match(message);
    });
  }

  it('is as docs/event-log.md lays it out, byte by byte', async () => {
    await write(...encode([{ kind: 'kernelChanged', state: 'closed' }]));
    const bytes = await readFile(path);
    expect(bytes.toString('latin1', 0, 8)).to.equal('FLOTLOG\n');
    expect([bytes.readUInt32LE(8), bytes.readUInt32LE(12)]).to.deep.equal([2, 0]);
    const body = pack({ kind: 'kernelChanged', state: 'closed' });
    expect(bytes.readUInt32LE(FILE_HEADER_BYTES), 'length of the batch').to.equal(8 + 16 + body.length);
    const record = bytes.subarray(FILE_HEADER_BYTES + 16);
    expect([record.readUInt32LE(0), record[4], record.readUInt32LE(8)]).to.deep.equal([12 + body.length, 5, 0]);
    expect(record.subarray(16)).to.deep.equal(Buffer.from(body));
  });
});

function withVersion(version: number): Buffer {
  const header = encodeFileHeader();
  header.writeUInt32LE(version, 8);
  return header;
}

/** Of few tasks, so that what might be taken for one record comes apart and together. */
function anEvent(random: () => number, lifeOf: (taskId: number) => readonly RunEvent[]): RunEvent {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const event = pick(lifeOf(1 + Math.floor(random() * 2)));
  const change = random();
  if (change < 0.6) return event;
  if (event.kind === 'taskCalled')
    return pick([
      { ...event, label: 'l' },
      { ...event, app: 'bash' },
      { ...event, name: `app ${change}` },
    ]);
  if (event.kind === 'tryLaunched')
    return pick([
      { ...event, tryNumber: 2 },
      { ...event, executor: `other ${change}` },
    ]);
  if (event.kind === 'tryEnded')
    return pick([
      { ...event, outcome: 'lost' },
      { ...event, usage: { cpuMs: 1, peakMemoryKiB: 2 } },
      { ...event, worker: `w ${change}` },
    ]);
  return pick<RunEvent>([
    { kind: 'taskEnded', taskId: 1, name: 'plain', state: 'ignored' },
    { kind: 'kernelChanged', state: 'waiting' },
  ]);
}
