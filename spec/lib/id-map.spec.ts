import { expect } from 'chai';
import { IdMap } from '../../lib/id-map.ts';
import { createRandom } from '../executors/high-throughput/interchange/simulation/random.ts';

interface Entry {
  readonly id: number;
}
const entry = (id: number): Entry => ({ id });
const idsOf = (map: IdMap<Entry>): number[] => [...map.values()].map(({ id }) => id);

describe('a map of ids', () => {
  it('has what was put in until it is taken out, below zero and beyond 32 bits too', () => {
    const map = new IdMap<Entry>();
    const ids = [0, 1, 511, 512, 513, 100_000, 2 ** 31, 2 ** 32 - 1, 2 ** 32, -1, -512, -513];
    for (const id of ids) map.set(id, entry(id));
    expect(ids.map((id) => map.get(id)?.id)).to.deep.equal(ids);
    expect(map.size).to.equal(ids.length);
    for (const id of ids) expect([map.delete(id), map.delete(id), map.has(id), map.get(id)]).to.deep.equal([true, false, false, undefined]);
    expect([map.size, idsOf(map)]).to.deep.equal([0, []]);
  });

  it('keeps the last of what is put in twice', () => {
    const map = new IdMap<Entry>();
    map.set(7, entry(1));
    map.set(7, entry(2));
    expect([map.size, map.get(7)?.id]).to.deep.equal([1, 2]);
  });

  it('gives its values in order', () => {
    const map = new IdMap<Entry>();
    const ids = Array.from({ length: 2000 }, (_, i) => i);
    for (const id of ids) map.set(id, entry(id));
    for (const id of ids) if (id % 3 !== 0) map.delete(id);
    expect(idsOf(map)).to.deep.equal(ids.filter((id) => id % 3 === 0));
  });

  it('does what a Map does, in any order', () => {
    const seed = 20261130;
    const random = createRandom(seed);
    const [map, model] = [new IdMap<Entry>(), new Map<number, Entry>()];
    for (let i = 0; i < 50_000; i++) {
      const id = random.below(3000) - 500;
      const value = entry(i);
      if (random.chance(0.5)) {
        map.set(id, value);
        model.set(id, value);
      } else if (map.delete(id) !== model.delete(id)) throw new Error(`seed ${seed}: delete(${id}) differs at step ${i}`);
      if (map.get(id) !== model.get(id) || map.size !== model.size) throw new Error(`seed ${seed}: ${id} differs at step ${i}`);
    }
    const inOrder = (values: Iterable<Entry>): number[] => [...values].map(({ id }) => id).sort((one, other) => one - other);
    expect(inOrder(map.values())).to.deep.equal(inOrder(model.values()));
  });
});
