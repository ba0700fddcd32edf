import { expect } from 'chai';
import { unpack } from 'msgpackr/unpack';
import { beginsGeneration, GENERATION, RequestNumbers } from '../../../../executors/high-throughput/resources/request-numbers.ts';
import { variantOf } from '../../../support/resources.ts';

const request = (cores: number) => ({ variants: [variantOf({ cores })] });

describe('numbers of resource requests', () => {
  it('are the same for equal ones, each sent once, and again to another receiver', () => {
    const sent: [number, unknown][] = [];
    const numbers = new RequestNumbers((number, packed) => sent.push([number, unpack(packed)]));
    const one = request(1);
    expect([one, request(1), request(2), one].map((each) => numbers.send(each))).to.deep.equal([1, 1, 2, 1]);
    expect(sent).to.deep.equal([
      [1, one],
      [2, request(2)],
    ]);
    numbers.forgetSent();
    expect([numbers.send(request(2)), numbers.numberOf(one)]).to.deep.equal([2, 1]);
    expect(sent.slice(2)).to.deep.equal([[2, request(2)]]);
  });

  it('come in generations: what is asked for again after thousands of others has another, and is sent again', () => {
    const sent: number[] = [];
    const numbers = new RequestNumbers((number) => sent.push(number));
    const first = request(0);
    numbers.send(first);
    for (let i = 1; i < GENERATION; i++) numbers.send(request(i));
    expect(numbers.send(first), 'as long as it lasts').to.equal(1);
    expect(numbers.send(request(-1))).to.equal(GENERATION + 1);
    expect([numbers.send(first), numbers.send(request(1))]).to.deep.equal([GENERATION + 2, GENERATION + 3]);
    expect(sent).to.have.length(GENERATION + 3);
    expect(sent.filter(beginsGeneration)).to.deep.equal([1, GENERATION + 1]);
  });
});
