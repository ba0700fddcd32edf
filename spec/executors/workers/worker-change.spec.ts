import { expect } from 'chai';
import { describeChange, unpackChange, type WorkerChange } from '../../../executors/workers/worker-change.ts';
import { pack } from '../../../lib/wire/value-codec.ts';

describe('a change of a worker', () => {
  const started: WorkerChange = { kind: 'workerStarted', worker: 'worker-0-js', pid: 7, output: '/x' };
  const ended = { kind: 'workerEnded', worker: 'worker-0-js', pid: 7 } as const;

  it('is read as it was told, and nothing else is read as one', () => {
    expect(unpackChange(Buffer.from(pack(started)))).to.deep.equal(started);
    for (const bytes of [Buffer.alloc(0), Buffer.from([0xc1]), Buffer.from(pack(null)), Buffer.from(pack({ kind: 'kernelChanged' }))])
      expect(unpackChange(bytes), bytes.toString('hex')).to.equal(undefined);
  });

  it('is believed in its own fields only, where each is what it should be', () => {
    expect(unpackChange(pack({ ...started, extra: 1 }))).to.deep.equal(started);
    expect(unpackChange(pack({ ...ended, exitCode: 3, signal: null }))).to.deep.equal({ ...ended, exitCode: 3, signal: null });
    const wrong = [
      { ...started, pid: 'many' },
      { ...started, output: 5 },
      { ...started, worker: ['w'] },
      { ...ended, exitCode: {}, signal: null },
    ];
    for (const told of wrong) expect(unpackChange(pack(told)), JSON.stringify(told)).to.equal(undefined);
  });

  it('is said in words', () => {
    expect(describeChange(started)).to.equal('worker-0-js is process 7');
    expect(describeChange({ ...ended, exitCode: 3, signal: null })).to.equal('worker-0-js, process 7, ended by exit code 3');
    expect(describeChange({ ...ended, exitCode: null, signal: 'SIGKILL' })).to.equal('worker-0-js, process 7, ended by SIGKILL');
  });
});
