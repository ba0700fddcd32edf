/**
 * What real runs leave in their event logs.
 */
import { expect } from 'chai';
import { bashApp, jsApp, joinApp, pythonApp } from '../../../index.ts';
import { EVENT_LOG } from '../../../lib/events/format.ts';
import type { RunEvent } from '../../../lib/events/events.ts';
import { TaskHistories, type TaskHistory } from '../../../lib/events/projections/task-histories.ts';
import { readEvents } from '../../../lib/events/reader.ts';
import { join } from 'node:path';
import { eventually } from '../../support/eventually.ts';
import { forEachExecutor, highThroughput, openKernel, useKernel } from '../../support/kernel.ts';
import { readdirSync } from 'node:fs';

async function eventsOf(runDir: string): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  for await (const batch of readEvents(join(runDir, EVENT_LOG))) events.push(...batch.map(({ event }) => event));
  return events;
}

async function historiesOf(runDir: string): Promise<TaskHistories> {
  const histories = new TaskHistories();
  for await (const batch of readEvents(join(runDir, EVENT_LOG))) for (const logged of batch) histories.add(logged);
  return histories;
}

forEachExecutor('the event log of a run', (executor) => {
  const at = useKernel(executor);
  const historyOf = (taskId: number): Promise<TaskHistory> =>
    eventually(`the end of task ${taskId} in the log`, async () => {
      const task = (await historiesOf(at.kernel.runDir)).get(taskId);
      return task?.endedMs === undefined ? false : task;
    });

  it('has where and when a task ran, on the worker’s clock, and what it took if it was long', async () => {
    const before = performance.timeOrigin + performance.now() - 5;
    // Long enough by the clock, and with CPU time of its own, however busy the machine is.
    const spin = jsApp((ms: number) => {
      const [end, { user, system }] = [Date.now() + ms, process.cpuUsage()];
      const usedMs = (): number => (process.cpuUsage().user + process.cpuUsage().system - user - system) / 1000;
      while (Date.now() < end || usedMs() < ms / 2);
    });
    const future = spin(150);
    await future;
    const { tries, calledMs, endedMs } = await historyOf(future.taskId);
    expect(tries).to.have.length(1);
    const [first] = tries;
    expect(first).to.include({ number: 1, outcome: 'done', host: future.tries[0]?.host, worker: future.tries[0]?.worker });
    expect(first?.worker).not.to.equal('');
    expect(first?.startMs).to.be.within(before, endedMs as number);
    expect((first?.endMs as number) - (first?.startMs as number)).to.be.within(149, (endedMs as number) - before);
    expect(first?.usage?.cpuMs).to.be.within(20, 30_000);
    expect(calledMs).to.be.within(before, first?.launchedMs as number);
  });

  it('has commands with exit code, CPU time and memory', async () => {
    const command = bashApp((code: number) => `head -c 30000000 /dev/zero | sort >/dev/null; sleep 0.06; exit ${code}`);
    const [good, bad] = [command(0), command(15)];
    await Promise.allSettled([good, bad]);
    const done = await historyOf(good.taskId);
    expect(done.app).to.equal('bash');
    expect(done.tries[0]?.usage?.peakMemoryKiB).to.be.greaterThan(20_000);
    const failed = await historyOf(bad.taskId);
    expect(failed.error).to.include({ name: 'BashExitError', code: 'FLOTILLA_BASH_EXIT_ERROR', exitCode: 15 });
  });

  it('has Python tasks, with their traceback where they fail', async () => {
    const work = pythonApp('def work(s):\n    import time\n    time.sleep(s)\n    return 1 / s');
    const [long, failing] = [work(0.06), work(0)];
    await Promise.allSettled([long, failing]);
    expect((await historyOf(long.taskId)).tries[0]?.usage?.peakMemoryKiB).to.be.greaterThan(1000);
    const { error } = await historyOf(failing.taskId);
    expect(error).to.include({ name: 'PythonError' });
    expect(error?.detail).to.match(/ZeroDivisionError/);
  });

  it('has every try of a task that is tried again', async () => {
    const failing = jsApp(
      () => {
        throw new RangeError('no');
      },
      { retries: 1 },
    );
    const future = failing();
    await future.exception();
    const { tries, state } = await historyOf(future.taskId);
    expect(tries.map(({ number, outcome, error }) => [number, outcome, error?.message])).to.deep.equal([
      [1, 'failed', 'no'],
      [2, 'failed', 'no'],
    ]);
    expect(state).to.equal('failed');
  });

  it('has what a task depended on, what it was called by, and why it did not run', async () => {
    const one = jsApp(() => 1);
    const pass = jsApp((x: number) => x);
    const joined = joinApp(() => one());
    const boom = jsApp((): number => {
      throw new Error('boom');
    });
    const root = boom();
    const [kept, behind, join] = [pass(one()), pass(root), joined()];
    const end = pass(behind);
    await Promise.allSettled([kept, end, join]);
    expect((await historyOf(kept.taskId)).after).to.deep.equal([kept.taskId - 1]);
    expect(await historyOf(behind.taskId)).to.include({ state: 'dependencyFailed', upstream: root.taskId });
    expect(await historyOf(end.taskId)).to.deep.include({ state: 'dependencyFailed', upstream: behind.taskId, tries: [] });
    const called = [...(await historiesOf(at.kernel.runDir)).all()].filter(({ parent }) => parent === join.taskId);
    expect(called).to.have.length(1);
  });

  it('has cancellations with their reason', async () => {
    const forever = jsApp(() => new Promise<void>(() => {}));
    const future = forever();
    await eventually('its launch', async () => (await historiesOf(at.kernel.runDir)).get(future.taskId)?.state === 'launched');
    future.cancel('enough');
    await future.exception();
    const { state, cancelRequest, error, tries } = await historyOf(future.taskId);
    expect({ state, reason: cancelRequest?.reason, name: error?.name }).to.deep.equal({
      state: 'cancelled',
      reason: 'enough',
      name: 'CancelledError',
    });
    expect(tries.map(({ outcome }) => outcome)).to.deep.equal(['cancelled']);
  });
});

