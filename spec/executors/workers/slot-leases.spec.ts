import { expect } from 'chai';
import { closeStages, Stage, tasks } from './pool-stage.ts';

describe('the lease of a slot', () => {
  afterEach(closeStages);

  it('is of all slots at first', () => {
    expect(new Stage(3).pool.leased).to.deep.equal([0, 1, 2]);
    expect(new Stage(2, () => 'js', { leased: false, firstSlot: 5 }).pool.leased).to.deep.equal([]);
  });

  it('ends at once where nothing runs, and later where something does, behind the results of that', async () => {
    const stage = new Stage(3);
    await stage.submit(tasks(1));
    stage.pool.lease({ add: [], reclaim: 3 });
    expect(stage.results).to.deep.equal(['slot 2 released', 'slot 1 released']);
    stage.only.finishAll();
    expect(stage.results.slice(2)).to.deep.equal(['1 ok', 'slot 0 released']);
    expect([stage.pool.leased, stage.pool.running, stage.pool.isIdle]).to.deep.equal([[], 0, true]);
  });

  it('ends for no more than is asked', async () => {
    const stage = new Stage(3);
    stage.pool.lease({ add: [], reclaim: 1 });
    expect(stage.pool.leased).to.have.length(2);
    await stage.submit(tasks(1, 2, 3));
    expect([stage.pool.running, stage.pool.queued]).to.deep.equal([2, 1]);
  });

  it('has no task given to a slot that is not leased, whatever waits, until it is leased again', async () => {
    const stage = new Stage(2);
    stage.pool.lease({ add: [], reclaim: 1 });
    await stage.submit(tasks(1, 2));
    expect(stage.runners).to.have.length(1);
    stage.pool.lease({ add: [0, 1], reclaim: 0 });
    expect(stage.runners.map(({ asked }) => asked)).to.deep.equal([['run 1'], ['run 2']]);
    expect(stage.pool.leased).to.deep.equal([0, 1]);
  });

  it('goes to the slot before what waits: a task that has to wait is not given to a slot that is to be released', async () => {
    const stage = new Stage(2);
    await stage.submit(tasks(1, 2, 3));
    stage.pool.lease({ add: [], reclaim: 1 });
    stage.runners[0]?.finishAll();
    expect(stage.results).to.deep.equal(['1 ok', 'slot 0 released']);
    expect(stage.pool.queued).to.equal(1);
    stage.runners[1]?.finishAll();
    expect(stage.runners[1]?.asked).to.deep.equal(['run 2', 'run 3']);
  });

  it('gives back what waits when no slot is left, before that is said of the last', async () => {
    const stage = new Stage(1);
    await stage.submit(tasks(1, 2, 3));
    stage.pool.lease({ add: [], reclaim: 1 });
    stage.only.finishAll();
    expect(stage.results).to.deep.equal(['1 ok', '2 unstarted', '3 unstarted', 'slot 0 released']);
  });

  it('is of what came in the same turn before it ends', async () => {
    const stage = new Stage(1);
    const submitted = stage.submit(tasks(1));
    stage.pool.lease({ add: [], reclaim: 1 });
    await submitted;
    expect([stage.only.asked, stage.results]).to.deep.equal([['run 1'], []]);
  });

  it('is what the latest word is: one that adds takes back what was still to be reclaimed', async () => {
    const stage = new Stage(2);
    await stage.submit(tasks(1, 2));
    stage.pool.lease({ add: [], reclaim: 2 });
    stage.pool.lease({ add: [], reclaim: 0 });
    for (const runner of stage.runners) runner.finishAll();
    expect(stage.results).to.deep.equal(['1 ok', '2 ok']);
    expect(stage.pool.leased).to.deep.equal([0, 1]);
  });

  it('ends when a lost worker has been buried, and its neighbours in the batch go elsewhere', async () => {
    const stage = new Stage(2);
    await stage.submit(tasks(1, 2));
    stage.pool.lease({ add: [], reclaim: 1 });
    stage.runners[0]?.die();
    expect(stage.results).to.deep.equal(['1 lost', 'slot 0 released']);
    expect(stage.pool.leased).to.deep.equal([1]);
  });

  it('ends with its workers where these keep what they have opened', async () => {
    const stage = new Stage(1, () => 'js', { endsWorkers: (slot) => slot === 0 });
    await stage.submit(tasks(1));
    stage.pool.lease({ add: [], reclaim: 1 });
    stage.only.finishAll();
    expect([stage.only.asked, stage.results]).to.deep.equal([['run 1', 'close'], ['1 ok']]);
    await new Promise(setImmediate);
    expect(stage.results).to.deep.equal(['1 ok', 'slot 0 released']);
    stage.pool.lease({ add: [0], reclaim: 0 });
    await stage.submit(tasks(2));
    expect(stage.runners.map(({ asked }) => asked)).to.deep.equal([['run 1', 'close'], ['run 2']]);
  });
});
