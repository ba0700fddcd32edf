import { expect } from 'chai';
import fc from 'fast-check';
import { frameRecord, scanRecords } from '../../../lib/memo/records.ts';

const bodies = fc.array(
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  { maxLength: 8 },
);
const frames = (list: readonly Buffer[]): Buffer => Buffer.concat(list.map(frameRecord));
const found = (bytes: Buffer, isEnd = true): string[] => scanRecords(bytes, isEnd).records.map(({ body }) => body.toString('hex'));
const hex = (list: readonly Buffer[]): string[] => list.map((body) => body.toString('hex'));

describe('records in a file', () => {
  it('are all found', () => {
    fc.assert(
      fc.property(bodies, (list) => {
        const scan = scanRecords(frames(list), true);
        expect(scan.records.map(({ body }) => body.toString('hex'))).to.deep.equal(hex(list));
        expect(scan).to.include({ damaged: 0, next: frames(list).length });
      }),
    );
  });

  it('lose only the last when the file is cut anywhere', () => {
    fc.assert(
      fc.property(bodies, fc.nat(), (list, cut) => {
        const whole = frames(list);
        const length = whole.length === 0 ? 0 : cut % whole.length;
        const starts = list.map((_, i) => frames(list.slice(0, i + 1)).length);
        expect(found(whole.subarray(0, length))).to.deep.equal(hex(list.slice(0, starts.filter((end) => end <= length).length)));
      }),
    );
  });

  it('are found in pieces as they are in one', () => {
    fc.assert(
      fc.property(bodies, fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1 }), (list, steps) => {
        const whole = frames(list);
        const seen: string[] = [];
        let rest: Buffer = Buffer.alloc(0);
        for (let [at, i] = [0, 0]; at < whole.length; i++) {
          const end = Math.min(whole.length, at + (steps[i % steps.length] ?? 1));
          const bytes = Buffer.concat([rest, whole.subarray(at, end)]);
          const scan = scanRecords(bytes, false);
          seen.push(...scan.records.map(({ body }) => body.toString('hex')));
          rest = bytes.subarray(scan.next);
          at = end;
        }
        expect([...seen, ...found(rest)]).to.deep.equal(hex(list));
      }),
    );
  });

  it('survive what is wrong between them: only the one that is hit is lost', () => {
    const notEmpty = fc.array(
      fc.uint8Array({ minLength: 1, maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
      { minLength: 1, maxLength: 6 },
    );
    fc.assert(
      fc.property(notEmpty, fc.nat(), fc.integer({ min: 1, max: 255 }), (list, where, flip) => {
        const whole = frames(list);
        const at = where % whole.length;
        whole[at] = (whole[at] ?? 0) ^ flip;
        const hit = list.findIndex((_, i) => at < frames(list.slice(0, i + 1)).length);
        expect(found(whole)).to.deep.equal(hex(list.toSpliced(hit, 1)));
        expect(scanRecords(whole, true).damaged).to.equal(1);
      }),
    );
  });
});
