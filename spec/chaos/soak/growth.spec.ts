import { expect } from 'chai';
import { createRandom } from '../../executors/high-throughput/interchange/simulation/random.ts';
import { type Course, courseOf, grows } from './growth.ts';

const random = createRandom(7);
const over = (value: (second: number) => number): Course =>
  courseOf(Array.from({ length: 100 }, (_, i) => [i * 10, value(i * 10)] as const)) as Course;
const noise = (): number => 20 * random.next() - 10;
const allowed = { rise: 10, share: 0.1 };

describe('what grows over time', () => {
  const rows: [what: string, isGrowth: boolean, value: (second: number) => number][] = [
    ['what stays', false, () => 100 + noise()],
    ['what has a moment of its own', false, (second) => 100 + noise() + (second % 300 === 0 ? 500 : 0)],
    ['what falls', false, (second) => 200 - second / 10],
    ['what rises by less than is allowed', false, (second) => 100 + second / 60],
    ['what rises all the time', true, (second) => 100 + second / 20 + noise()],
    ['what is drained now and then, and is more each time', true, (second) => 100 + second / 20 + (second % 200) / 4],
  ];
  for (const [what, isGrowth, value] of rows) {
    it(`${isGrowth ? 'is' : 'is not'} ${what}`, () => expect(grows(over(value), allowed)).to.equal(isGrowth));
  }

  it('is not told of too few moments', () => expect(courseOf([[1, 2]])).to.equal(undefined));

  it('has a beginning, a middle and an end', () => {
    const { early, middle, late, most, rise, seconds } = over((second) => second);
    expect([early, middle, late, most, seconds]).to.deep.equal([100, 500, 900, 990, 990]);
    expect(rise).to.be.closeTo(990, 0.01);
  });
});
