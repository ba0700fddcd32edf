import { expect } from 'chai';
import { eventually } from '../../support/eventually.ts';
import { resultRecord } from '../../support/task-records.ts';
import { closeStages, type ScriptedRunner, Stage, tasks } from './pool-stage.ts';

/** Two slots, of which the one has tasks 1 to 4 in one batch, and the other nothing. */
async function withOneBusy(): Promise<{ stage: Stage; busy: ScriptedRunner; idle: ScriptedRunner }> {
  const stage = new Stage(2);
  // One, one, two, two, and then four.
  await stage.submit(tasks(...range(1001, 6), ...range(1, 4), ...range(2001, 30)));
  const [busy, idle] = stage.runners;
  if (!busy || !idle) throw new Error('there are not two runners');
  for (const runner of [busy, idle, busy]) runner.finishAll();
  while (idle.batch) idle.finishAll();
  expect(busy.asked.at(-1)).to.equal('run 1 2 3 4');
  for (const record of [busy.asked, idle.asked, stage.results]) record.length = 0;
  return { stage, busy, idle };
}

const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i);

const runs = ({ asked }: ScriptedRunner): string[] => asked.filter((line) => line.startsWith('run'));

describe('tasks that wait in a batch behind one that takes long', () => {
  afterEach(closeStages);

  it('are taken back for a slot that is idle, in their order and without an outcome', async () => {
    const { stage, busy, idle } = await withOneBusy();
    busy.kept = 1;
    await eventually('a task for the idle slot', () => idle.batch);
    expect(busy.asked).to.deep.equal(['take back all but 1']);
    while (idle.batch) idle.finishAll();
    expect(runs(idle).join(' ').match(/\d+/g)).to.deep.equal(['2', '3', '4']);
    expect(stage.results).to.deep.equal(['2 ok', '3 ok', '4 ok']);
    busy.finish(1);
    expect(stage.results).to.deep.equal(['2 ok', '3 ok', '4 ok', '1 ok']);
    expect(stage.pool.isIdle).to.equal(true);
  });

  it('stay where it cannot be said whether they were started, and are asked for again', async () => {
    const { busy, idle } = await withOneBusy();
    expect(idle.batch).to.equal(undefined);
    busy.kept = 3;
    await eventually('the last', () => idle.batch);
    expect(runs(idle)).to.deep.equal(['run 4']);
    busy.finish(1, 2, 3);
    expect(busy.batch).to.equal(undefined);
  });

  it('are placed anew when their worker ends its batch early', async () => {
    const { stage, busy, idle } = await withOneBusy();
    busy.finish(1, 2);
    busy.endEarly();
    while (!stage.pool.isIdle) for (const runner of [busy, idle]) if (runner.batch) runner.finishAll();
    expect(stage.results.toSorted()).to.deep.equal(['1 ok', '2 ok', '3 ok', '4 ok']);
  });

  it('are held, found and cancelled wherever they are', async () => {
    const { stage, busy, idle } = await withOneBusy();
    stage.pool.cancel([[3, 1]]);
    expect(stage.results).to.deep.equal([]);
    busy.kept = 1;
    await eventually('a task for the idle slot', () => idle.batch);
    expect(stage.results).to.deep.equal(['3 cancelled']);
    const held = stage.pool.held().map(([taskId]) => taskId);
    expect(held.toSorted()).to.deep.equal([1, 2, 4]);
    expect(stage.pool.find(1)).to.equal('running');
    stage.pool.cancel([[4, 1]]);
    while (idle.batch) idle.finishAll();
    busy.finish(1);
    expect(stage.results.toSorted()).to.deep.equal(['1 ok', '2 ok', '3 cancelled', '4 cancelled']);
  });

  it('are not charged with their worker, nor run twice, when it dies', async () => {
    const { stage, busy, idle } = await withOneBusy();
    busy.kept = 2;
    await eventually('a task for the idle slot', () => idle.batch);
    busy.die({ finished: resultRecord(1) });
    while (!stage.pool.isIdle) for (const runner of [busy, idle]) if (runner.batch) runner.finishAll();
    expect(stage.results.toSorted()).to.deep.equal(['1 ok', '2 lost', '3 ok', '4 ok']);
  });

  it('do not have the last result before them taken from the journal: that is for the worker to report, when it has looked', async () => {
    const { stage, busy, idle } = await withOneBusy();
    busy.journal = resultRecord(1);
    busy.kept = 2;
    await eventually('a task for the idle slot', () => idle.batch);
    busy.journal = Buffer.concat([resultRecord(1), resultRecord(2)]);
    await eventually('the first result', () => stage.results.includes('1 ok'));
    expect(stage.results).to.deep.equal(['1 ok']);
    while (idle.batch) idle.finishAll();
    busy.finish(1, 2);
    expect(stage.results).to.deep.equal(['1 ok', '3 ok', '4 ok', '2 ok']);
  });

  it('are given back to the interchange when others have time for them, and no more than those', async () => {
    const stage = new Stage(1);
    await stage.warm();
    await stage.submit(tasks(1, 2, 3, 4, 5, 6));
    stage.pool.recall(2);
    expect(stage.results).to.deep.equal([]);
    stage.only.kept = 1;
    await eventually('two of them', () => stage.results.length >= 2);
    expect(stage.results).to.deep.equal(['2 unstarted', '3 unstarted']);
    stage.only.finish(1);
    expect(stage.only.asked.at(-1)).to.match(/^run 4 5/);
  });

  it('but those that wait for a slot are given back at once, and first', async () => {
    const stage = new Stage(1);
    await stage.submit(tasks(1, 2, 3, 4));
    stage.pool.recall(2);
    expect(stage.results).to.deep.equal(['2 unstarted', '3 unstarted']);
    stage.only.finishAll();
    expect(stage.only.asked).to.deep.equal(['run 1', 'run 4']);
  });
});
