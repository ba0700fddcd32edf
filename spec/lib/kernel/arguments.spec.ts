import { expect } from 'chai';
import { DataFuture } from '../../../lib/futures/data-future.ts';
import { Settleable } from '../../../lib/futures/settleable.ts';
import { DataFile } from '../../../lib/files/data-file.ts';
import { findWaitables, replaceWaitables, type Waitable } from '../../../lib/kernel/arguments.ts';

const promise = (): Promise<number> => Promise.resolve(1);
const name = (value: unknown, names: ReadonlyMap<Waitable, string>): unknown => replaceWaitables(value, (waitable) => names.get(waitable));

describe('futures in arguments', () => {
  it('are found in arrays and plain objects, at any depth, in order', () => {
    const [a, b, c] = [promise(), new Settleable<number>(), promise()];
    expect(findWaitables([1, a, { x: [b, { y: { z: c } }] }])).to.deep.equal([a, b, c]);
    expect(findWaitables([Object.assign(Object.create(null) as object, { a })])).to.deep.equal([a]);
  });

  it('that are none are found as nothing, without a list', () => {
    expect(findWaitables([])).to.equal(undefined);
    expect(findWaitables([1, 'x', null, undefined, { a: [true] }, () => promise()])).to.equal(undefined);
  });

  it('are found once per place', () => {
    const a = promise();
    expect(findWaitables([a, [a]])).to.deep.equal([a, a]);
  });

  it('are not looked for in Maps, Sets and class instances', () => {
    class Holder {
      readonly future = promise();
    }
    expect(findWaitables([new Map([['a', promise()]]), new Set([promise()]), new Holder()])).to.equal(undefined);
  });

  it('are anything with a then', () => {
    const thenable = { then: (done: (value: number) => void) => done(1) } as PromiseLike<number>;
    const writer = new Settleable<unknown>();
    const file = new DataFuture(new DataFile('/tmp/x'), 7, writer);
    expect(findWaitables([thenable, file])).to.deep.equal([thenable, file]);
  });

  it('are found in cyclic and very deep arguments', () => {
    const a = promise();
    const cyclic: Record<string, unknown> = { a };
    cyclic['self'] = cyclic;
    expect(findWaitables([cyclic])).to.include(a);
    let deep: unknown = a;
    for (let i = 0; i < 2000; i++) deep = [deep];
    expect(findWaitables([deep])).to.deep.equal([a]);
  });

  it('are found in arguments that refer to each other in many ways, in no time', () => {
    const a = promise();
    const parent: { children: unknown[] } = { children: [] };
    for (let i = 0; i < 3; i++) parent.children.push({ parent, i });
    parent.children.push(a);
    expect(findWaitables([parent])).to.deep.equal([a]);
    let shared: unknown = [a];
    for (let i = 0; i < 45; i++) shared = [shared, shared];
    expect(findWaitables([shared])).to.deep.equal([a]);
  });

  describe('when they are replaced', () => {
    it('leave everything else as it was, shared and not copied', () => {
      const a = promise();
      const untouched = { big: [1, 2, 3] };
      const args = [untouched, { x: a, kept: untouched }];
      const replaced = name(args, new Map([[a, 'A']])) as [unknown, { x: unknown; kept: unknown }];
      expect(replaced).to.deep.equal([untouched, { x: 'A', kept: untouched }]);
      expect(replaced[0]).to.equal(untouched);
      expect(replaced[1].kept).to.equal(untouched);
      expect(args[1]).to.have.property('x', a);
    });

    it('are named by their path', () => {
      const [a, b] = [promise(), promise()];
      const paths: string[] = [];
      replaceWaitables([a, { x: [0, b] }], (_waitable, path) => paths.push(path.join('.')));
      expect(paths).to.deep.equal(['0', '1.x.1']);
    });

    it('keep holes and extra places of an array', () => {
      const a = promise();
      const list: unknown[] = [a];
      list.length = 3;
      expect(name([list], new Map([[a, 'A']]))).to.deep.equal([['A', undefined, undefined]]);
    });

    it('are replaced everywhere where one object stands in several places', () => {
      const a = promise();
      const shared = { a };
      const [first, second] = name([shared, shared], new Map([[a, 'A']])) as [object, object];
      expect(first).to.deep.equal({ a: 'A' });
      expect(second).to.equal(first);
    });
  });
});
