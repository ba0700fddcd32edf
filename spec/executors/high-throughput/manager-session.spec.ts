import { expect } from 'chai';
import { createSession, type SessionEffect, type SessionEvent, stepSession } from '../../../executors/high-throughput/manager-session.ts';
import type { Try } from '../../../executors/high-throughput/interchange/core-events.ts';
import { encodeResult, ResultStatus } from '../../../lib/wire/records.ts';

const result = (taskId: number): Buffer =>
  encodeResult({ taskId, tryNumber: 1, fnId: 1, status: ResultStatus.Ok, durationUs: 1, startMs: 0, worker: 0 });

const release = (slot: number): Buffer =>
  encodeResult({ taskId: 0, tryNumber: 0, fnId: 0, status: ResultStatus.SlotReleased, durationUs: 0, startMs: 0, worker: slot });

/** A session that has registered once; `base` is where its frames are counted from. */
function registered(held: Try[] = []) {
  const session = createSession({
    heartbeatPeriodMs: 100,
    heartbeatThresholdMs: 1000,
    describe: () => ({ protocol: 1, version: '1', blockId: '0', host: 'here', slots: 1, held, info: {} }),
  });
  const tell = (...events: SessionEvent[]): SessionEffect[] => events.flatMap((event) => stepSession(session, event));
  const base = 0x01000000;
  tell({ kind: 'start', at: 0 }, { kind: 'registered', attempt: 1, received: 0, number: base, acknowledged: 0, at: 1 });
  return { session, tell, base, held };
}

const kinds = (effects: SessionEffect[]): string[] => effects.map(({ kind }) => kind);
const registrationIn = (effects: SessionEffect[]) => effects.find((effect) => effect.kind === 'sendRegister')?.registration;

