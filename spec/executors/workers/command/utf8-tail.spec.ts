import { expect } from 'chai';
import fc from 'fast-check';
import { utf8Tail } from '../../../../executors/workers/command/utf8-tail.ts';

describe('utf8Tail', () => {
  it('is the longest end of whole characters that fits', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 40 }), (text, limit) => {
        const tail = utf8Tail(Buffer.from(text), limit);
        expect(text.endsWith(tail)).to.equal(true);
        expect(Buffer.byteLength(tail)).to.be.at.most(limit);
        const before = [...text].slice(0, [...text].length - [...tail].length).at(-1);
        if (before !== undefined) expect(Buffer.byteLength(before + tail)).to.be.above(limit);
      }),
    );
  });

  it('leaves out a last character that was not finished', () => {
    expect(utf8Tail(Buffer.from('aé').subarray(0, 2))).to.equal('a');
    expect(utf8Tail(Buffer.from('a😀').subarray(0, 4))).to.equal('a');
  });

  it('shows bytes that are no text as such, and loses nothing else', () => {
    expect(utf8Tail(Buffer.from([0x80, 0x80, 0x80, 0x80, 0x61]))).to.equal('\ufffd\ufffd\ufffd\ufffda');
    expect(utf8Tail(Buffer.alloc(10, 0x80), 6)).to.equal('\ufffd\ufffd\ufffd');
  });
});
