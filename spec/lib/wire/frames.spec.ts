import { expect } from 'chai';
import fc from 'fast-check';
import { encodeFrame, encodeFrameHeader, FRAME_HEADER_BYTES, FrameReader, FrameType, MAX_FRAME_BYTES } from '../../../lib/wire/frames.ts';

/** What a reader makes of the chunks: "3:616263". */
function read(chunks: readonly Buffer[]): string[] {
  const frames: string[] = [];
  const reader = new FrameReader();
  for (const chunk of chunks) reader.push(chunk, (type, body) => frames.push(`${type}:${body.toString('hex')}`));
  return frames;
}

function cut(stream: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  let at = 0;
  for (const size of sizes) {
    chunks.push(stream.subarray(at, at + size));
    at += size;
  }
  chunks.push(stream.subarray(at));
  return chunks.filter(({ length }) => length > 0);
}

const frame = fc.tuple(fc.constantFrom(...Object.values(FrameType)), fc.uint8Array({ maxLength: 100 }));

describe('frames', () => {
  it('come out of a stream as they went in, however it is cut', () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 8 }), fc.array(fc.integer({ min: 1, max: 40 })), (frames, sizes) => {
        const stream = Buffer.concat(frames.map(([type, body]) => encodeFrame(type, body)));
        expect(read(cut(stream, sizes))).to.deep.equal(frames.map(([type, body]) => `${type}:${Buffer.from(body).toString('hex')}`));
      }),
    );
  });

  it('come out byte by byte', () => {
    const stream = Buffer.concat([encodeFrame(FrameType.Tasks, Buffer.from('abc')), encodeFrame(FrameType.Shutdown)]);
    expect(read(Array.from(stream, (byte) => Buffer.of(byte)))).to.deep.equal(['3:616263', '7:']);
  });

  it('are one body of several parts', () => {
    expect(read([encodeFrame(FrameType.Results, Buffer.from('a'), Buffer.alloc(0), Buffer.from('bc'))])).to.deep.equal(['4:616263']);
  });

  it('may have their header written apart from a large body', () => {
    const body = Buffer.alloc(1000, 7);
    expect(encodeFrameHeader(FrameType.Tasks, body.length).length).to.equal(FRAME_HEADER_BYTES);
    expect(read([encodeFrameHeader(FrameType.Tasks, body.length), body])).to.deep.equal([`3:${body.toString('hex')}`]);
  });

  it('that are empty or too large are refused: the stream is not one of ours', () => {
    for (const length of [0, MAX_FRAME_BYTES + 1, 0xffffffff]) {
      const stream = Buffer.alloc(8);
      stream.writeUInt32LE(length, 0);
      expect(() => read([stream]), String(length)).to.throw(RangeError, `${length} bytes`);
      expect(() => read(cut(stream, [1, 1])), `${length}, in pieces`).to.throw(RangeError);
    }
  });
});
