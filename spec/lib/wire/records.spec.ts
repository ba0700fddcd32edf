import { expect } from 'chai';
import fc from 'fast-check';
import {
  countRecords,
  encodeResult,
  readResult,
  readTaskHeader,
  recordEnd,
  RESULT_HEADER_BYTES,
  ResultStatus,
  TASK_HEADER_BYTES,
  taskRecordSize,
  writeTaskHeader,
} from '../../../lib/wire/records.ts';

const u32 = fc.integer({ min: 0, max: 0xffffffff });
const u16 = fc.integer({ min: 0, max: 0xffff });
const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array));

const taskHeader = fc.record({
  taskId: u32,
  tryNumber: u16,
  fnId: u32,
  flags: fc.integer({ min: 0, max: 255 }),
  contextLength: fc.integer({ min: 0, max: 100 }),
  walltimeMs: u32,
  requestId: u32,
});

const resultHeader = fc.record({
  taskId: u32,
  tryNumber: u16,
  fnId: u32,
  status: fc.constantFrom(...Object.values(ResultStatus)),
  durationUs: u32,
  startMs: fc.double({ noNaN: true }),
  worker: u32,
});

function taskRecord(header: Parameters<typeof writeTaskHeader>[2], args: Buffer): Buffer {
  const record = Buffer.alloc(taskRecordSize(header.contextLength, args.length));
  writeTaskHeader(record, 0, header, args.length);
  args.copy(record, TASK_HEADER_BYTES + header.contextLength);
  return record;
}

describe('records', () => {
  it('of tasks are read as they were written, wherever they lie', () => {
    fc.assert(
      fc.property(taskHeader, bytes, bytes, (header, args, before) => {
        const buffer = Buffer.concat([before, taskRecord(header, args)]);
        expect(readTaskHeader(buffer, before.length)).to.deep.equal(header);
        expect(recordEnd(buffer, before.length)).to.equal(buffer.length);
      }),
    );
  });

  it('of results carry usage in front of the body', () => {
    const header = { taskId: 1, tryNumber: 2, fnId: 3, status: ResultStatus.Ok, durationUs: 4, startMs: 5, worker: 6 };
    const usage = { cpuMs: 7, peakMemoryKiB: 2 ** 33 };
    const record = encodeResult({ ...header, usage }, Buffer.from('body'));
    const { body, ...read } = readResult(record, 0);
    expect(read).to.deep.equal({ ...header, usage: { cpuMs: 7, peakMemoryKiB: 2 ** 32 - 1 } });
    expect(body.toString()).to.equal('body');
  });

  it('of results are read as they were written', () => {
    fc.assert(
      fc.property(resultHeader, bytes, (header, body) => {
        const record = encodeResult(header, body);
        expect(record.length).to.equal(RESULT_HEADER_BYTES + body.length);
        const { body: read, ...rest } = readResult(record, 0);
        expect(rest).to.deep.equal(header);
        expect(read.equals(body)).to.equal(true);
      }),
    );
  });

  it('keep the longest duration that fits', () => {
    const header = { taskId: 1, tryNumber: 1, fnId: 1, status: ResultStatus.Ok, durationUs: 2 ** 40, startMs: 0, worker: 0 };
    expect(readResult(encodeResult(header), 0).durationUs).to.equal(0xffffffff);
  });

  it('are counted where they are whole', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(taskHeader, bytes), { maxLength: 10 }), (tasks) => {
        const all = Buffer.concat(tasks.map(([header, args]) => taskRecord(header, args)));
        expect(countRecords(all, 0, TASK_HEADER_BYTES)).to.equal(tasks.length);
      }),
    );
  });

  it('that are cut anywhere are no records', () => {
    const whole = taskRecord({ taskId: 1, tryNumber: 1, fnId: 1, flags: 0, contextLength: 3 }, Buffer.from('arguments'));
    for (let length = 1; length < whole.length; length++)
      expect(countRecords(whole.subarray(0, length), 0, TASK_HEADER_BYTES), `${length} bytes`).to.equal(-1);
  });

  it('of any bytes are counted without reading beyond them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (noise) => {
        expect(countRecords(Buffer.from(noise), 0, RESULT_HEADER_BYTES)).to.be.at.least(-1);
      }),
    );
  });
});
