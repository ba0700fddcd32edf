/** Blocks with real jobs on this machine. */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { SimpleLauncher } from '../../../launchers/simple-launcher.ts';
import type { Blocks } from '../../../executors/blocks/blocks.ts';
import { LocalProvider } from '../../../providers/local/description.ts';
import { isAlive } from '../../launchers/run-script.ts';
import { eventually } from '../../support/eventually.ts';
import { BlocksBench } from './blocks-bench.ts';

describe('Blocks', () => {
  let bench: BlocksBench;
  beforeEach(async () => {
    bench = await BlocksBench.open();
  });
  afterEach(() => bench.close());

  it("starts each block's manager with the executor's environment and its block id", async () => {
    const blocks = bench.start({
      provider: new LocalProvider({ initBlocks: 2, maxBlocks: 2 }),
      command: (blockId) => `echo "${blockId} $FLOTILLA_BLOCK_ID $KEY" > block-${blockId}; exec sleep 300`,
      env: { KEY: "it's" },
    });
    for (const id of ['0', '1']) {
      await eventually(`block ${id} has written`, () => readFile(join(bench.dir, `block-${id}`), 'utf8').catch(() => undefined));
      expect(await readFile(join(bench.dir, `block-${id}`), 'utf8')).to.equal(`${id} ${id} it's\n`);
    }
    expect(blocks.jobOf('0')?.jobId).to.match(/^local-\d+$/);
  });

  it('fails the executor with exit code and stderr when the manager cannot be started', async () => {
    bench.outstanding = 1;
    bench.start({ provider: new LocalProvider(), command: () => '/no/such/node manager.js' });
    const error = await bench.failure();
    expect(error).to.include({ name: 'ExecutorFailed', code: 'FLOTILLA_EXECUTOR_FAILED', label: 'htex', exitCode: 127 });
    expect(error.message)
      .to.include("executor 'htex' failed: 3 blocks in a row ended before a manager registered:")
      .and.match(/block 2: failed, exit code 127/)
      .and.match(/the end of its stderr:\n.*\/no\/such\/node: No such file/);
  });

  /** A manager comes to each block, and both are gone at once. */
  async function comeAndGo(blocks: Blocks, blockId: string): Promise<void> {
    await bench.jobRuns(blocks, blockId);
    blocks.managerRegistered(blockId, 1);
    process.kill(-bench.pidOf(blocks, blockId), 'SIGKILL');
    await eventually(`the end of block ${blockId}`, () => blocks.jobOf(blockId)?.state === 'failed');
  }

  it('fails the executor when managers come and are gone at once, and no task ends', async () => {
    bench.outstanding = 1;
    const blocks = bench.start({ provider: new LocalProvider(), failureLimit: 1, command: () => 'echo bad library >&2; exec sleep 300' });
    await comeAndGo(blocks, '0');
    await comeAndGo(blocks, '1');
    const error = await bench.failure();
    expect(error.message)
      .to.include('2 blocks in a row ended within seconds of the registration of their managers, and not one task has ended there:')
      .and.match(/block 1: failed, killed by SIGKILL/);
  });

  it('goes on with blocks whose managers come and are gone at once where tasks end in between', async () => {
    bench.outstanding = 1;
    const blocks = bench.start({ provider: new LocalProvider(), failureLimit: 1 });
    await comeAndGo(blocks, '0');
    blocks.resultsCame();
    await comeAndGo(blocks, '1');
    await bench.jobRuns(blocks, '2');
    expect(bench.failures).to.deep.equal([]);
  });

  it('are looked at when work comes, and soon once more if it comes again and again', async () => {
    let looks = 0;
    const load = (): { outstanding: number } => {
      looks++;
      return { outstanding: bench.outstanding };
    };
    const blocks = bench.start({ provider: new LocalProvider({ initBlocks: 0 }), strategyPeriodMs: 3_600_000, load });
    const before = looks;
    for (let i = 0; i < 100; i++) {
      blocks.workCame();
      await Promise.resolve();
    }
    expect(looks - before).to.equal(1);
    bench.outstanding = 1;
    blocks.workCame();
    await bench.jobRuns(blocks, '0');
  });

  it('fails the executor when workerInit fails', async () => {
    bench.outstanding = 1;
    bench.start({ provider: new LocalProvider({ workerInit: 'echo "module: command not found" >&2; false' }) });
    const error = await bench.failure();
    expect(error).to.include({ exitCode: 1 });
    expect(error.message).to.include('module: command not found').and.include('workerInit failed');
  });

  it('fails the executor when the provider throws', async () => {
    bench.outstanding = 1;
    await writeFile(join(bench.dir, 'blocks'), 'in the way of the folder');
    bench.start({ provider: new LocalProvider() });
    const error = await bench.failure();
    expect(error.message).to.match(/block 2: job 'flotilla.run1.htex-2' could not be started on this machine: E/);
    expect(error.cause).to.have.property('name', 'SubmitError');
  });

  it('fails once, and starts nothing after it', async () => {
    bench.outstanding = 10;
    const blocks = bench.start({ provider: new LocalProvider({ initBlocks: 5, maxBlocks: 5 }), command: () => 'exit 9' });
    await bench.failure();
    blocks.tick();
    await eventually('all have ended', () => blocks.status() === 'no block: starting them was given up');
    expect(bench.failures).to.have.length(1);
    expect(blocks.jobOf('6'), 'more than one was replaced').to.equal(undefined);
  });

  it('replaces a block whose manager was killed while there is work, and knows how the old one ended', async () => {
    bench.outstanding = 1;
    const blocks = bench.start({ provider: new LocalProvider(), command: () => 'echo "last words" >&2; touch spoken; exec sleep 300' });
    await eventually('it has spoken', () =>
      readFile(join(bench.dir, 'spoken')).then(
        () => true,
        () => false,
      ),
    );
    blocks.managerRegistered('0', 2);
    process.kill(-bench.pidOf(blocks, '0'), 'SIGKILL');
    blocks.managerGone('0', 'its connection was lost');
    expect(await blocks.jobEnd('0', 20_000)).to.include({ state: 'failed', signal: 'SIGKILL', stderrTail: 'last words\n' });
    await bench.jobRuns(blocks, '1');
    expect(bench.failures).to.deep.equal([]);
  });

  it('keeps the last 4 KB of what a block said', async () => {
    bench.outstanding = 1;
    const blocks = bench.start({
      provider: new LocalProvider({ launcher: new SimpleLauncher() }),
      command: () => 'seq 1 100000 >&2; exit 1',
      failureLimit: 1,
    });
    await bench.failure();
    const tail = blocks.jobOf('0')?.stderrTail ?? '';
    expect(tail)
      .to.have.length(4096)
      .and.match(/\n99999\n100000\n$/);
  });

  it('does not wait for ever for the end of a job', async () => {
    const blocks = bench.start({ provider: new LocalProvider() });
    await bench.jobRuns(blocks, '0');
    expect(await blocks.jobEnd('0', 20)).to.include({ state: 'running' });
    expect(await blocks.jobEnd('7', 20)).to.equal(undefined);
  });

  it('lets idle blocks go and sees them leave', async () => {
    // Work, so that it is not given back before it has begun.
    bench.outstanding = 1;
    const blocks = bench.start({ provider: new LocalProvider(), strategyPeriodMs: 10, maxIdleTimeMs: 50 });
    await bench.jobRuns(blocks, '0');
    blocks.managerRegistered('0', 2);
    bench.outstanding = 0;
    await eventually('it is let go', () => bench.heard.includes('drain 0'));
    expect(blocks.status()).to.match(/^block 0 takes no new tasks and leaves \(job local-\d+\)$/);
    blocks.managerGone('0', 'it left');
    process.kill(-bench.pidOf(blocks, '0'), 'SIGTERM');
    await eventually('it has left', () => blocks.status() === 'no block');
    expect(bench.heard).to.deep.equal(['drain 0']);
  });

  it('starts a block at once when work comes and a tick is asked for', async () => {
    const blocks = bench.start({ provider: new LocalProvider({ initBlocks: 0 }), strategyPeriodMs: 3_600_000 });
    expect(blocks.status()).to.equal('no block');
    bench.outstanding = 1;
    blocks.tick();
    await bench.jobRuns(blocks, '0');
  });

  it('says block by block why there are no workers', async () => {
    bench.outstanding = 1;
    const blocks = bench.start({ provider: new LocalProvider() });
    expect(blocks.status()).to.equal('block 0 is being submitted');
    await bench.jobRuns(blocks, '0');
    expect(blocks.status()).to.match(/^block 0 runs since 20\S+Z \(job local-\d+\), but no manager has registered$/);
    blocks.managerRegistered('0', 2);
    expect(blocks.status()).to.match(/^block 0 has 1 manager with 2 slots \(job local-\d+\)$/);
    blocks.managerGone('0', 'silence');
    expect(blocks.status()).to.match(/^block 0 has lost its managers, its job is running since/);
  });

  it('says when it tries again, and why it waits', async () => {
    bench.outstanding = 1;
    const blocks = bench.start({ provider: new LocalProvider(), command: () => 'exit 9', failureLimit: 100 });
    const waiting = /^no block; the next is submitted in \d+ s, after \d blocks went wrong \(the last: failed, exit code 9\)$/;
    await eventually('it waits', () => waiting.test(blocks.status()));
  });

  it('leaves no process when it closes, and closes once', async () => {
    const blocks = bench.start({ provider: new LocalProvider({ initBlocks: 2, maxBlocks: 2 }) });
    await bench.jobRuns(blocks, '0');
    await bench.jobRuns(blocks, '1');
    const pids = ['0', '1'].map((id) => bench.pidOf(blocks, id));
    await Promise.all([blocks.close(10_000), blocks.close(10_000)]);
    for (const pid of pids) expect(await isAlive(pid)).to.equal(false);
    expect(blocks.status()).to.equal('no block: the executor is closing');
    expect(bench.failures).to.deep.equal([]);
  });

  it('cancels a block that is being submitted while it closes', async () => {
    const blocks = bench.start({ provider: new LocalProvider() });
    await blocks.close(10_000);
    expect(blocks.jobOf('0')?.state).to.be.oneOf([undefined, 'cancelled']);
  });

  it('kills what does not end within the time that closing has', async () => {
    const blocks = bench.start({
      provider: new LocalProvider({ launcher: new SimpleLauncher() }),
      command: () => `trap '' TERM; touch deaf; while :; do sleep 0.02; done`,
    });
    await eventually('it does not listen', () =>
      readFile(join(bench.dir, 'deaf')).then(
        () => true,
        () => false,
      ),
    );
    const pid = bench.pidOf(blocks, '0');
    await blocks.close(100);
    await eventually('it is gone', async () => !(await isAlive(pid)));
    expect(bench.log.join('\n')).to.match(/^warn: .*have not ended within 100 ms and are killed: block 0 is being cancelled/m);
  });

  it('kills at once when it is told to', async () => {
    const blocks = bench.start({ provider: new LocalProvider() });
    await bench.jobRuns(blocks, '0');
    const pid = bench.pidOf(blocks, '0');
    blocks.killNow();
    await eventually('it is gone', async () => !(await isAlive(pid)));
  });

  it('asks a block error handler instead of counting', async () => {
    bench.outstanding = 1;
    const asked: number[] = [];
    bench.start({
      provider: new LocalProvider(),
      command: () => 'exit 9',
      failureLimit: 1,
      errorHandler: (failed) => {
        asked.push(failed.size);
        return failed.size < 2 ? undefined : new Error(`block 1 ended with ${failed.get('1')?.exitCode}`);
      },
    });
    expect((await bench.failure()).message).to.equal("executor 'htex' failed: blockErrorHandler says: block 1 ended with 9");
    expect(asked).to.deep.equal([1, 2]);
  });

  it('does not give up when failing blocks are to be forgiven', async () => {
    bench.outstanding = 1;
    const blocks = bench.start({ provider: new LocalProvider(), command: () => 'exit 9', failureLimit: 1, errorHandler: false });
    await eventually('the third one has ended', () => blocks.jobOf('2')?.state === 'failed');
    expect(bench.failures).to.deep.equal([]);
  });

  it('does not keep an idle driver alive', async () => {
    const root = new URL('../../../', import.meta.url);
    const script = `
      import { Blocks } from '${root}executors/blocks/blocks.ts';
      import { LocalProvider } from '${root}providers/local/description.ts';
      const dir = ${JSON.stringify(bench.dir)};
      const blocks = new Blocks({
        label: 'htex', provider: new LocalProvider(), env: {}, command: () => 'exec sleep 60',
        context: { runId: 'r', runDir: dir, workingDirectory: dir, log() {} },
        load: () => ({ outstanding: 0 }), onFail() {}, onDrain() {},
      });
      blocks.start();
      process.on('exit', () => blocks.killNow());`;
    await promisify(execFile)(process.execPath, ['--input-type=module-typescript', '-e', script], { timeout: 25_000 });
  });
});
