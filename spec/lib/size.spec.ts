import { expect } from 'chai';
import { formatSize, parseSize } from '../../lib/size.ts';

describe('parseSize', () => {
  const rows: [string, number][] = [
    ['6GiB', 6 * 2 ** 30],
    ['500MB', 500e6],
    ['1.5 kib', 1536],
    ['12B', 12],
    ['2TB', 2e12],
  ];
  for (const [text, bytes] of rows) it(`reads ${text} as ${bytes} bytes`, () => expect(parseSize(text)).to.equal(bytes));

  const refused: [string, RegExp][] = [
    ['6', /"6" is not a size.*write '6B' or '6GiB'/],
    ['6G', /write '6GiB' \(1024\) or '6GB' \(1000\)/],
    ['big', /write it as '6GiB' or '500MB'/],
    ['-1MB', /is not a size/],
    ['9999999TB', /too large/],
  ];
  for (const [text, message] of refused) it(`refuses ${text}`, () => expect(() => parseSize(text)).to.throw(RangeError, message));
});

describe('formatSize', () => {
  const rows: [number, string][] = [
    [0, '0 B'],
    [1023, '1023 B'],
    [6 * 2 ** 30, '6 GiB'],
    [1.25 * 2 ** 20, '1.25 MiB'],
    [2 ** 52, '4096 TiB'],
  ];
  for (const [bytes, text] of rows) it(`writes ${bytes} as ${text}`, () => expect(formatSize(bytes)).to.equal(text));
});
