/** `flotilla retry`, with real processes and scripts. */
import { readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { eventually } from '../../support/eventually.ts';
import { makeScriptFolder, packageUrl, type RunResult, type ScriptFolder } from '../../support/flotilla-run.ts';

/** Five tasks; the last two fail until there is a file `marker`. Each leaves its number in `ran`. */
const SCRIPT = `
import { bashApp, load } from '${packageUrl}';
await load();
const odd = bashApp((i: number) => \`echo \${i} >> ran; test \${i} -lt 4 -o -e marker || exit 3; echo \${i}\`, { name: 'odd', cache: true, returns: 'json' });
const ends = await Promise.allSettled([1, 2, 3, 4, 5].map((i) => odd(i)));
console.log(ends.map((end) => ('value' in end ? end.value : 'x')).join(), process.argv.slice(2).join('|'));
if (ends.some(({ status }) => status === 'rejected')) process.exitCode = 7;
`;

const CONFIG = ['-c', 'local-threads', '--set', 'executors.0.maxThreads=1'];

describe('flotilla retry', function () {
  this.timeout(60_000);
  let folder: ScriptFolder;
  beforeEach(async () => {
    folder = await makeScriptFolder();
    await folder.write('a.ts', SCRIPT);
  });
  afterEach(() => folder.remove());

  /** What has run, in order of their numbers. */
  const ran = (): string => readFileSync(join(folder.path, 'ran'), 'utf8').trim().split('\n').sort().join(' ');
  const retry = (...args: string[]): Promise<RunResult> => folder.run(['retry', ...args]);

  it('runs again what has failed and takes the rest, as the run was started, and ends as the script does', async () => {
    const first = await folder.run(['run', 'a.ts', ...CONFIG, '--', 'one word', '-x']);
    expect(first.code).to.equal(7);
    const again = await retry('last', '--failed');
    expect(again).to.include({ code: 7, stdout: '1,2,3,x,x one word|-x\n' });
    await folder.write('marker', '');
    const { code, stdout, stderr } = await retry('0', '--failed');
    expect({ code, stdout }, stderr).to.deep.equal({ code: 0, stdout: '1,2,3,4,5 one word|-x\n' });
    expect(ran()).to.equal('1 2 3 4 4 4 5 5 5');
    expect(stderr)
      .to.match(/^flotilla: retrying run 000 \(closed, of .*\): .*a\.ts one word -x\n/)
      .and.include('config local-threads (--config), with --set executors.0.maxThreads=1\n')
      .and.include('it had 5 tasks: 3 done, 2 failed; the 2 that are not done run again\n')
      .and.include('resuming run 000: 3 result(s) to take')
      .and.match(/5 tasks: 5 done \(3 of them before\)/)
      .and.not.include('no result was kept');
    const { stdout: shown } = await folder.run(['show', 'last']);
    expect(shown)
      .to.include('config local-threads (--config), with --set executors.0.maxThreads=1; resumed run 000\n')
      .and.include('3 of these were not run, since their results were there: 3 of run 000\n');
  });

  it('goes on with a run that was killed, and refuses one that is still running', async () => {
    await folder.write(
      'b.ts',
      SCRIPT.replace('-o -e marker || exit 3', '|| while ! test -e marker; do sleep 0.02; done').replace(
        'odd(i)',
        'odd(i).then((x) => (x === 3 && console.log("three"), x))',
      ),
    );
    const run = folder.start(['run', 'b.ts', ...CONFIG]);
    await run.said('three');
    const done = async (): Promise<number> => JSON.parse((await folder.run(['show', 'last', '--json'])).stdout).tasks.done;
    await eventually('the three in the log', async () => (await done()) === 3);
    const early = await retry('last', '--failed');
    expect(early.code).to.equal(2);
    expect(early.stderr).to.match(new RegExp(`run 000 is still running, as process ${run.child.pid}; .*kill ${run.child.pid}`));
    run.child.kill('SIGKILL');
    await run.result;
    await folder.write('marker', '');
    const { code, stderr } = await retry('last', '--failed');
    expect(code, stderr).to.equal(0);
    expect(stderr)
      .to.match(/retrying run 000 \(broken off, /)
      .and.match(/5 tasks: 3 done, 2 not ended; the 2 that are not done run again/);
    expect(ran()).to.match(/^1 2 3 4( 4)? 5( 5)?$/);
  });

  it('starts in the folder and with the config of the run, wherever it is typed', async () => {
    await folder.run(['run', 'a.ts'], { FLOTILLA_CONFIG: 'local-threads' });
    await folder.write('marker', '');
    const elsewhere = await makeScriptFolder();
    try {
      const runDir = join(folder.path, 'runinfo');
      const dry = await elsewhere.run(['retry', '000', '--failed', '--run-dir', runDir, '--dry-run']);
      expect(dry.stdout).to.match(new RegExp(`^cd ${folder.path} && FLOTILLA_CONFIG=local-threads flotilla run a\\.ts --resume 000\n\n`));
      const { code, stderr } = await elsewhere.run(['retry', '000', '--failed', '--run-dir', runDir]);
      expect(code, stderr).to.equal(0);
      expect(stderr).to.include('config local-threads (FLOTILLA_CONFIG)');
      expect(ran()).to.equal('1 2 3 4 4 5 5');
    } finally {
      await elsewhere.remove();
    }
  });

  it('prints with --dry-run what it would run and why, and runs nothing', async () => {
    await folder.run(['run', 'a.ts', ...CONFIG, '--', 'one word']);
    const { code, stdout, stderr } = await retry('last', '--failed', '--dry-run');
    expect(code, stderr).to.equal(0);
    expect(stderr).to.match(/^flotilla: would retry run 000 /);
    const [command, , heads, four] = stdout.split('\n');
    expect(command).to.equal("flotilla run a.ts --config local-threads --set executors.0.maxThreads=1 --resume 000 -- 'one word'");
    expect(heads).to.match(/^task +app +state +why$/);
    expect(four).to.match(/^ +4 +odd +failed +BashExitError: .* exited with 3/);
    const json = JSON.parse((await retry('last', '--failed', '--dry-run', '--json', '--config', 'local', '--set', 'retries=1')).stdout);
    expect(json).to.deep.include({ run: '000', config: 'local', set: ['retries=1'], args: ['one word'], doneWithoutResult: {} });
    expect(json.command).to.equal(
      `flotilla run a.ts --config local --set retries=1 --resume ${join(folder.path, 'runinfo/000')} -- 'one word'`,
    );
    expect(json.tasks.map(({ taskId, state }: { taskId: number; state: string }) => [taskId, state])).to.deep.equal([
      [4, 'failed'],
      [5, 'failed'],
    ]);
    expect(ran()).to.equal('1 2 3 4 5');
    const { code: other, stderr: said } = await retry('last', '--failed', '--config', 'local-threads');
    expect(other).to.equal(7);
    expect(said).to.include('3 result(s) to take');
  });

  it('does nothing where everything is done, and says how to run the script all the same', async () => {
    await folder.write('marker', '');
    await folder.run(['run', 'a.ts', ...CONFIG]);
    const { code, stderr } = await retry('last', '--failed');
    expect(code).to.equal(0);
    expect(stderr).to.match(/^flotilla: nothing to retry: run 000 had 5 tasks: 5 done\. .*: flotilla run a\.ts .* --resume 000\n$/);
    expect(ran()).to.equal('1 2 3 4 5');
    expect(JSON.parse((await retry('last', '--failed', '--dry-run', '--json')).stdout)).to.deep.include({ command: null, tasks: [] });
  });

  it('tells which tasks that were done run again too, and how that is avoided', async () => {
    await folder.write(
      'c.ts',
      `
      import { joinApp, jsApp, load } from '${packageUrl}';
      await load();
      const plain = jsApp((x: number) => x, { name: 'plain' });
      const kept = jsApp((x: number) => x, { name: 'kept', cache: true });
      const both = joinApp((x: number) => [plain(x), plain(x + 1)], { name: 'both', cache: true });
      const boom = jsApp((): number => { throw new RangeError('boom'); }, { name: 'boom', cache: true });
      await Promise.allSettled([plain(1), plain(2), kept(1), kept(1), both(7), boom()]);`,
    );
    await folder.run(['run', 'c.ts', ...CONFIG]);
    const { stderr } = await retry('last', '--failed', '--dry-run');
    expect(stderr)
      .to.match(/8 tasks: 7 done, 1 failed; the one that is not done runs again\n/)
      .and.include('done, but run again too, since no result was kept: 2 of plain\n')
      .and.include('cache: true');
  });

  it('does not look for results where none was kept', async () => {
    await folder.write('d.ts', SCRIPT.replace('cache: true', 'cache: false'));
    await folder.run(['run', 'd.ts', ...CONFIG]);
    await folder.write('marker', '');
    const { code, stderr } = await retry('last', '--failed');
    expect(code, stderr).to.equal(0);
    expect(stderr).to.include('no result was kept: 3 of odd').and.not.include('resuming');
    expect(ran()).to.equal('1 1 2 2 3 3 4 4 5 5');
  });

  describe('refuses', () => {
    const refused = async (args: string[], message: RegExp): Promise<void> => {
      const { code, stdout, stderr } = await retry(...args);
      expect({ code, stdout }, stderr).to.deep.equal({ code: 2, stdout: '' });
      expect(stderr).to.match(message);
    };

    it('a run that is not there, and an option that is missing', async () => {
      await refused(['last', '--failed'], /there is no run last/);
      await refused(['7'], /needs to be told what to run again: flotilla retry 7 --failed/);
      await refused(['7', '--failed', '--json'], /--json goes with --dry-run/);
    });

    it('a script, a folder or a checkpoint that cannot be used any more', async () => {
      await folder.run(['run', 'a.ts', ...CONFIG]);
      await refused(['0', '--failed', '--config', 'nowhere'], /there is no config 'nowhere'/);
      await rm(join(folder.path, 'a.ts'));
      await folder.write('aa.ts', '');
      await refused(['0', '--failed'], /the script of run 000 is not there any more: .*a\.ts\. Did you mean '.*aa\.ts'\?/);
      await folder.write('a.ts', SCRIPT);
      await writeFile(join(folder.path, 'runinfo/000/checkpoint/results.ckpt'), 'something else');
      await refused(['0', '--failed'], /the results of run 000 cannot be read: .*results\.ckpt/);
    });

    it('a run of flotilla map, and says what to write', async () => {
      await folder.run(['map', '-c', 'local-threads', '--joblog', 'my log', 'test {} = a', ':::', 'a', 'b']);
      await refused(['last', '--failed'], /run 000 is of flotilla map, .*write: flotilla map --retry-failed --joblog 'my log'/);
      await folder.run(['map', '-c', 'local-threads', 'false', ':::', 'a']);
      await refused(['last', '--failed'], /it had no --joblog; give it one/);
    });
  });
});
