import { expect } from 'chai';
import fc from 'fast-check';
import {
  decodeEnded,
  decodeFailed,
  decodeRun,
  encodeEnded,
  encodeFailed,
  encodeRun,
} from '../../../../executors/workers/command/spawner-protocol.ts';
import { decodeStatus, encodeStatus } from '../../../../executors/workers/command/wait-status.ts';
import { FRAME_HEADER_BYTES } from '../../../../lib/wire/frames.ts';

const bodyOf = (frame: Buffer): Buffer => frame.subarray(FRAME_HEADER_BYTES);
const text = fc.string({ unit: 'grapheme' });
const bytes = fc.uint8Array().map((array) => Buffer.from(array));

describe('the protocol of spawners', () => {
  it('carries requests', () => {
    const request = fc.record({
      number: fc.nat(),
      killGraceMs: fc.nat(),
      flags: fc.integer({ min: 0, max: 255 }),
      cwd: text,
      stdout: text,
      stderr: text,
      command: text,
      words: fc.array(text),
      env: fc.dictionary(
        text.filter((name) => name !== '__proto__'),
        text,
        { noNullPrototype: true },
      ),
    });
    fc.assert(fc.property(request, (one) => void expect(decodeRun(bodyOf(encodeRun(one)))).to.deep.equal(one)));
  });

  it('carries outcomes', () => {
    const ended = fc.record({
      number: fc.nat(),
      status: fc.nat(65535),
      startMs: fc.nat(),
      durationUs: fc.nat(),
      stdoutFrom: fc.maxSafeNat(),
      stdoutTo: fc.maxSafeNat(),
      whole: fc.boolean(),
      stdout: bytes,
      stderrTail: bytes,
    });
    fc.assert(fc.property(ended, (one) => void expect(decodeEnded(bodyOf(encodeEnded(one)))).to.deep.equal(one)));
    const failed = fc.record({ number: fc.nat(), stage: fc.nat(255), errno: fc.nat(), startMs: fc.nat(), detail: text });
    fc.assert(fc.property(failed, (one) => void expect(decodeFailed(bodyOf(encodeFailed(one)))).to.deep.equal(one)));
  });

  it('tells an exit with 137 from SIGKILL', () => {
    expect(decodeStatus(137 << 8)).to.deep.equal({ exitCode: 137, signal: null });
    expect(decodeStatus(9)).to.deep.equal({ exitCode: null, signal: 'SIGKILL' });
    expect(decodeStatus(11 | 0x80)).to.deep.equal({ exitCode: null, signal: 'SIGSEGV' });
    expect(decodeStatus(40)).to.deep.equal({ exitCode: null, signal: 'SIG40' });
    expect(decodeStatus(encodeStatus(null, 'SIGABRT'))).to.deep.equal({ exitCode: null, signal: 'SIGABRT' });
    expect(decodeStatus(encodeStatus(255, null))).to.deep.equal({ exitCode: 255, signal: null });
  });
});
