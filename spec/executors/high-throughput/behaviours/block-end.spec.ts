/** Blocks that come to the end of their walltime: tasks are warned, finish or save what they need, and go on in the next block. */
import { expect } from 'chai';
import { bashApp, jsApp, PlacementError, pythonApp, sh } from '../../../../index.ts';
import { TestRun } from '../../../support/high-throughput.ts';
import { failureOf } from '../../../support/kernel.ts';

const PATIENCE_MS = 120_000;

/** Each does half of its work, waits for the signal with the rest, and goes on from what it has saved. */
const bashSaves = bashApp(
  (file: string) => sh`if [ -e ${file} ]; then echo "went on: $(cat ${file})"; exit 0; fi
    trap 'echo bash > ${file}; exit 75' USR1
    while :; do sleep 0.05; done`,
  { returns: 'stdout' },
);
const jsSaves = jsApp(async (file: string) => {
  const { existsSync, readFileSync, writeFileSync } = await import('node:fs');
  if (existsSync(file)) return `went on: ${readFileSync(file, 'utf8')}`;
  await new Promise<void>((resolve) => process.once('SIGUSR1', resolve));
  writeFileSync(file, 'js');
  return new Promise<string>(() => undefined);
});
const pythonSaves = pythonApp<[string], string>(`
def saves(file):
    import os, signal, time
    if os.path.exists(file):
        return 'went on: ' + open(file).read()
    def save(number, frame):
        with open(file, 'w') as out:
            out.write('python')
        raise RuntimeError('saved')
    signal.signal(signal.SIGUSR1, save)
    while True:
        time.sleep(0.05)
`);

describe('a block that comes to the end of its walltime', function () {
  this.timeout(PATIENCE_MS);

  it('warns what runs, which saves what it needs and goes on in the next block at no cost', async () => {
    await using run = await TestRun.open({
      executor: { maxWorkersPerNode: 4, coresPerWorker: 0.25, walltimeWarning: '6s' },
      provider: { walltime: '14s' },
    });
    const futures = [bashSaves(run.path('bash.saved')), jsSaves(run.path('js.saved')), pythonSaves(run.path('python.saved'))];
    const results = await Promise.all(futures);
    expect(results.map((result) => result.trim())).to.deep.equal(['went on: bash', 'went on: js', 'went on: python']);
    for (const { tries } of futures) {
      expect(tries.map(({ outcome }) => outcome)).to.deep.equal(['expired', 'done']);
      expect(tries.map(({ worker }) => /block (\d)/.exec(worker)?.[1])).to.deep.equal(['0', '1']);
    }
    expect(run.logText()).not.to.match(/was lost/);
  });

  it('lets who does not listen to the warning go on, and takes what is done in time', async () => {
    await using run = await TestRun.open({ executor: { walltimeWarning: '9s' }, provider: { walltime: '14s' } });
    const over = bashApp((file: string) => sh`until [ -e ${file} ]; do sleep 0.05; done`);
    const warned = bashApp(
      (file: string) => sh`trap 'touch ${file}; trap "" USR1' USR1; until [ -e ${file} ]; do sleep 0.05; done; exit 0`,
    );
    const futures = [over(run.path('over')), warned(run.path('over'))];
    await Promise.all(futures);
    for (const { tries } of futures) expect(tries.map(({ outcome }) => outcome)).to.deep.equal(['done']);
  });

  it('starts no task there that has no time left for its walltime, but in the next block', async () => {
    await using run = await TestRun.open({ executor: { walltimeWarning: '1s' }, provider: { walltime: '30s' } });
    const [manager] = await run.managers(1);
    const spend = jsApp((ms: number) => new Promise<number>((resolve) => setTimeout(() => resolve(process.ppid), ms)));
    expect(await spend(9000)).to.equal(manager);
    // A block that has just come up has so much time; this one has not.
    const future = jsApp(() => process.ppid, { walltime: '20s' })();
    expect(run.kernel.explain(future.taskId)).to.match(
      /waits for a block with 20s left, and here they have \S+ at most: block 0 has 1 manager/,
    );
    expect(await future).not.to.equal(manager);
    expect(future.tries.map(({ outcome }) => outcome)).to.deep.equal(['done']);
  });

  it('fails a task at once whose walltime no block will ever have', async () => {
    await using run = await TestRun.open({ provider: { walltime: '1h' } });
    const error = await failureOf(jsApp(() => 1, { walltime: '2h', retries: 5 })());
    expect(error).to.be.instanceOf(PlacementError);
    expect(error).to.include({ code: 'FLOTILLA_PLACEMENT_ERROR', walltimeMs: 7_200_000, availableMs: 3_570_000 });
    expect(error.message).to.match(
      /it needs 2h, and blocks of executor 'htex' have a walltime of 1h, of which the last 30s .* no block will ever/,
    );
    expect(await jsApp(() => 1, { walltime: '59m' })()).to.equal(1);
    expect(run.logText()).not.to.match(/was lost/);
  });
});
