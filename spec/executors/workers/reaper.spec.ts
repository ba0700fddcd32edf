import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { startReaper } from '../../../executors/workers/reaper.ts';

describe('the reaper', () => {
  it('that cannot be started is an error that says what may be too low, and leaves no folder: nothing is started then', () => {
    const scratch = mkdtempSync(join(tmpdir(), 'flotilla-reaper-'));
    expect(() => startReaper('manager', scratch, '/nowhere/sh')).to.throw(
      '/nowhere/sh cannot be started to clean up behind workers; is a limit too low (ulimit -n, ulimit -u)?',
    );
    expect(existsSync(scratch)).to.equal(false);
  });
});