describe('the event log of a run', () => {
  it('has workers, managers and blocks from their beginning to their end, and the signal that ended a worker', async () => {
    const opened = await openKernel(highThroughput);
    try {
      const die = jsApp(() => void process.kill(process.pid, 'SIGKILL'), { onLost: 'fail' });
      const future = die();
      await future.exception();
      await opened.kernel.close();
      const events = await eventsOf(opened.kernel.runDir);
      const kinds = events.map(({ kind }) => kind);
      expect(kinds).to.include.members(['runStarted', 'blockSubmitted', 'managerRegistered', 'workerStarted', 'workerEnded']);
      expect(events[0]).to.include({ kind: 'runStarted', pid: process.pid });
      expect(events.at(-1)).to.deep.equal({ kind: 'kernelChanged', state: 'closed' });
      const killed = events.find((event) => event.kind === 'workerEnded' && event.signal === 'SIGKILL');
      expect(killed).to.include({ executor: 'htex', exitCode: null });
      const lost = events.find((event) => event.kind === 'tryEnded' && event.outcome === 'lost');
      expect(lost).to.have.nested.property('error.signal', 'SIGKILL');
      expect(events.findLast((event) => event.kind === 'blockChanged')).to.include({ state: 'cancelled' });
    } finally {
      await opened.dispose();
    }
  });

  it('is not kept with initializeLogging: false', async () => {
    const opened = await openKernel(highThroughput, { initializeLogging: false });
    const entries = readdirSync(opened.kernel.runDir);
    await opened.dispose();
    expect(entries).not.to.include(EVENT_LOG);
  });
});
