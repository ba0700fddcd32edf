import { expect } from 'chai';
import type { Strategy } from '../../../executors/blocks/scaler-types.ts';
import type { BlockLimits } from '../../../lib/provider.ts';
import { ScalerBench, scalerOptions } from './scaler-bench.ts';

const IDLE = 120_000;
const bench = (limits: Partial<BlockLimits> = {}, strategy: Strategy = 'simple'): ScalerBench =>
  new ScalerBench(scalerOptions(limits, { strategy }));

describe('the block scaler, at the start', () => {
  const rows: [limits: Partial<BlockLimits>, effects: string][] = [
    [{}, 'submit 0'],
    [{ initBlocks: 3 }, 'submit 0, submit 1, submit 2'],
    [{ initBlocks: 0 }, ''],
    [{ initBlocks: 0, minBlocks: 2 }, 'submit 0, submit 1'],
  ];
  for (const [limits, effects] of rows) {
    it(`${JSON.stringify(limits)}: ${effects || 'nothing'}`, () => void bench(limits).start().expect(effects));
  }
});

describe('the block scaler, with blocks of an earlier driver', () => {
  it('numbers its own behind them, and counts them as its first', () => {
    bench({ initBlocks: 3 })
      .send({ kind: 'started', adopted: ['4', '2'].map((blockId) => ({ blockId })) })
      .expect('submit 5');
    bench({ initBlocks: 1 })
      .send({ kind: 'started', adopted: ['0', '1'].map((blockId) => ({ blockId })) })
      .expect('');
  });

  it('knows their managers and their ends as those of its own', () => {
    const scaler = bench({ initBlocks: 1, maxBlocks: 1 }).send({ kind: 'started', adopted: ['0'].map((blockId) => ({ blockId })) });
    scaler.registered('0', 4).work(8).expect('');
    scaler.ended('0', 'completed').after(60_000).expect('submit 1');
  });
});

describe('the block scaler, growing', () => {
  const rows: [title: string, limits: Partial<BlockLimits>, slots: number, outstanding: number, blocks: number][] = [
    ['as many slots as tasks', {}, 4, 8, 2],
    ['a whole block for the rest', {}, 4, 9, 3],
    ['no more than maxBlocks', { maxBlocks: 3 }, 4, 1000, 3],
    ['one block for one task', {}, 4, 1, 1],
    ['half the slots at parallelism 0.5', { parallelism: 0.5 }, 4, 16, 2],
    ['one block at parallelism 0', { parallelism: 0 }, 4, 1000, 1],
    ['minBlocks without work', { minBlocks: 2 }, 4, 0, 2],
    ['every node of a block counted', { nodesPerBlock: 4 }, 4, 32, 2],
  ];
  for (const [title, limits, slots, outstanding, blocks] of rows) {
    it(`${title}: ${JSON.stringify(limits)}, ${slots} slots a manager, ${outstanding} tasks: ${blocks} blocks`, () => {
      const run = bench({ initBlocks: 1, ...limits })
        .start()
        .serving('0', slots)
        .work(outstanding);
      expect(run.scaler.blocks.size).to.equal(blocks);
    });
  }

  it('takes a block for one slot until a manager tells', () => {
    bench({ maxBlocks: 3 }).start().work(5).expect('submit 0, submit 1, submit 2');
  });

  it('starts with work when there is no initial block', () => {
    bench({ initBlocks: 0 }).start().expect('').work(1).expect('submit 0');
  });

  it('counts blocks that are still pending, and asks for no more than once', () => {
    bench({ maxBlocks: 3 }).start().work(2).expect('submit 0, submit 1').after(5000).after(5000).submitted('0').after(5000).expect('');
  });

  it('replaces a block that ended while there is work', () => {
    bench().start().serving('0').work(1).after(60_000).expect('submit 0').ended('0', 'timeout').expect('submit 1');
  });

  it('does not replace a block that ended when there is no work', () => {
    bench().start().serving('0').after(60_000).ended('0', 'completed').expect('submit 0');
  });

  it('replaces a block that ended without work when minBlocks asks for it', () => {
    bench({ minBlocks: 1 }).start().serving('0').after(60_000).ended('0', 'completed').expect('submit 0, submit 1');
  });

  it("keeps initBlocks for the work there is, and no more, with strategy 'none'", () => {
    const run = bench({ initBlocks: 2 }, 'none').start().serving('0').serving('1').work(100).expect('submit 0, submit 1');
    run
      .after(60_000)
      .ended('1', 'timeout')
      .expect('submit 2')
      .work(0)
      .after(10 * IDLE)
      .expect('');
  });

  it('does not believe that a job has ended because the scheduler does not list it', () => {
    bench().start().serving('0').work(1).expect('submit 0').ended('0', 'unknown').after(60_000).expect('');
  });
});

