/** A minute without the cable, in the middle of a run, with the periods that users have. Prints what came when. */
import { expect } from 'chai';
import { eventually } from '../../../support/eventually.ts';
import { FarMachine, whyNoFarMachine } from '../../../support/far-machine.ts';
import { Laptop } from './far-run.ts';

const CUT_MS = 60_000;
const TASKS = 120;

describe('a minute without the link to the cluster', function () {
  this.timeout(600_000);

  it('loses nothing, repeats nothing, and goes on by itself', async function () {
    if (whyNoFarMachine() !== undefined) this.skip();
    const far = await FarMachine.start();
    const laptop = await Laptop.start();
    try {
      const run = laptop.run({ channel: far.channel, tasks: TASKS, seconds: 1.5 });
      await run.until('ten results', () => run.results >= 10);
      const before = run.results;
      const cutAt = performance.now();
      await far.cut();
      await eventually('a minute to pass', () => performance.now() - cutAt >= CUT_MS, 2 * CUT_MS);
      const during = run.results - before;
      await far.plug();
      const plugAt = performance.now();
      await run.until('results again', () => run.results > before + during);
      const backAfterMs = Math.round(performance.now() - plugAt);
      expect(await run.end(), `${run.said}\n${await run.log()}`).to.equal(0);
      const outcomes = await run.outcomes();
      expect(outcomes.sort()).to.deep.equal(Array.from({ length: TASKS }, (_, i) => `${i} right 1`).sort());
      console.log(JSON.stringify({ cutMs: CUT_MS, tasks: TASKS, before, during, backAfterMs }));
      await run.dispose();
    } finally {
      await far.close();
      await laptop.close();
    }
  });
});
