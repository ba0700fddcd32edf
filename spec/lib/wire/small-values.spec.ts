import { expect } from 'chai';
import { NOT_SMALL, readSmall } from '../../../lib/wire/small-values.ts';
import { decodeValue, encodeValue, unpack } from '../../../lib/wire/value-codec.ts';

describe('small values', () => {
  const small = [undefined, null, true, false, 0, 1, 127, -1, -32, []];
  for (const value of small) {
    it(`are read without a parser: ${JSON.stringify(value) ?? String(value)}`, () => {
      const bytes = encodeValue(value);
      expect(readSmall(bytes)).to.deep.equal(value);
      expect(decodeValue(bytes)).to.deep.equal(value);
    });
  }

  it('are new objects each time', () => {
    const bytes = encodeValue([]);
    expect(readSmall(bytes)).not.to.equal(readSmall(bytes));
  });

  for (const value of [128, -33, 0.5, '', 'a', [1], {}, { a: 1 }, 2n ** 70n, new Date(0)]) {
    it(`are not taken for one: ${typeof value === 'bigint' ? value : JSON.stringify(value)}`, () => {
      const bytes = encodeValue(value);
      expect(readSmall(bytes)).to.equal(NOT_SMALL);
      expect(decodeValue(bytes)).to.deep.equal(value);
    });
  }

  it('are what the parser makes of every byte that they may be', () => {
    for (let byte = 0; byte < 256; byte++) {
      const bytes = Buffer.of(0, byte);
      const read = readSmall(bytes);
      if (read !== NOT_SMALL) expect(read, `byte ${byte}`).to.deep.equal(unpack(bytes.subarray(1)));
    }
  });
});
