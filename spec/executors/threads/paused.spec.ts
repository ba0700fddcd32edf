import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { ThreadPoolExecutor } from '../../../index.ts';
import type { ExecutorContext, RunningExecutor, TryRequest } from '../../../lib/executor.ts';
import { encodeValue, pack } from '../../../lib/wire/value-codec.ts';
import { eventually } from '../../support/eventually.ts';

/** As the kernel does it while there is hardly any room under the run directory. */
describe('a ThreadPoolExecutor that is to begin nothing', () => {
  const WHY = 'only 3.0 MiB are free under the run directory /runinfo/001';
  let folder: string;
  let executor: RunningExecutor;
  let ended: number[];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'flotilla-paused-'));
    ended = [];
    executor = await new ThreadPoolExecutor({ maxThreads: 1 }).start({
      runId: 'paused',
      runDir: folder,
      workingDirectory: folder,
      storeDir: folder,
      strategy: { name: 'none', periodMs: 1000, maxIdleTimeMs: 1000 },
      orphanGraceMs: undefined,
      takeOver: [],
      events: { sending() {}, tryEnded: ({ taskId }) => void ended.push(taskId), failed() {}, log() {} },
    } satisfies ExecutorContext);
  });
  afterEach(async () => {
    await executor.close(5000);
    rmSync(folder, { recursive: true });
  });

  const definition = Buffer.from(pack({ kind: 'js', name: 'f', form: 'source', source: '(x) => x' }));
  const submit = (taskId: number): void =>
    executor.submit({
      taskId,
      tryNumber: 1,
      fn: { fnId: 1, name: 'f', definition },
      flags: 0,
      priority: 0,
      context: Buffer.alloc(0),
      args: encodeValue([taskId]),
    } satisfies TryRequest);

  it('says why to whoever asks, and begins what waits when it may', async () => {
    submit(1);
    await eventually('the first', () => ended.length === 1);
    executor.setPaused?.(WHY);
    for (const taskId of [2, 3, 4]) submit(taskId);
    await new Promise(setImmediate);
    expect([executor.status().queued, executor.status().running]).to.deep.equal([3, 0]);
    expect(executor.explain(2)).to.match(/queued at executor '.*': nothing is begun, only 3\.0 MiB are free under the run directory/);
    executor.setPaused?.(undefined);
    await eventually('the others', () => ended.length === 4);
    expect(ended).to.deep.equal([1, 2, 3, 4]);
  });
});
