import { expect } from 'chai';
import { readAgain } from '../../../lib/wire/read-again.ts';

/** As Node does: asks where to put it, puts it there, and tells. */
function receive(reader: ReturnType<typeof readAgain>, bytes: Buffer): Uint8Array {
  const memory = (reader.buffer as () => Uint8Array)();
  memory.set(bytes);
  expect(reader.callback(bytes.length, memory)).to.equal(true);
  return memory;
}

describe('reading into memory that is used again', () => {
  for (const size of [1, 5000, 40_000, 60_000, 65_536]) {
    it(`leaves ${size} bytes that were handed on as they came`, () => {
      const taken: Buffer[] = [];
      const reader = readAgain((chunk) => taken.push(chunk));
      const sent = [1, 2, 3].map((n) => Buffer.alloc(size, n));
      for (const bytes of sent) receive(reader, bytes);
      expect(taken.map((chunk, i) => chunk.equals(sent[i] as Buffer))).to.deep.equal([true, true, true]);
    });
  }

  it('hands on its own memory only where that is nearly full', () => {
    let taken: Buffer | undefined;
    const reader = readAgain((chunk) => void (taken = chunk));
    for (const [size, isItsOwn] of [
      [9000, false],
      [40_000, false],
      [50_000, true],
    ] as const) {
      const memory = receive(reader, Buffer.alloc(size));
      expect(taken?.buffer === memory.buffer, `${size}`).to.equal(isItsOwn);
    }
  });

  it('uses the same memory for what is small', () => {
    const reader = readAgain(() => undefined);
    expect(receive(reader, Buffer.alloc(100))).to.equal(receive(reader, Buffer.alloc(100)));
  });
});
