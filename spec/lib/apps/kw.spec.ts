import { expect } from 'chai';
import { isKeywordArguments, kw, KeywordArguments } from '../../../lib/apps/kw.ts';
import { InvalidOptionError } from '../../../lib/errors/index.ts';

describe('kw', () => {
  it('holds a copy of its values and is recognised', () => {
    const values = { n: 3 };
    const keywords = kw(values);
    values.n = 4;
    expect(keywords).to.be.instanceOf(KeywordArguments);
    expect(keywords.values).to.deep.equal({ n: 3 });
    expect(isKeywordArguments(keywords)).to.equal(true);
    for (const other of [{ values: {} }, [], null, undefined, 'kw']) expect(isKeywordArguments(other)).to.equal(false);
  });

  for (const name of ['n', '_x9', 'größe']) {
    it(`takes ${name} as a name`, () => expect(kw({ [name]: 1 }).values).to.deep.equal({ [name]: 1 }));
  }

  for (const name of ['', '9x', 'a-b', 'a b']) {
    it(`refuses '${name}', which is no name in Python`, () => expect(() => kw({ [name]: 1 })).to.throw(InvalidOptionError, `'${name}'`));
  }

  for (const values of [null, [1], 'x', 4]) {
    it(`refuses ${JSON.stringify(values)}`, () => expect(() => kw(values as object)).to.throw(InvalidOptionError, 'kw({ degree: 3 })'));
  }
});