describe('the block scaler, shrinking', () => {
  function threeServing(strategy: Strategy, limits: Partial<BlockLimits> = {}): ScalerBench {
    const run = bench({ initBlocks: 3, ...limits }, strategy)
      .start()
      .serving('0')
      .serving('1')
      .serving('2')
      .work(12);
    run.effects();
    return run;
  }

  it('lets all idle blocks go when there has been no work for long enough, drained first', () => {
    const run = threeServing('simple')
      .work(0)
      .after(IDLE - 1)
      .expect('')
      .after(1)
      .expect('drain 0, drain 1, drain 2');
    run.gone('0').ended('0', 'completed').after(60_000).expect('');
    expect(run.phases()).to.equal('1 draining, 2 draining');
  });

  it('adds blocks for tasks that take more of a node than a slot', () =>
    void bench({ maxBlocks: 9 }).start().serving('0').expect('submit 0').work(2, undefined, 0, 12).expect('submit 1, submit 2'));

  it('keeps minBlocks', () => void threeServing('simple', { minBlocks: 2 }).work(0).after(IDLE).expect('drain 0'));

  it('starts to count anew when there is work in between', () => {
    threeServing('simple')
      .work(0)
      .after(IDLE - 1)
      .work(1)
      .work(0)
      .after(IDLE - 1)
      .expect('')
      .after(1)
      .expect('drain 0, drain 1, drain 2');
  });

  it("keeps idle blocks while there is any work, with 'simple'", () => {
    threeServing('simple')
      .work(1, { 0: 1 })
      .after(10 * IDLE)
      .expect('');
  });

  it("lets single idle blocks go while others work, with 'htex-auto-scale'", () => {
    threeServing('htex-auto-scale')
      .work(1, { 1: 1 })
      .after(IDLE - 1)
      .expect('')
      .after(1)
      .expect('drain 0, drain 2');
  });

  it('keeps one block for a single long task, however long', () => {
    const run = threeServing('htex-auto-scale').work(1, { 1: 1 }).after(IDLE);
    run.ended('0', 'completed').ended('2', 'completed').effects();
    for (let hour = 0; hour < 48; hour++) run.after(3_600_000);
    run.expect('');
    expect(run.phases()).to.equal('1 serving');
  });

  it('keeps as many idle blocks as the waiting work asks for', () => {
    threeServing('htex-auto-scale').work(8, { 1: 4 }).after(IDLE).expect('drain 0');
  });

  it('lets no block go by itself when it is not known which are idle', () => {
    threeServing('htex-auto-scale')
      .work(1)
      .after(10 * IDLE)
      .expect('');
  });

  it('cancels blocks that have not begun before it drains any', () => {
    const run = bench({ maxBlocks: 4 }, 'htex-auto-scale').start().submitted('0').work(4).submitted('1').submitted('2').submitted('3');
    run.effects();
    run.registered('0').work(4, { 0: 4 }).after(IDLE).expect('cancel 3, cancel 2, cancel 1');
  });

  it('submits a new block for new work while an old one drains, within maxBlocks', () => {
    const run = bench({ maxBlocks: 1 }).start().serving('0').after(IDLE).expect('submit 0, drain 0').work(4).expect('');
    run.gone('0').ended('0', 'completed').expect('submit 1');
  });

  it('cancels a drained block whose job goes on after its last manager has left', () => {
    bench().start().serving('0').after(IDLE).gone('0').after(4999).expect('submit 0, drain 0').after(1).expect('cancel 0');
  });

  it('drains a manager that comes to a block that was let go', () =>
    void bench().start().serving('0').after(IDLE).expect('submit 0, drain 0').registered('0').expect('drain 0'));

  it('waits for the tasks of a drained block, however long', () => {
    bench()
      .start()
      .serving('0')
      .after(IDLE)
      .after(100 * IDLE)
      .expect('submit 0, drain 0');
  });

  it('does not swing: after a burst it ends where the work is', () => {
    const run = bench({ maxBlocks: 5 }, 'htex-auto-scale').start().serving('0').work(20, { 0: 4 });
    for (const id of ['1', '2', '3', '4']) run.serving(id);
    run.work(3, { 2: 3 });
    const words = run.effects();
    for (let tick = 0; tick < 200; tick++) run.after(5000);
    expect(words).to.equal('submit 0, submit 1, submit 2, submit 3, submit 4');
    run.expect('drain 0, drain 1, drain 3, drain 4');
  });
});

