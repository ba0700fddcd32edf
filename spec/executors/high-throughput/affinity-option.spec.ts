import { expect } from 'chai';
import { parseCpuAffinity } from '../../../executors/high-throughput/affinity-option.ts';

describe('parseCpuAffinity', () => {
  for (const kind of ['none', 'block', 'block-reverse', 'alternating']) {
    it(`takes '${kind}'`, () => expect(parseCpuAffinity(kind)).to.deep.equal({ kind }));
  }

  it('takes one CPU set for each worker, as on Polaris', () => {
    const parsed = parseCpuAffinity('list:24-31,56-63:16-23,48-55:8-15,40-47:0-7,32-39');
    const range = (first: number): number[] => Array.from({ length: 8 }, (_, i) => first + i);
    expect(parsed).to.deep.equal({
      kind: 'list',
      sets: [
        [...range(24), ...range(56)],
        [...range(16), ...range(48)],
        [...range(8), ...range(40)],
        [...range(0), ...range(32)],
      ],
    });
  });

  it('takes single CPUs', () => expect(parseCpuAffinity('list:0:3,5')).to.deep.equal({ kind: 'list', sets: [[0], [3, 5]] }));

  const refused: [string, RegExp][] = [
    ['bloc', /expected 'none', 'block', .* saw 'bloc'/],
    ['list:', /worker 0 of the list has no CPUs/],
    ['list:0-3:', /worker 1 of the list has no CPUs/],
    ['list:0-3:x', /worker 1 of the list: 'x' is neither a CPU/],
    ['list:7-0', /the range '7-0' runs backwards; write '0-7'/],
    ['list:0-3,2', /worker 0 of the list names CPU 2 twice/],
  ];
  for (const [value, message] of refused)
    it(`refuses '${value}'`, () => expect(() => parseCpuAffinity(value)).to.throw(RangeError, message));
});
