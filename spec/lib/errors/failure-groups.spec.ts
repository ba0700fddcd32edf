import { expect } from 'chai';
import { FailureGroups } from '../../../lib/errors/failure-groups.ts';

describe('groups of failures', () => {
  const groups = (most: number) => new FailureGroups<{ readonly key: string; count: number }>(most);
  const add = (to: ReturnType<typeof groups>, key: string, times = 1): void => {
    for (let i = 0; i < times; i++) to.add(key, () => ({ key, count: 0 }));
  };

  it('are counted, the largest first', () => {
    const some = groups(10);
    add(some, 'rare');
    add(some, 'frequent', 3);
    add(some, 'rare too');
    expect(some.all().map(({ key, count }) => `${count} ${key}`)).to.deep.equal(['3 frequent', '1 rare', '1 rare too']);
    expect(some.ungrouped).to.equal(0);
  });

  it('are kept to a number, and a frequent one is among them however many came before it', () => {
    const some = groups(10);
    for (let i = 0; i < 500; i++) add(some, `once ${i}`);
    add(some, 'disk quota exceeded', 500);
    for (let i = 500; i < 1000; i++) add(some, `once ${i}`);
    expect(some.all()).to.have.length(10);
    expect(some.all()[0]).to.deep.equal({ key: 'disk quota exceeded', count: 500 });
    expect(
      some.all().reduce((sum, { count }) => sum + count, some.ungrouped),
      'none is left out',
    ).to.equal(1500);
  });

  it('give way to new ones where none is of one failure, the smallest first', () => {
    const some = groups(2);
    add(some, 'a', 5);
    add(some, 'b', 3);
    add(some, 'c', 1);
    expect([some.all().map(({ key }) => key), some.ungrouped]).to.deep.equal([['a', 'c'], 3]);
  });
});
