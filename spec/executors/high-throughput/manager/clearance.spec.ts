import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect } from 'chai';
import { Clearance } from '../../../../executors/high-throughput/manager/clearance.ts';
import { ResultStatus } from '../../../../lib/wire/records.ts';
import { eventually } from '../../../support/eventually.ts';
import { isAlive } from '../../../support/leftovers.ts';
import { resultsOf } from '../../../support/task-records.ts';

const RUN = `clearance-${process.pid}`;

describe('what a try of another node’s manager has left', function () {
  this.timeout(60_000);
  const started: ChildProcess[] = [];
  afterEach(() => {
    for (const child of started.splice(0)) child.kill('SIGKILL');
  });

  /** A rank that listens to no signal but one. */
  async function rank(taskId: number, tryNumber: number): Promise<number> {
    const env = { ...process.env, FLOTILLA_TASK_ID: `${RUN}.${taskId}`, FLOTILLA_TRY: String(tryNumber) };
    const child = spawn('/bin/sh', ['-c', "trap '' TERM INT HUP; echo on; read -r forever"], { env, detached: true });
    started.push(child);
    await once(child.stdout, 'data');
    return child.pid as number;
  }

  it('is ended, and that is said of it; other tries of the task and other tasks go on', async () => {
    const pids = [await rank(7, 1), await rank(7, 1), await rank(7, 2), await rank(8, 1), await rank(70, 1)];
    const records: Buffer[] = [];
    new Clearance({ runId: RUN, late: async () => undefined, cleared: (record) => records.push(record), complain: expect.fail }).clear([
      [7, 1],
    ]);
    await eventually('it is said', () => records.length > 0);
    expect(pids.map(isAlive)).to.deep.equal([false, false, true, true, true]);
    const results = records.flatMap(resultsOf).map(({ taskId, tryNumber, status }) => ({ taskId, tryNumber, status }));
    expect(results).to.deep.equal([{ taskId: 7, tryNumber: 1, status: ResultStatus.Cancelled }]);
  });

  it('may come late, from a launcher that was killed while it started it', async () => {
    const records: Buffer[] = [];
    const later = Promise.withResolvers<void>();
    const late = (): Promise<void> => later.promise;
    new Clearance({ runId: RUN, late, cleared: (record) => records.push(record), complain: expect.fail }).clear([[9, 1]]);
    const pid = await rank(9, 1);
    expect(records, 'not yet said').to.deep.equal([]);
    later.resolve();
    await eventually('it is said', () => records.length > 0);
    expect(isAlive(pid)).to.equal(false);
  });
});