describe('the block scaler, closing', () => {
  it('cancels every block, those still pending too, and submits no more', () => {
    const run = bench({ initBlocks: 3, minBlocks: 1 }).start().serving('0').submitted('1').work(10);
    run.effects();
    run.close().expect('cancel 0, cancel 1').ended('0', 'cancelled').ended('1', 'cancelled').after(60_000).expect('');
  });

  it('cancels a block whose submission was under way', () => {
    bench().start().close().expect('submit 0').submitted('0').expect('cancel 0');
  });

  it('cancels a block that is draining', () => void bench().start().serving('0').after(IDLE).close().expect('submit 0, drain 0, cancel 0'));

  it('does not fail afterwards', () => {
    const run = bench({ initBlocks: 3 }).start().submitted('0').submitted('1').close();
    run.effects();
    run.ended('0').ended('1').refused('2').expect('');
  });

  it('ignores what it is told of blocks that it does not know', () => {
    bench({ initBlocks: 0 }).start().submitted('7').registered('7').gone('7').ended('7').refused('7').expect('');
  });
});

describe('the block scaler, when the scheduler puts a job back into the queue', () => {
  const pending = (run: ScalerBench, blockId: string): ScalerBench =>
    run.send({ kind: 'blockState', blockId, status: { state: 'pending' } });

  it('gives up the managers of before, and waits for the job to come again, however long', () => {
    const run = bench().start().serving('0').work(1).expect('submit 0');
    pending(run, '0').expect('restart 0').gone('0').after(3_600_000).expect('');
    expect(run.phases()).to.equal('0 waiting');
    expect(run.registered('0').phases()).to.equal('0 serving');
  });

  it('does so also when the managers are gone before it is heard of', () => {
    const run = bench().start().serving('0').work(1).expect('submit 0').gone('0').after(20_000);
    pending(run, '0').after(60_000).expect('restart 0');
    expect(run.phases()).to.equal('0 waiting');
  });

  it('keeps the managers of the second run when those of the first are lost after they came', () => {
    const run = bench().start().serving('0').work(1).expect('submit 0');
    pending(run, '0').registered('0').gone('0').after(60_000).expect('restart 0');
    expect(run.phases()).to.equal('0 serving');
  });
});

describe('the block scaler, with work that no block has time for', () => {
  it('asks for blocks beside those that serve, as many as that work needs', () => {
    bench().start().serving('0').work(2, { 0: 1 }, 1).expect('submit 0, submit 1').after(5000).expect('');
  });

  it('asks for no more than maxBlocks', () =>
    void bench({ maxBlocks: 2 }).start().serving('0').work(50, { 0: 1 }, 49).expect('submit 0, submit 1'));

  it('takes a block that is on its way for one of them', () => {
    const run = bench({ initBlocks: 2 }).start().serving('0').work(2, { 0: 1 }, 1);
    run.expect('submit 0, submit 1');
    expect(run.phases()).to.equal('0 serving, 1 submitting');
  });

  it('lets an idle block make room where there is no other', () => {
    const run = bench({ maxBlocks: 1 }).start().serving('0').work(1, {}, 1).expect('submit 0, drain 0');
    run.gone('0').after(1000).expect('').ended('0', 'completed').expect('submit 1').after(60_000).expect('');
  });

  it('lets no busy one go', () => void bench({ maxBlocks: 1 }).start().serving('0').work(2, { 0: 1 }, 1).after(60_000).expect('submit 0'));

  it("keeps those that there are with strategy 'none'", () => {
    bench({ maxBlocks: 1 }, 'none').start().serving('0').work(1, {}, 1).after(60_000).expect('submit 0');
  });
});
