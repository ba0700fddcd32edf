import { expect } from 'chai';
import fc from 'fast-check';
import { formatCpuList, parseCpuList } from '../../../executors/high-throughput/cpu-list.ts';

describe('a list of CPUs', () => {
  const rows: [text: string, ids: number[]][] = [
    ['0', [0]],
    ['0-3', [0, 1, 2, 3]],
    ['24-26,56-57', [24, 25, 26, 56, 57]],
    ['8, 0-1', [0, 1, 8]],
    ['1,1-2', [1, 2]],
  ];
  for (const [text, ids] of rows) it(`'${text}' is ${ids.join(' ')}`, () => expect(parseCpuList(text)).to.deep.equal(ids));

  for (const text of ['', '3-1', 'a', '1-', '0;1', '-1', '0-999999']) {
    it(`refuses '${text}'`, () => expect(() => parseCpuList(text)).to.throw(RangeError, JSON.stringify(text)));
  }

  it('is written so that reading it gives the same CPUs', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(200), { minLength: 1 }), (ids) => {
        const ascending = ids.toSorted((a, b) => a - b);
        expect(parseCpuList(formatCpuList(ascending))).to.deep.equal(ascending);
      }),
    );
  });

  it('is written as short as it can be', () => expect(formatCpuList([0, 1, 2, 8, 10, 11])).to.equal('0-2,8,10-11'));
});
