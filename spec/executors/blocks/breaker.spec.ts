import { expect } from 'chai';
import type { Strategy } from '../../../executors/blocks/scaler-types.ts';
import type { BlockLimits, JobState } from '../../../lib/provider.ts';
import { ScalerBench, scalerOptions } from './scaler-bench.ts';

const bench = (limits: Partial<BlockLimits> = {}, strategy: Strategy = 'simple'): ScalerBench =>
  new ScalerBench(scalerOptions(limits, { strategy }));

describe('the block scaler, in trouble', () => {
  it('tries again twice, sooner and then later, and then fails the executor with what was seen', () => {
    const run = bench().start().work(1).submitted('0').ended('0', 'failed', { exitCode: 127 }).expect('submit 0, submit 1');
    run.submitted('1').ended('1', 'failed', { exitCode: 127 });
    expect(run.wakesAfter()).to.equal(500);
    run.expect('').after(499).expect('').after(1).expect('submit 2');
    run.submitted('2').ended('2', 'failed', { exitCode: 126 }).expect('fail after 3');
    expect(run.failures.map(({ blockId, status }) => [blockId, status?.exitCode])).to.deep.equal([
      ['0', 127],
      ['1', 127],
      ['2', 126],
    ]);
  });

  it('fails at once when all the first blocks fail, and cancels the others', () => {
    const run = bench({ initBlocks: 4 }).start().work(4);
    for (const id of ['0', '1', '2', '3']) run.submitted(id);
    run.effects();
    run.ended('0').ended('1');
    run.effects();
    run.ended('2').expect('fail after 3, cancel 3');
  });

  it('counts submissions that the provider refuses', () => {
    const run = bench().start().work(1).refused('0').refused('1').after(500).refused('2');
    run.expect('submit 0, submit 1, submit 2, fail after 3');
  });

  it('counts a job that ends well without its manager having come', () => {
    const run = bench().start().work(1).submitted('0').ended('0', 'completed').submitted('1').ended('1', 'completed');
    run.after(500).submitted('2').ended('2', 'completed').expect('submit 0, submit 1, submit 2, fail after 3');
  });

  it('forgets earlier failures when a manager registers', () => {
    const run = bench().start().work(1).submitted('0').ended('0').submitted('1').ended('1').after(500).serving('2').after(60_000);
    run.ended('2', 'timeout').expect('submit 0, submit 1, submit 2, submit 3');
  });

  it('does not fail while another block works, and asks ever more rarely', () => {
    const run = bench({ maxBlocks: 2 }).start().serving('0').work(8, { 0: 4 });
    for (let second = 0; second < 600; second++) {
      const id = String(run.scaler.nextBlock - 1);
      if (id !== '0') run.submitted(id).ended(id);
      run.after(1000);
    }
    const words = run.effects().split(', ');
    expect(words).not.to.include('fail');
    expect(words.length).to.be.within(8, 20);
  });

  it('waits out a scheduler that is down: ten minutes cost a handful of submissions and no failure', () => {
    const run = bench().start().work(1);
    for (let second = 0; second < 600; second++) {
      run.refused(String(run.scaler.nextBlock - 1), true).after(1000);
    }
    const words = run.effects().split(', ');
    expect(words.every((word) => word.startsWith('submit'))).to.equal(true);
    expect(words.length).to.be.within(8, 20);
  });

  it('slows down when blocks end soon after their managers have come, whatever their exit code', () => {
    const run = bench().start().work(1);
    for (let second = 0; second < 600; second++) {
      const id = String(run.scaler.nextBlock - 1);
      run.serving(id);
      run.results++;
      run.ended(id, 'completed').after(1000);
    }
    expect(run.effects().split(', ').length).to.be.within(8, 20);
  });

  describe('when managers come and are gone again at once', () => {
    /** The block is there as soon as it may be, serves for as long, and ends so. */
    function shortly(run: ScalerBench, state: JobState, servedMs = 100): void {
      for (let waited = 0; run.scaler.blocks.size === 0 && waited < 120; waited++) run.after(500);
      const id = String(run.scaler.nextBlock - 1);
      run.serving(id).after(servedMs).ended(id, state);
    }
    const start = (limits: Partial<BlockLimits> = {}): ScalerBench =>
      bench({ maxBlocks: 1, ...limits })
        .start()
        .work(3);
    const outcome = (run: ScalerBench): string | undefined =>
      run
        .effects()
        .split(', ')
        .find((word) => word.startsWith('fail'));

    for (const state of ['failed', 'completed'] as const) {
      it(`fails the executor after six that ${state}, and no sooner`, () => {
        const run = start();
        for (let block = 0; block < 5; block++) shortly(run, state);
        expect(outcome(run)).to.equal(undefined);
        shortly(run, state);
        expect(outcome(run)).to.equal('fail after 6 that had managers');
        expect(run.failures.map(({ blockId }) => blockId)).to.deep.equal(['0', '1', '2', '3', '4', '5']);
        run.after(600_000).expect('');
      });
    }

    it('counts those whose job outlives the managers and has to be cancelled', () => {
      const run = start();
      for (let block = 0; block < 6; block++) {
        for (let waited = 0; run.scaler.blocks.size === 0 && waited < 120; waited++) run.after(500);
        run.serving(String(block)).after(100).gone(String(block)).after(30_000).ended(String(block), 'cancelled');
      }
      expect(outcome(run)).to.equal('fail after 6 that had managers');
    });

    it('starts to count anew when a task has ended', () => {
      const run = start();
      for (let block = 0; block < 20; block++) {
        if (block % 5 === 0) run.results++;
        shortly(run, 'failed');
      }
      expect(outcome(run)).to.equal(undefined);
    });

    for (const [why, state, servedMs] of [
      ['their walltime is over', 'timeout', 100],
      ['somebody cancels them, or takes their nodes', 'cancelled', 100],
      ['they have served for a while', 'failed', 10_000],
    ] as const) {
      it(`does not count them where ${why}`, () => {
        const run = start();
        for (let block = 0; block < 20; block++) shortly(run, state, servedMs);
        expect(outcome(run)).to.equal(undefined);
      });
    }

    it('does not fail while another block serves', () => {
      const run = start({ maxBlocks: 2 }).serving('0').work(8, { 0: 4 });
      for (let second = 0; second < 600; second++) {
        const id = String(run.scaler.nextBlock - 1);
        if (id !== '0' && run.scaler.blocks.has(id)) run.serving(id).ended(id);
        run.after(1000);
      }
      expect(outcome(run)).to.equal(undefined);
    });
  });

  it('does not slow down for a block that ends after it has worked', () => {
    const run = bench().start().work(1);
    for (let hour = 0; hour < 5; hour++) {
      const id = String(hour);
      run.serving(id).after(3_600_000).ended(id, 'failed');
    }
    run.expect('submit 0, submit 1, submit 2, submit 3, submit 4, submit 5');
  });

  it('does not give up when it may not', () => {
    const run = new ScalerBench(scalerOptions({}, { failureLimit: Number.POSITIVE_INFINITY })).start().work(1);
    for (let id = 0; id < 10; id++) run.refused(String(id)).after(60_000);
    expect(run.effects()).not.to.include('fail');
  });

  it('gives a block whose managers are gone time to come back, and then a successor', () => {
    const run = bench({ maxBlocks: 1 }).start().serving('0').work(1).after(60_000).gone('0').after(29_999).expect('submit 0');
    run.after(1).expect('cancel 0').ended('0', 'cancelled').expect('submit 1');
  });

  it('gives it as long as its options say, and asks to be woken then', () => {
    const run = new ScalerBench(scalerOptions({ maxBlocks: 1 }, { desertedLimitMs: 5000 })).start().serving('0').work(1).after(60_000);
    run.gone('0');
    expect(run.wakesAfter()).to.equal(5000);
    run.after(4999).expect('submit 0').after(1).expect('cancel 0').ended('0', 'cancelled').expect('submit 1');
  });

  it('keeps a block whose manager came back', () => {
    bench().start().serving('0').work(1).gone('0').after(20_000).registered('0').after(60_000).expect('submit 0');
  });

  it('keeps a block of many nodes that lost one', () => {
    bench({ nodesPerBlock: 2 }).start().serving('0').registered('0').work(1).gone('0').after(60_000).expect('submit 0');
  });
});
