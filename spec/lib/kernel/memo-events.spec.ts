/**
 * What real runs leave in their event logs of the memo's decisions.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type AppFuture, bashApp, joinApp, jsApp } from '../../../index.ts';
import { EVENT_LOG } from '../../../lib/events/format.ts';
import { RunSummary } from '../../../lib/events/projections/run-summary.ts';
import { TaskHistories, type TaskHistory } from '../../../lib/events/projections/task-histories.ts';
import { readEvents } from '../../../lib/events/reader.ts';
import { eventually } from '../../support/eventually.ts';
import { forEachExecutor, useKernel } from '../../support/kernel.ts';

forEachExecutor('what the memo did, in the event log', (executor) => {
  const at = useKernel(executor);
  const logOf = (runDir: string) => readEvents(join(runDir, EVENT_LOG));

  /** Of a task that ends. */
  async function historyOf(future: AppFuture<unknown>): Promise<TaskHistory> {
    await future.exception();
    return await eventually(`the end of task ${future.taskId} in the log`, async () => {
      const histories = new TaskHistories();
      for await (const batch of logOf(at.kernel.runDir)) for (const logged of batch) histories.add(logged);
      const task = histories.get(future.taskId);
      return task?.endedMs === undefined ? false : task;
    });
  }

  const decisionsOf = async (future: AppFuture<unknown>): Promise<unknown[]> =>
    ((await historyOf(future)).memo ?? []).map(({ decision }) => decision);
  const ownRun = (): string => at.kernel.runDir.slice(-3);

  it('is nothing for the first call of an app; the next ones take its result, and have no tries', async () => {
    const app = jsApp((x: number) => x, { name: 'takes', cache: true });
    const first = app(1);
    expect(await decisionsOf(first)).to.deep.equal([]);
    const second = app(1);
    const taken = { kind: 'taken', run: ownRun(), task: first.taskId };
    expect(await decisionsOf(second)).to.deep.equal([taken]);
    expect(await historyOf(second)).to.deep.include({ state: 'done', tries: [] });
  });

  it('has twins wait for each other, and then take the result, or run when there is none', async () => {
    const flag = at.path('flag');
    const app = bashApp((file: string) => `test -e ${file}; code=$?; touch ${file}; exit $code`, { name: 'twins', cache: true });
    const [first, second, third] = [app(flag), app(flag), app(flag)];
    await first.exception();
    expect(await decisionsOf(second)).to.deep.equal([{ kind: 'twin', task: first.taskId }]);
    expect(await historyOf(second)).to.have.nested.property('tries[0].outcome', 'done');
    expect(await decisionsOf(third)).to.deep.equal([
      { kind: 'twin', task: first.taskId },
      { kind: 'twin', task: second.taskId },
      { kind: 'taken', run: ownRun(), task: second.taskId },
    ]);
  });

  it('names the parts of the key that no result has', async () => {
    const named = { name: 'misses', cache: true } as const;
    const app = jsApp((x: number, y: number) => x + y, named);
    await app(1, 2);
    expect(await decisionsOf(app(1, 3))).to.deep.equal([{ kind: 'missed', differing: ['args[1]'] }]);
    await app(2, 2);
    expect(await decisionsOf(app(2, 3))).to.deep.equal([{ kind: 'missed', differing: [] }]);
    expect(await decisionsOf(app.with({ version: '2' })(1, 2))).to.deep.equal([{ kind: 'missed', differing: ['version'] }]);
    const changed = jsApp((x: number, y: number) => x * y, named);
    expect(await decisionsOf(changed(1, 9))).to.deep.equal([{ kind: 'missed', differing: ['code', 'args[1]'] }]);
  });

  it('says why a task ran without the memo, or though there is a result', async () => {
    const one = jsApp(() => 1);
    const joined = joinApp((f: (x: number) => number) => one().then(f), { name: 'keyless', cache: true });
    const [without] = await decisionsOf(joined((x) => x));
    expect(without).to.have.property('kind', 'withoutKey');
    expect(without).to.have.property('reason').that.includes('args[0]');
    const output = at.path('written');
    const write = bashApp((path: string) => `echo 1 > ${path}`, { name: 'writes', cache: true, outputs: [output] });
    await write(output);
    writeFileSync(output, 'other than the task has left it');
    const [unusable] = await decisionsOf(write(output));
    expect(unusable).to.have.property('kind', 'unusable');
    expect(unusable).to.have.property('reason').that.includes(output);
  });

  it('is counted in the summary of the run, with the run that the results are of', async () => {
    const app = jsApp((x: number) => x, { name: 'counted', cache: true });
    await app(1);
    const again = [app(1), app(1)];
    for (const future of again) await historyOf(future);
    const summary = new RunSummary();
    for await (const batch of logOf(at.kernel.runDir)) for (const logged of batch) summary.add(logged);
    expect(summary.apps.get('js\ncounted')).to.include({ total: 3, done: 3, memoized: 2, runs: 1 });
    expect([...summary.taken.keys()]).to.deep.equal([ownRun()]);
    expect(summary.taken.get(ownRun())).to.equal(summary.counts.memoized);
  });
});
