import { expect } from 'chai';
import { forgetOldest } from '../../lib/forget-oldest.ts';

describe('forgetting the oldest', () => {
  it('lets go of what came first, of maps and of sets, and says of what', () => {
    const set = new Set(['c', 'a', 'b']);
    expect(forgetOldest(set, 1)).to.deep.equal(['c', 'a']);
    expect([...set]).to.deep.equal(['b']);
    const map = new Map([3, 1, 2].map((key) => [key, `${key}`]));
    expect([forgetOldest(map, 3), forgetOldest(map, 2)]).to.deep.equal([[], [3]]);
    expect([...map.keys()]).to.deep.equal([1, 2]);
  });
});
