/**
 * The wall clock is set an hour forward or back while something waits or measures. The parts of a whole run that look at clocks, one by one;
 * a run as a whole: spec/chaos/processes.spec.ts.
 */
import { expect } from 'chai';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Blocks } from '../../executors/blocks/blocks.ts';
import { BlockEnd } from '../../executors/high-throughput/manager/block-end.ts';
import { encodeHeader } from '../../lib/memo/checkpoint-format.ts';
import { readCheckpoint } from '../../lib/memo/checkpoint-reader.ts';
import { CheckpointWriter } from '../../lib/memo/checkpoint-writer.ts';
import type { JobStatus, ProviderDescription, RunningProvider } from '../../lib/provider.ts';
import { systemClock } from '../../providers/batch/clock.ts';
import { LocalProvider } from '../../providers/local/description.ts';
import { closeStages, Stage, tasks } from '../executors/workers/pool-stage.ts';
import { eventually } from '../support/eventually.ts';

/** Nothing in here takes as long, and the clock is set by more. */
const MINUTES_MS = 10 * 60_000;

for (const [what, byMs] of [
  ['an hour forward', 3_600_000],
  ['an hour back', -3_600_000],
] as const) {
  describe(`a wall clock that is set ${what}`, () => {
    const real = Date.now;
    let folder: string;
    const setClock = (): void => void (Date.now = () => real() + byMs);
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'flotilla-clock-'));
    });
    afterEach(() => {
      Date.now = real;
      closeStages();
      rmSync(folder, { recursive: true });
    });

    /** Blocks whose jobs are there at once, or cannot be had at present. */
    function startBlocks(heard: string[], isDown = false): Blocks {
      const { type, limits, launcher, statusPollMs, isLocal } = new LocalProvider();
      const submit = async (): Promise<string> => {
        heard.push('submit');
        if (isDown) throw Object.assign(new Error('the scheduler is down'), { retryable: true });
        return 'job-1';
      };
      const running = { submit, status: async () => new Map(), cancel: async () => undefined, close: async () => undefined, killNow() {} };
      const provider: ProviderDescription = {
        type,
        limits,
        launcher,
        statusPollMs,
        isLocal,
        start: () => running as unknown as RunningProvider,
      };
      const blocks = new Blocks({
        label: 'htex',
        provider,
        context: { runId: 'r', runDir: folder, workingDirectory: folder, log() {} },
        command: () => 'true',
        env: {},
        load: () => ({ outstanding: isDown ? 1 : 0 }),
        onFail: (error) => void heard.push(error.message),
        onDrain: (blockId) => void heard.push(`drain ${blockId}`),
      });
      blocks.start();
      return blocks;
    }

    it('lets no block go for having been idle', async () => {
      const heard: string[] = [];
      const blocks = startBlocks(heard);
      await eventually('its job', () => blocks.jobOf('0'));
      blocks.managerRegistered('0', 4);
      blocks.tick();
      setClock();
      blocks.tick();
      expect(heard).to.deep.equal(['submit']);
      blocks.killNow();
    });

    it('holds no submission back that is to be tried again', async () => {
      const heard: string[] = [];
      const blocks = startBlocks(heard, true);
      const wait = (): string | undefined => /the next is submitted in \d+ s/.exec(blocks.status())?.[0];
      const [before, after] = await eventually('refusals enough for a wait', () => {
        const waits = [wait()];
        setClock();
        waits.push(wait());
        Date.now = real;
        return waits[0] !== undefined && waits;
      });
      expect(after).to.equal(before);
      blocks.killNow();
    });

    it('ends no block, and leaves none without its warning', () => {
      const nothing = { warn() {}, leave() {} };
      const end = new BlockEnd({ endsAtMs: real() + 3 * MINUTES_MS, warningMs: 0, leaveMs: 0, ...nothing });
      const before = end.timeLeftMs ?? 0;
      setClock();
      expect(before - (end.timeLeftMs ?? 0)).to.be.within(0, MINUTES_MS);
    });

    it('holds no command to a scheduler back, nor sends too many', () => {
      const before = systemClock.now();
      setClock();
      expect(systemClock.now() - before).to.be.within(0, MINUTES_MS);
    });

    it('ends no job that another driver takes over, with a walltime that is not over', async () => {
      const ended: string[] = [];
      const context = { runId: 'r', scriptDir: folder, workingDirectory: folder, log() {} };
      const jobChanged = (jobId: string, { state }: JobStatus): void => void (state === 'timeout' && ended.push(jobId));
      const first = new LocalProvider().start({ ...context, jobChanged() {} });
      const submit = (name: string): Promise<string> => first.submit({ command: 'sleep 300', name, env: {} });
      const [long, short] = [await submit('flotilla.r.0'), await submit('flotilla.r.1')];
      setClock();
      const adopt = (walltime: string, jobId: string, name: string): RunningProvider => {
        const heir = new LocalProvider({ walltime }).start({ ...context, jobChanged });
        heir.adopt?.([{ jobId, name, stdoutPath: join(folder, `${name}.stdout`), stderrPath: join(folder, `${name}.stderr`) }]);
        return heir;
      };
      const heirs = [adopt('30m', long, 'flotilla.r.0'), adopt('300ms', short, 'flotilla.r.1')];
      // The other would have ended before.
      await eventually('the end of the one whose walltime is over', () => ended.length > 0);
      expect(ended).to.deep.equal([short]);
      await Promise.all([first, ...heirs].map((provider) => provider.close()));
    });

    it('leaves no task behind one that takes long', async () => {
      const stage = new Stage(2);
      const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i);
      // One, one, two, two, and then four.
      await stage.submit(tasks(...range(1001, 6), ...range(1, 4), ...range(2001, 30)));
      const [busy, idle] = stage.runners;
      if (!busy || !idle) throw new Error('there are not two runners');
      for (const runner of [busy, idle, busy]) runner.finishAll();
      while (idle.batch) idle.finishAll();
      expect(busy.batch?.count, 'tasks in one batch').to.equal(4);
      setClock();
      busy.kept = 1;
      await eventually('a task for the slot that idles', () => idle.batch);
    });

    it('breaks no checkpoint', async () => {
      const path = join(folder, 'results.ckpt');
      const header = { run: '007', startedMs: real(), resumes: [] };
      const writer = new CheckpointWriter({ path, header: () => encodeHeader(header), onRefused() {} });
      const write = (text: string): void => {
        writer.add({ body: Buffer.from(text), written() {} });
        expect(writer.flush()).to.equal(true);
      };
      write('before');
      setClock();
      write('after');
      expect(writer.close()).to.equal(0);
      const texts: string[] = [];
      const { tornBytes, damaged } = await readCheckpoint(path, (_, body) => texts.push(body.toString()));
      expect([texts, tornBytes, damaged]).to.deep.equal([['before', 'after'], 0, 0]);
    });
  });
}
