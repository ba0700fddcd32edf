import { expect } from 'chai';
import { devicesOf, fitsBeside, type Holding } from '../../../../executors/high-throughput/manager/holdings.ts';
import type { Grant } from '../../../../executors/high-throughput/resources/grant.ts';

const holding = (grant: Partial<Grant>): Holding => ({
  key: '',
  grant: { variant: 0, cpus: [], gpus: [], memoryBytes: 0, custom: {}, ...grant },
});

describe('workers that were started for different grants', () => {
  const rows: [title: string, one: Partial<Grant>, others: Partial<Grant>[], fits: boolean][] = [
    ['nothing in common', { cpus: [[0, 1]] }, [{ cpus: [[1, 1]] }], true],
    ['the same CPU', { cpus: [[0, 1]] }, [{ cpus: [[0, 0.5]] }], false],
    ['parts of a CPU that it has', { cpus: [[0, 0.5]] }, [{ cpus: [[0, 0.25]] }, { cpus: [[0, 0.25]] }], true],
    ['ten tenths of a CPU', { cpus: [[0, 0.1]] }, Array.from({ length: 9 }, () => ({ cpus: [[0, 0.1]] as const })), true],
    ['eleven tenths of a CPU', { cpus: [[0, 0.1]] }, Array.from({ length: 10 }, () => ({ cpus: [[0, 0.1]] as const })), false],
    ['halves of a GPU', { gpus: [[1, 0.5]] }, [{ gpus: [[1, 0.5]] }], true],
    ['a GPU and half of it', { gpus: [[1, 0.5]] }, [{ gpus: [[1, 1]] }], false],
    ['the same name', { custom: { port: ['a'] } }, [{ custom: { port: ['a', 'b'] } }], false],
    ['other names', { custom: { port: ['a'] } }, [{ custom: { port: ['b'] } }, { custom: { board: ['a'] } }], true],
    ['amounts, which nobody keeps', { custom: { licence: 2 } }, [{ custom: { licence: 2 } }], true],
  ];
  for (const [title, one, others, fits] of rows) {
    it(`can${fits ? '' : 'not'} be alive beside each other with ${title}`, () =>
      expect(fitsBeside(holding(one), others.map(holding))).to.equal(fits));
  }

  it('have to end before others get their devices: accelerators, and what has a name', () => {
    expect(devicesOf(holding({ cpus: [[3, 1]], gpus: [[0, 1]], custom: { port: ['a'], licence: 1 } }))).to.deep.equal(['gpu 0', 'port a']);
  });
});