describe('manager session', () => {
  const tasks = (number: number, acknowledged = 0): SessionEvent => ({
    kind: 'tasks',
    parts: [Buffer.from('tasks')],
    number,
    acknowledged,
    at: 2,
  });

  it('delivers frames in order and each once', () => {
    const { tell, base } = registered();
    expect(kinds(tell(tasks(base + 1), tasks(base + 2), tasks(base + 2), tasks(base + 1)))).to.deep.equal(['deliverTasks', 'deliverTasks']);
  });

  it('registers again when a frame is missing, and takes none until that is answered', () => {
    const { tell, base } = registered();
    expect(kinds(tell(tasks(base + 2), tasks(base + 1), tasks(base + 3)))).to.deep.equal(['sendRegister']);
  });

  it('registers again when a heartbeat counts a frame that did not come', () => {
    const { tell, base } = registered();
    expect(kinds(tell({ kind: 'heartbeat', number: base + 1, acknowledged: 0, at: 2 }))).to.deep.equal(['sendRegister']);
    const other = registered();
    expect(other.tell(tasks(base + 1), { kind: 'heartbeat', number: base + 1, acknowledged: 0, at: 2 })).to.have.length(1);
  });

  it('keeps results until they are acknowledged and repeats the rest after registering again', () => {
    const { tell, base } = registered();
    tell(
      { kind: 'resultsReady', parts: [result(1)] },
      { kind: 'resultsReady', parts: [result(2)] },
      { kind: 'resultsReady', parts: [result(3)] },
    );
    tell(tasks(base + 1, 1));
    const registration = registrationIn(tell({ kind: 'whoAreYou', at: 3 }));
    expect(registration).to.deep.include({
      attempt: 2,
      firstSequence: 2,
      held: [
        [2, 1],
        [3, 1],
      ],
    });
    const repeated = tell({ kind: 'registered', attempt: 2, received: 2, number: 0x02000000, acknowledged: 1, at: 4 });
    expect(repeated.flatMap((effect) => (effect.kind === 'sendResults' ? [effect.sequence] : []))).to.deep.equal([3]);
  });

  it('holds results back while it registers', () => {
    const { tell } = registered();
    tell({ kind: 'whoAreYou', at: 2 });
    expect(tell({ kind: 'resultsReady', parts: [result(1)] })).to.deep.equal([]);
    expect(kinds(tell({ kind: 'registered', attempt: 2, received: 0, number: 0x02000000, acknowledged: 0, at: 3 }))).to.deep.equal([
      'joined',
      'sendResults',
    ]);
  });

  it('ignores the answer to an earlier registration', () => {
    const { tell, base } = registered();
    tell({ kind: 'whoAreYou', at: 2 });
    expect(tell({ kind: 'registered', attempt: 1, received: 0, number: base, acknowledged: 0, at: 3 }, tasks(base + 1))).to.deep.equal([]);
  });

  it('says what its workers hold and which functions it knows', () => {
    const { tell, base } = registered([[7, 2]]);
    tell({ kind: 'define', fnId: 9, bytes: Buffer.alloc(0), number: base + 1, acknowledged: 0, at: 2 });
    expect(registrationIn(tell({ kind: 'reconnected', at: 3 }))).to.deep.include({ held: [[7, 2]], defined: [9] });
  });

  it('delivers what is granted and what is leased in the order of frames', () => {
    const { tell, base } = registered();
    const granted: SessionEvent = { kind: 'granted', grants: [], records: Buffer.from('task'), number: base + 1, acknowledged: 0, at: 2 };
    const lease: SessionEvent = { kind: 'lease', lease: { add: [1], reclaim: 2 }, number: base + 2, acknowledged: 0, at: 2 };
    expect(tell(granted, lease, granted)).to.deep.equal([
      { kind: 'deliverGranted', grants: [], records: Buffer.from('task') },
      { kind: 'deliverLease', lease: { add: [1], reclaim: 2 } },
    ]);
  });

  it('does not repeat that a slot was released once it registers again, and takes it for no try; the results beside it are repeated', () => {
    const { tell } = registered();
    tell(
      { kind: 'resultsReady', parts: [result(1), Buffer.concat([release(0), result(2)])] },
      { kind: 'resultsReady', parts: [release(1)] },
    );
    const registration = registrationIn(tell({ kind: 'whoAreYou', at: 3 }));
    expect(registration?.held).to.deep.equal([
      [1, 1],
      [2, 1],
    ]);
    const repeated = tell({ kind: 'registered', attempt: 2, received: 0, number: 0x02000000, acknowledged: 0, at: 4 });
    const frames = repeated.flatMap((effect) => (effect.kind === 'sendResults' ? [[effect.sequence, Buffer.concat(effect.parts)]] : []));
    expect(frames).to.deep.equal([
      [1, Buffer.concat([result(1), result(2)])],
      [2, Buffer.alloc(0)],
    ]);
  });

  it('repeats its registration every period until it is answered', () => {
    const { tell } = registered();
    tell({ kind: 'whoAreYou', at: 10 });
    expect(
      kinds(tell({ kind: 'tick', at: 60 }, { kind: 'tick', at: 110 }, { kind: 'tick', at: 160 }, { kind: 'tick', at: 210 })),
    ).to.deep.equal(['sendRegister', 'sendRegister']);
  });

  it('is lost when the interchange is silent for longer than the threshold, once', () => {
    const { tell } = registered();
    const ticks = Array.from({ length: 14 }, (_, i): SessionEvent => ({ kind: 'tick', at: 100 * i }));
    expect(kinds(tell(...ticks)).filter((kind) => kind === 'lost')).to.deep.equal(['lost']);
  });

  it('does not take its own pause for silence', () => {
    const { tell } = registered();
    expect(kinds(tell({ kind: 'tick', at: 100 }, { kind: 'tick', at: 60_000 }))).to.not.include('lost');
  });

  it('does nothing more once it was refused or told to leave', () => {
    for (const end of [
      { kind: 'refused', message: 'no', at: 2 },
      { kind: 'shutdown', reason: 'bye', at: 2 },
    ] as const) {
      const { tell, base } = registered();
      expect(kinds(tell(end, tasks(base + 1), { kind: 'tick', at: 5000 }, { kind: 'whoAreYou', at: 5000 }))).to.deep.equal([end.kind]);
    }
  });
});
