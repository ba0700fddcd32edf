import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { InterchangeKeeper } from '../../../executors/high-throughput/interchange-keeper.ts';
import type { InterchangeSettings } from '../../../executors/high-throughput/interchange/settings.ts';
import { childrenOf } from '../../support/high-throughput.ts';

describe('an interchange that never listens', () => {
  const node = process.execPath;
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'flotilla-keeper-'));
    process.execPath = join(folder, 'mute-node');
    writeFileSync(process.execPath, '#!/bin/sh\nexec sleep 600 # $0\n', { mode: 0o755 });
  });
  after(() => {
    process.execPath = node;
    rmSync(folder, { recursive: true });
  });

  it('is ended when its time is over, which fails the start with what to look at', async () => {
    const keeper = new InterchangeKeeper({
      label: 'htex',
      logPath: join(folder, 'log'),
      settings: () => ({}) as InterchangeSettings,
      results() {},
      event() {},
      spawned() {},
      began() {},
      replaced() {},
      failed() {},
      startTimeoutMs: 50,
    });
    const failure: Error = await keeper.start(0).then(
      () => expect.fail('it has started'),
      (error: Error) => error,
    );
    expect(failure.message).to.match(
      /it was not ready after 0\.05 s, and was ended: a limit of processes that it needs threads of \(ulimit -u/,
    );
    expect(childrenOf(process.pid, 'sleep 600')).to.deep.equal([]);
  });
});
