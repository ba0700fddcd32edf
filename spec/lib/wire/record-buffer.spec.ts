import { expect } from 'chai';
import fc from 'fast-check';
import { RecordBuffer } from '../../../lib/wire/record-buffer.ts';
import { countRecords, readResult, readTaskHeader, recordEnd, ResultStatus, TASK_HEADER_BYTES } from '../../../lib/wire/records.ts';

const EMPTY = Buffer.alloc(0);
const header = (taskId: number) => ({ taskId, tryNumber: 1, fnId: 2, flags: 0, contextLength: 0 });
const result = (taskId: number) => ({ taskId, tryNumber: 1, fnId: 2, status: ResultStatus.Ok, durationUs: 3, startMs: 4, worker: 5 });

function taskIds(records: Buffer, from: number): number[] {
  const ids: number[] = [];
  for (let at = from; at < records.length; at = recordEnd(records, at)) ids.push(readTaskHeader(records, at).taskId);
  return ids;
}

describe('a record buffer', () => {
  it('hands over what was appended since the last take, behind room for a prefix', () => {
    const buffer = new RecordBuffer(9);
    buffer.appendTask(header(1), EMPTY, Buffer.from('one'));
    buffer.appendTask(header(2), EMPTY, Buffer.from('two'));
    expect(buffer.count).to.equal(2);
    const first = buffer.take();
    expect(taskIds(first, 9)).to.deep.equal([1, 2]);
    expect(buffer.count).to.equal(0);
    buffer.appendTask(header(3), EMPTY, EMPTY);
    expect(taskIds(buffer.take(), 9)).to.deep.equal([3]);
    expect(taskIds(first, 9), 'what was taken stays').to.deep.equal([1, 2]);
  });

  it('puts context before arguments', () => {
    const buffer = new RecordBuffer(0);
    buffer.appendTask({ ...header(1), contextLength: 3 }, Buffer.from('ctx'), Buffer.from('args'));
    expect(buffer.take().subarray(TASK_HEADER_BYTES).toString()).to.equal('ctxargs');
  });

  it('shows a result as it was written', () => {
    const buffer = new RecordBuffer(4);
    const view = buffer.appendResult(result(7), Buffer.from('body'));
    expect(readResult(view, 0).body.toString()).to.equal('body');
    expect(buffer.take().subarray(4).equals(view)).to.equal(true);
  });

  it('takes whole records as they are', () => {
    const [from, to] = [new RecordBuffer(0), new RecordBuffer(2)];
    from.appendTask(header(1), EMPTY, EMPTY);
    from.appendTask(header(2), EMPTY, EMPTY);
    to.appendRaw(from.take(), 2);
    expect(to.count).to.equal(2);
    expect(taskIds(to.take(), 2)).to.deep.equal([1, 2]);
  });

  it('loses nothing for any sizes, prefixes and takes', () => {
    const step = fc.oneof(fc.constant('take' as const), fc.nat({ max: 200 }), fc.constantFrom(30_000, 65_536, 200_000));
    fc.assert(
      fc.property(fc.nat({ max: 16 }), fc.array(step, { maxLength: 60 }), (prefix, steps) => {
        const buffer = new RecordBuffer(prefix);
        const expected: number[] = [];
        const taken: Buffer[] = [];
        const take = (): void => void taken.push(Buffer.from(buffer.take().subarray(prefix)));
        for (const [i, size] of steps.entries()) {
          if (size === 'take') take();
          else {
            expected.push(i);
            buffer.appendTask(header(i), EMPTY, Buffer.alloc(size, i));
          }
        }
        take();
        const all = Buffer.concat(taken);
        expect(countRecords(all, 0, TASK_HEADER_BYTES)).to.equal(expected.length);
        expect(taskIds(all, 0)).to.deep.equal(expected);
      }),
      { numRuns: 60 },
    );
  });
});
