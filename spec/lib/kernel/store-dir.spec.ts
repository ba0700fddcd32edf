import { expect } from 'chai';
import { isInStore } from '../../../lib/kernel/store-dir.ts';

describe('a file that a result is said to lie in', () => {
  const stores = ['/run/002/store', '/run/001/store'];

  for (const key of ['/run/002/store/4f1c', '/run/001/store/4f1c.x']) {
    it(`is believed in a store: ${key}`, () => expect(isInStore({ store: 'file', key, size: 1 }, stores)).to.equal(true));
  }

  const OUTSIDE = [
    '/etc/hosts',
    '/run/002/store',
    '/run/002/store/',
    '/run/002/store/..',
    '/run/002/store/.',
    '/run/002/store/../x',
    '/run/002/store/sub/x',
  ];
  for (const key of [...OUTSIDE, 'run/002/store/x', '/run/002/store//x', '', 7, null, undefined, ['/run/002/store/x']]) {
    it(`is not believed elsewhere: ${JSON.stringify(key)}`, () =>
      expect(isInStore({ store: 'file', key, size: 1 }, stores)).to.equal(false));
  }

  it('is not believed where nothing is said', () => {
    for (const stored of [null, undefined, 'x', 7]) expect(isInStore(stored, stores)).to.equal(false);
  });
});
