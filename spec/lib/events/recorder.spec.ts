import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readdirSync, readlinkSync } from 'node:fs';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunEvent, RunStarted } from '../../../lib/events/events.ts';
import { EVENT_LOG } from '../../../lib/events/format.ts';
import { readEvents } from '../../../lib/events/reader.ts';
import { EventRecorder } from '../../../lib/events/recorder.ts';
import { kernelChannel, logChannel, taskChannel, tellBlock, tellTask, tellTry } from '../../../lib/kernel/channels.ts';
import { eventually } from '../../support/eventually.ts';
import { stderrOf } from '../../support/streams.ts';

const started: RunStarted = {
  kind: 'runStarted',
  runId: 'r',
  flotilla: '0',
  node: 'v24',
  host: 'h',
  pid: 1,
  cwd: '/',
  argv: [],
  executors: [],
};
const called = (taskId: number): RunEvent & { kind: 'taskCalled' } => ({ kind: 'taskCalled', taskId, name: 'app', app: 'js' });

describe('the recorder of events', () => {
  let runDir: string;
  beforeEach(async () => {
    runDir = await realpath(await mkdtemp(join(tmpdir(), 'flotilla-recorder-')));
  });
  afterEach(() => rm(runDir, { recursive: true, force: true }));

  const read = async (): Promise<RunEvent[]> => {
    const events: RunEvent[] = [];
    for await (const batch of readEvents(join(runDir, EVENT_LOG))) events.push(...batch.map(({ event }) => event));
    return events;
  };

  it('writes what is told on the channels, and stops when it is closed', async () => {
    expect(taskChannel.hasSubscribers).to.equal(false);
    const recorder = new EventRecorder(runDir, started);
    kernelChannel.publish({ state: 'started', runDir });
    tellTask(called(1));
    tellTry({ kind: 'tryLaunched', taskId: 1, tryNumber: 1, executor: 'x' });
    tellBlock({ kind: 'blockDrained', executor: 'x', block: '0' });
    await recorder.close();
    await recorder.close();
    tellTask(called(2));
    expect((await read()).map(({ kind }) => kind)).to.deep.equal([
      'runStarted',
      'kernelChanged',
      'taskCalled',
      'tryLaunched',
      'blockDrained',
    ]);
    expect(taskChannel.hasSubscribers).to.equal(false);
  });

  it('writes by itself, soon, while the run goes on', async () => {
    const recorder = new EventRecorder(runDir, started);
    tellTask(called(1));
    await eventually('the event to be in the file', async () => (await read()).some(({ kind }) => kind === 'taskCalled'));
    await recorder.close();
  });

  it('has written everything when the process ends without closing it, however much was on its way', async () => {
    const script = `
      const { EventRecorder } = await import(${JSON.stringify(new URL('../../../lib/events/recorder.ts', import.meta.url).href)});
      const { tellTask } = await import(${JSON.stringify(new URL('../../../lib/kernel/channels.ts', import.meta.url).href)});
      new EventRecorder(${JSON.stringify(runDir)}, ${JSON.stringify(started)});
      const burst = (from) => { for (let i = 0; i < 30_000; i++) tellTask({ kind: 'taskCalled', taskId: from + i, name: 'app', app: 'js' }); };
      burst(0);
      setImmediate(() => { burst(30_000); process.exit(3); });`;
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script], {
      stdio: 'inherit',
    });
    expect((await once(child, 'exit'))[0]).to.equal(3);
    const ids = (await read()).flatMap((event) => (event.kind === 'taskCalled' ? [event.taskId] : []));
    expect(ids).to.deep.equal(Array.from({ length: 60_000 }, (_, i) => i));
  });

  it('says so at its end when somebody has removed the file', async () => {
    const recorder = new EventRecorder(runDir, started);
    await rm(join(runDir, EVENT_LOG));
    let closed: Promise<void> | undefined;
    const text = stderrOf(() => void (closed = recorder.close()));
    await closed;
    expect(text).to.equal('flotilla: events.log of this run was removed while it went on: no command can tell of the run\n');
  });

  it('gives up what cannot be written, says so once, and goes on when it can be', async () => {
    const said: string[] = [];
    const listen = (message: unknown): void => void said.push((message as { message: string }).message);
    logChannel.subscribe(listen);
    const recorder = new EventRecorder(runDir, started);
    tellTask(called(1));
    await eventually('the first batch', async () => (await read()).length === 2);
    // The file's descriptor becomes one that cannot be written to: as a full disk, every write fails.
    const fd = descriptorOf(join(runDir, EVENT_LOG));
    closeSync(fd);
    expect(openSync(join(runDir, EVENT_LOG), 'r')).to.equal(fd);
    for (const taskId of [2, 3]) {
      tellTask({ ...called(taskId), name: 'other' });
      await eventually('the write to fail', () => said.length > 0);
    }
    closeSync(fd);
    expect(openSync(join(runDir, EVENT_LOG), 'r+')).to.equal(fd);
    tellTask(called(4));
    await recorder.close();
    logChannel.unsubscribe(listen);
    expect(said).to.have.length(1);
    expect(said[0]).to.match(/events of this run are lost, its log \(events\.log\) cannot be written: EBADF/);
    const events = await read();
    expect(events.slice(0, 2)).to.deep.equal([started, called(1)]);
    expect(events.at(-1)).to.deep.equal(called(4));
    expect(events[2]).to.include({ kind: 'eventsLost' });
  });
});

function descriptorOf(path: string): number {
  const found = readdirSync('/proc/self/fd').find((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === path;
    } catch {
      return false; // The folder's own, closed by now.
    }
  });
  return Number(found);
}
