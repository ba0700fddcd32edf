import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { OwnRecord } from '../../../providers/batch/run-record.ts';

describe('the record of a run’s batch jobs', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'flotilla-record-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('lists those that may be left, not all that there were', () => {
    const record = new OwnRecord(folder, { scheduler: 's', channel: 'c', prefix: 'flotilla.r.', scriptDir: '/s', graceMs: 0 });
    for (const id of ['1', '2']) record.add(id, `flotilla.r.${id}`);
    record.forget('1');
    record.add('3', 'flotilla.r.3');
    const { jobs } = JSON.parse(readFileSync(record.path, 'utf8')) as { jobs: object };
    expect(jobs).to.deep.equal({ 2: 'flotilla.r.2', 3: 'flotilla.r.3' });
  });
});
