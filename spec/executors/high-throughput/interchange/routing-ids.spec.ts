import { expect } from 'chai';
import { RoutingIds } from '../../../../executors/high-throughput/interchange/routing-ids.ts';

describe('routing ids', () => {
  it('are the bytes of an id, made once, and take no more memory than these', () => {
    const ids = new RoutingIds();
    const id = ids.of('m\xff7');
    expect([...id]).to.deep.equal([0x6d, 0xff, 0x37]);
    expect(ids.of('m\xff7')).to.equal(id);
    expect(id.buffer.byteLength).to.equal(3);
  });

  it('are forgotten when there are too many', () => {
    const ids = new RoutingIds();
    const first = ids.of('0');
    for (let i = 1; i < 20_000; i++) ids.of(`${i}`);
    expect(ids.of('0')).not.to.equal(first);
  });
});
