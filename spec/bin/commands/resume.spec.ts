/** Behaviour 36, with real processes: what a run that was ended in any way leaves to the next. */
import { readdirSync, readFileSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { eventually } from '../../support/eventually.ts';
import { makeScriptFolder, packageUrl, type RunResult, type ScriptFolder } from '../../support/flotilla-run.ts';
import { processesOf } from '../../support/leftovers.ts';

/** Twenty tasks; those from the tenth on wait for a file `go`. Each leaves its number in `ran`. */
const SCRIPT = `
import { bashApp, load } from '${packageUrl}';
await load();
const step = bashApp((i: number) => \`test \${i} -lt 10 || while ! test -e go; do sleep 0.02; done; echo \${i} >> ran; echo \${i}\`, { cache: true, returns: 'json' });
const futures = Array.from({ length: 20 }, (_, i) => step(i));
for (const [i, future] of futures.entries()) {
  await future;
  if (i === 9) console.log('half');
}
console.log('sum ' + (await Promise.all(futures)).reduce((a, b) => Number(a) + Number(b), 0));
`;

describe('flotilla run --resume', function () {
  this.timeout(120_000);
  let folder: ScriptFolder;
  beforeEach(async () => {
    folder = await makeScriptFolder();
    await folder.write('a.ts', SCRIPT);
  });
  afterEach(() => folder.remove());

  const CONFIG = ['-c', 'local-threads', '--set', 'executors.0.maxThreads=2'];
  const checkpoint = (run: string): string => join(folder.path, 'runinfo', run, 'checkpoint/results.ckpt');
  /** How often each task has run. */
  const runs = (): number[] => {
    const numbers = readFileSync(join(folder.path, 'ran'), 'utf8').trim().split('\n').map(Number);
    return Array.from({ length: 20 }, (_, i) => numbers.filter((number) => number === i).length);
  };
  const endHalfWay = async (signal: NodeJS.Signals): Promise<RunResult> => {
    const run = folder.start(['run', 'a.ts', ...CONFIG], { FLOTILLA_SPEC_FOLDER: folder.path });
    await run.said('half');
    run.child.kill(signal);
    const result = await run.result;
    // A command that is still being ended would see `go`, and run to its end.
    await eventually('its commands to end', () => processesOf(folder.path).length === 0, 30_000);
    return result;
  };
  const resume = async (...args: string[]): Promise<RunResult> => {
    await folder.write('go', '');
    return await folder.run(['run', 'a.ts', ...CONFIG, ...(args.length > 0 ? args : ['--resume'])]);
  };
  const HALF_ONCE = Array(20).fill(1);

  it('leaves no run behind where it is refused', async () => {
    const { code, stderr } = await folder.run(['run', 'a.ts', ...CONFIG, '--resume', '77']);
    expect(code, stderr).to.equal(2);
    expect(stderr).to.include('there is no run 77 to resume');
    expect(readdirSync(join(folder.path, 'runinfo'))).to.deep.equal([]);
  });

  for (const signal of ['SIGKILL', 'SIGINT', 'SIGTERM'] as const) {
    it(`runs nothing again that had ended when the run before it got ${signal}`, async () => {
      expect((await endHalfWay(signal)).stdout).to.equal('half\n');
      const { stdout, stderr, code } = await resume();
      expect(stdout, stderr).to.equal('half\nsum 190\n');
      expect(stderr)
        .to.include('resuming run 000: 10 result(s) to take')
        .and.match(/20 tasks: 20 done \(10 of them before\)/);
      expect(code).to.equal(0);
      expect(runs()).to.deep.equal(HALF_ONCE);
    });
  }

  it('loses one task to a torn write, and goes on from there', async () => {
    await endHalfWay('SIGKILL');
    truncateSync(checkpoint('000'), statSync(checkpoint('000')).size - 1);
    const { stdout, stderr } = await resume('--resume', '000');
    expect(stdout, stderr).to.equal('half\nsum 190\n');
    expect(stderr).to.include('resuming run 000: 9 result(s) to take');
    expect(runs().toSorted()).to.deep.equal([...Array(19).fill(1), 2]);
    expect(readFileSync(join(folder.path, 'runinfo/001/flotilla.log'), 'utf8')).to.match(
      /run 000 gives 9 result\(s\): .*bytes at its end are of an interrupted write/,
    );
  });

  it('is the beginning where there is nothing to resume, but not where a run is named', async () => {
    const { stdout, stderr } = await resume();
    expect(stdout).to.equal('half\nsum 190\n');
    expect(stderr).to.include('resuming the last run: there is no result to take');
    const named = await resume('--resume', '7');
    expect(named.code).to.equal(2);
    expect(named.stderr).to.include('there is no run 7 to resume').and.include('the latest in').and.include('000');
  });

  it('takes nothing without being asked', async () => {
    await folder.write('go', '');
    await folder.run(['run', 'a.ts', ...CONFIG]);
    await folder.run(['run', 'a.ts', ...CONFIG]);
    expect(runs()).to.deep.equal(Array(20).fill(2));
  });

  it('is a usage error before the script, and with what is no run', async () => {
    for (const args of [
      ['run', '--resume', 'a.ts'],
      ['run', 'a.ts', '--resume', 'yesterday'],
    ]) {
      const { code, stderr } = await folder.run(args);
      expect(code).to.equal(2);
      expect(stderr).to.include('number of a run, its directory, or last');
    }
  });

  it('runs the campaign to its end though the disk takes no checkpoint, and says so', async () => {
    await folder.write('go', '');
    await folder.write(
      'small.ts',
      `
      import { execFileSync } from 'node:child_process';
      const { jsApp, load } = await import('${packageUrl}');
      const kernel = await load();
      const text = jsApp((i: number) => String(i).repeat(3000), { cache: true });
      await text(1);
      execFileSync('prlimit', ['--pid', String(process.pid), '--fsize=5000:unlimited']);
      console.log((await Promise.all([2, 3, 4].map((i) => text(i)))).map((value) => value.length));
    `,
    );
    const { stdout, stderr, code } = await folder.run(['run', 'small.ts', '-c', 'local-threads']);
    expect(stdout, stderr).to.equal('[ 3000, 3000, 3000 ]\n');
    expect(stderr).to.match(/the checkpoint .*results\.ckpt cannot be written \(EFBIG.*\); \d result\(s\) wait for room, tasks go on/);
    expect(stderr).to.match(/3 result\(s\) are not in the checkpoint .*: a run that resumes computes them again/);
    expect(code).to.equal(0);
    const { stderr: resumed } = await folder.run(['run', 'small.ts', '-c', 'local-threads', '--resume']);
    expect(resumed).to.include('resuming run 000: 1 result(s) to take');
  });
});
