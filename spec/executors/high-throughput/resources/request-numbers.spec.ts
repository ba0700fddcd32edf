import { expect } from 'chai';
import { unpack } from 'msgpackr/unpack';
import { RequestNumbers } from '../../../../executors/high-throughput/resources/request-numbers.ts';
import { variantOf } from '../../../support/resources.ts';

const request = (cores: number) => ({ variants: [variantOf({ cores })] });

describe('numbers of resource requests', () => {
  it('are the same for equal ones, each sent once, and again to another receiver', () => {
    const sent: [number, unknown][] = [];
    const numbers = new RequestNumbers((id, packed) => sent.push([id.readUInt32LE(0), unpack(packed)]));
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
});
