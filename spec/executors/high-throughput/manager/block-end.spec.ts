import { expect } from 'chai';
import { BlockEnd, blockEndOf } from '../../../../executors/high-throughput/manager/block-end.ts';
import { LastTasks, sendBack } from '../../../../executors/high-throughput/manager/last-tasks.ts';
import { unpackWireError } from '../../../../lib/errors/wire.ts';
import { ResultStatus } from '../../../../lib/wire/records.ts';
import { resultRecord, resultsOf, statusName, taskRecords } from '../../../support/task-records.ts';

describe('the end of a block, as its manager knows it', () => {
  const NOW = 1_000_000_000_000;
  const at = (seconds: number): string => String(NOW / 1000 + seconds);
  const rows: [env: Record<string, string>, endsIn: number | undefined][] = [
    [{}, undefined],
    [{ FLOTILLA_BLOCK_END: at(60) }, 60],
    [{ SLURM_JOB_END_TIME: at(60) }, 60],
    [{ FLOTILLA_BLOCK_END: at(60), SLURM_JOB_END_TIME: at(40) }, 40],
    [{ FLOTILLA_BLOCK_END: at(60), SLURM_JOB_END_TIME: at(90) }, 60],
    [{ SLURM_JOB_END_TIME: at(-5) }, undefined],
    [{ FLOTILLA_BLOCK_END: at(-5) }, -5],
    [{ FLOTILLA_BLOCK_END: 'soon', SLURM_JOB_END_TIME: '0' }, undefined],
  ];
  for (const [env, endsIn] of rows) {
    it(`${JSON.stringify(env)}: ${endsIn === undefined ? 'none' : `in ${endsIn} s`}`, () =>
      expect(blockEndOf(env, NOW)).to.equal(endsIn === undefined ? undefined : NOW + endsIn * 1000));
  }

  it('leaves time for tasks until the warning', () => {
    const nothing = { warn: () => undefined, leave: () => undefined };
    const end = (warningMs: number): BlockEnd =>
      new BlockEnd({ endsAtMs: NOW + 60_000, warningMs, leaveMs: 5000, now: () => NOW, ...nothing });
    expect(end(30_000).timeLeftMs).to.equal(30_000);
    expect(end(0).timeLeftMs, 'what is kept for leaving').to.equal(55_000);
    expect(new BlockEnd({ endsAtMs: undefined, warningMs: 0, leaveMs: 0, ...nothing }).timeLeftMs).to.equal(undefined);
  });

  it('warns and then has it leave, at once where that time is over', async () => {
    const heard: string[] = [];
    await new Promise<void>((resolve) => {
      const end = new BlockEnd({
        endsAtMs: Date.now() - 1,
        warningMs: 30,
        leaveMs: 10,
        warn: () => void heard.push('warn'),
        leave: () => resolve(void heard.push('leave')),
      });
      end.start();
      setTimeout(() => undefined, 100).unref();
      const alive = setInterval(() => heard.length === 2 && clearInterval(alive), 5);
    });
    expect(heard).to.deep.equal(['warn', 'leave']);
  });
});

describe('the last tasks of a block', () => {
  const last = new LastTasks({ managerId: 'm', blockId: '4', host: 'n1' }, [
    [1, 1],
    [2, 1],
    [3, 2],
  ]);
  const told = (records: Buffer): string[] => resultsOf(records).map(({ taskId, status }) => `${taskId} ${statusName(status)}`);

  it('count as done, cancelled or past their walltime where they are', () => {
    const records = [ResultStatus.Ok, ResultStatus.Cancelled, ResultStatus.Walltime].map((status) => resultRecord(1, { status }));
    expect(told(last.judge(Buffer.concat(records)))).to.deep.equal(['1 ok', '1 cancelled', '1 walltime']);
  });

  it('have run out of time where they fail or die after the warning', () => {
    const records = last.judge(
      Buffer.concat([resultRecord(1, { status: ResultStatus.Failed }), resultRecord(2, { status: ResultStatus.Lost })]),
    );
    expect(told(records)).to.deep.equal(['1 lost', '2 lost']);
    for (const { body } of resultsOf(records)) {
      const { message, fields } = unpackWireError(body);
      expect(message).to.equal('block 4 came to the end of its walltime on n1: the task was warned, and did not succeed');
      expect(fields).to.include({ blockExpired: true, host: 'n1' });
    }
  });

  it('have failed where they were not running when the others were warned', () => {
    expect(told(last.judge(resultRecord(9, { status: ResultStatus.Failed })))).to.deep.equal(['9 failed']);
    expect(told(last.judge(resultRecord(3, { status: ResultStatus.Failed }))), 'another try').to.deep.equal(['3 failed']);
  });

  it('have run out of time where they still run at the end', () => {
    expect(told(last.expire([[1, 1]]))).to.deep.equal(['1 lost']);
  });

  it('go back unstarted where they come too late', () => {
    expect(told(sendBack(taskRecords({ taskId: 5 }, { taskId: 6 })))).to.deep.equal(['5 unstarted', '6 unstarted']);
  });
});
