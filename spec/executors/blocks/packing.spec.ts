import { expect } from 'chai';
import { Simulation, SLOTS } from './simulated-load.ts';

const BLOCKS = 8;
const ALL = BLOCKS * SLOTS;
const MINUTE = 60;

const simulate = (managerSelector: 'random' | 'blockId'): Simulation =>
  new Simulation({ managerSelector, maxBlocks: BLOCKS, taskMs: 17_000, maxIdleTimeMs: 120_000 });

function pass(simulation: Simulation, seconds: number, wanted: number): void {
  for (let second = 0; second < seconds; second++) simulation.pass(wanted);
}

/** All blocks at work, then work for one block less every five minutes. */
function sink(simulation: Simulation): void {
  for (let blocks = BLOCKS; blocks >= 0; blocks--) pass(simulation, 5 * MINUTE, blocks * SLOTS);
}

describe('tasks packed on few blocks', () => {
  it('empty the youngest blocks first when the work sinks, so that these are given back one after the other', () => {
    const packed = simulate('blockId');
    sink(packed);
    expect(packed.letGo).to.deep.equal(['7', '6', '5', '4', '3', '2', '1', '0']);
    expect(packed.submitted).to.equal(BLOCKS);
  });

  it('cost less than tasks that are spread, and as many are done', () => {
    const packed = simulate('blockId');
    const spread = simulate('random');
    sink(packed);
    sink(spread);
    expect(packed.finished).to.equal(spread.finished);
    expect(packed.blockSeconds).to.be.below(0.9 * spread.blockSeconds);
  });

  it('keep every slot busy where there is work enough, as spread ones do', () => {
    const packed = simulate('blockId');
    const spread = simulate('random');
    for (const simulation of [packed, spread]) {
      pass(simulation, MINUTE, 3 * ALL);
      for (let second = 0; second < 10 * MINUTE; second++) {
        simulation.pass(3 * ALL);
        expect(simulation.idleSlots).to.equal(0);
      }
    }
    expect(packed.finished).to.equal(spread.finished);
  });

  it('let no block go that is wanted again within maxIdleTime: no oscillation under a load that goes up and down', () => {
    const packed = simulate('blockId');
    for (let minute = 0; minute < 60; minute++) pass(packed, MINUTE, minute % 2 === 0 ? ALL : SLOTS);
    expect(packed.letGo).to.deep.equal([]);
    expect(packed.submitted).to.equal(BLOCKS);
  });

  it('follow a load that goes up and down slowly, each block once per swing', () => {
    const packed = simulate('blockId');
    for (let swing = 0; swing < 3; swing++) {
      pass(packed, 10 * MINUTE, ALL);
      expect(packed.blocks).to.equal(BLOCKS);
      pass(packed, 10 * MINUTE, SLOTS);
      expect(packed.blocks).to.equal(1);
    }
    expect(packed.letGo).to.have.length(3 * (BLOCKS - 1));
    expect(packed.submitted).to.equal(BLOCKS + 2 * (BLOCKS - 1));
  });
});
