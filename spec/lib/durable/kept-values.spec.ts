import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { isValueThere, withKeptValue } from '../../../lib/durable/kept-values.ts';
import type { TryOutcome } from '../../../lib/executor.ts';
import { decodeStored, encodeStored, encodeValue } from '../../../lib/wire/value-codec.ts';
import { ResultStatus } from '../../../lib/wire/records.ts';

describe('large results that are kept for another driver', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'flotilla-kept-'));
    mkdirSync(join(folder, 'store'));
    writeFileSync(join(folder, 'store', 'x'), 'a large value');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const outcome = (body: Buffer): TryOutcome => ({
    taskId: 7,
    tryNumber: 2,
    status: ResultStatus.Ok,
    body,
    host: '',
    worker: '',
    startMs: 0,
    durationUs: 0,
  });
  const stored = (): Buffer => encodeStored({ store: 'file', key: join(folder, 'store', 'x'), size: 13, hash: '' });

  it('outlive the file in the store', () => {
    const kept = withKeptValue(outcome(stored()), folder);
    rmSync(join(folder, 'store', 'x'));
    expect(isValueThere(kept)).to.equal(true);
    expect(readFileSync(decodeStored(kept.body).key, 'utf8')).to.equal('a large value');
  });

  it('are kept again under the same name where they are there already', () => {
    withKeptValue(outcome(stored()), folder);
    const { key } = decodeStored(withKeptValue(outcome(stored()), folder).body);
    expect(readFileSync(key, 'utf8')).to.equal('a large value');
  });

  it('are not there if the file is gone, or shorter than it was', () => {
    const kept = withKeptValue(outcome(stored()), folder);
    const { key } = decodeStored(kept.body);
    truncateSync(key, 3);
    expect(isValueThere(kept)).to.equal(false);
    rmSync(key);
    expect(isValueThere(kept)).to.equal(false);
  });

  it('are left alone if they travel in the message', () => {
    const small = outcome(encodeValue(1));
    expect(withKeptValue(small, folder)).to.equal(small);
    expect(isValueThere(small)).to.equal(true);
    expect(existsSync(join(folder, 'durable'))).to.equal(false);
  });
});
