/**
 * The commands that look at runs, on a real one.
 */
import { expect } from 'chai';
import { readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '../../support/eventually.ts';
import { makeScriptFolder, packageUrl, type RunResult, type ScriptFolder } from '../../support/flotilla-run.ts';

const SCRIPT = `
import { bashApp, jsApp, joinApp, load } from '${packageUrl}';
await using kernel = await load();
const sleep = jsApp(async (ms: number) => { await new Promise((r) => setTimeout(r, ms)); return ms; }, { name: 'sleep' });
const boom = jsApp((): number => { throw new RangeError('boom'); }, { name: 'boom', retries: 1 });
const say = bashApp(() => 'echo one; echo two; echo three >&2', { name: 'say', stdout: 'auto', stderr: 'auto', resources: { cores: 0.5, memory: '1GiB' } });
const both = joinApp(() => [sleep(1), sleep(2)], { name: 'both' });
const failed = boom();                                          // 1
await Promise.allSettled([failed, sleep(failed), sleep(60), say(), both()]); // 2, 3, 4, 5
`;

describe('the commands that look at runs', function () {
  this.timeout(120_000);
  let folder: ScriptFolder;
  before(async () => {
    folder = await makeScriptFolder();
    await folder.write('a.ts', SCRIPT);
    await folder.run(['run', 'a.ts', '--quiet']);
  });
  after(() => folder.remove());

  const lines = async (...args: string[]): Promise<string[]> => (await succeed(...args)).trimEnd().split('\n');
  const succeed = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await folder.run(args);
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
    return stdout;
  };
  const json = async (...args: string[]) => JSON.parse(await succeed(...args, '--json'));

  it('runs lists them with their counts', async () => {
    const [heads, row] = await lines('runs');
    expect(heads).to.match(/^run +started +took +state +tasks +done +failed +not run +script$/);
    expect(row).to.match(/^000 +\d{4}-\d\d-\d\d [\d:]{8} +[\d.]+m?s +closed +7 +5 +1 +1 +.*a\.ts$/);
    expect(await json('runs')).to.have.nested.property('[0].tasks.total', 7);
    expect(await lines('runs', '--run-dir', 'elsewhere')).to.deep.equal(['no runs in elsewhere']);
  });

  it('take a run that ended by process.exit with all tasks done for closed, but not where it says that something is wrong', async () => {
    const other = await makeScriptFolder();
    const script = `import { jsApp, load } from '${packageUrl}'; await load(); await jsApp(() => 1, { name: 'one' })(); process.exit(Number(process.argv[2]));`;
    await other.write('exit.ts', script);
    for (const code of ['0', '3']) await other.run(['run', '--quiet', 'exit.ts', code]);
    const { stdout } = await other.run(['runs']);
    expect(stdout)
      .to.match(/^000 .* closed +1 +1 /m)
      .and.match(/^001 .* broken off +1 +1 /m);
    await other.remove();
  });

  it('show sums one up: apps, failures, slowest tasks, workers', async () => {
    const text = await succeed('show', '0');
    expect(text).to.match(/^run 000: closed, /);
    expect(text).to.match(/7 tasks: 5 done, 1 failed, 1 not run because one before them failed/);
    expect(text).to.match(/^ {2}boom +js +1 +1 /m);
    expect(text).to.match(/^resources:\n {2}1 × say: 0\.5 CPU, 1 GiB$/m);
    expect(text).to.match(/^failures:\n {2}1 × boom: RangeError: boom \(task 1\)$/m);
    expect(text).to.match(/^slowest:\n[^]*\n +3 +sleep +1 +[\d.]+m?s +block 0, /m);
    expect(text).to.match(/^workers:\n.*\n +block 0, .* htex /m);
    const data = await json('show', 'last');
    expect(data).to.deep.include({
      run: '000',
      state: 'closed',
      tasks: { total: 7, done: 5, memoized: 0, failed: 1, ignored: 0, dependencyFailed: 1, cancelled: 0 },
    });
    expect(data.apps.find(({ name }: { name: string }) => name === 'boom')).to.deep.include({ retries: 1, runs: 2 });
    expect(data.apps.find(({ name }: { name: string }) => name === 'say').given).to.deep.equal([
      { cpus: 0.5, gpus: 0, memoryBytes: 2 ** 30, custom: {}, nodes: 0, tries: 1 },
    ]);
    expect(data.slowest[0]).to.include({ taskId: 3, name: 'sleep' });
  });

  it('explain tells the tries of a task, in order, with where it ran and why it failed', async () => {
    const text = (await lines('explain', '000', '1')).map((line) => line.replace(/[\d:]{8}\.\d{3}/, 'TIME')).join('\n');
    expect(text).to.match(/^task 1 \(boom\): failed, at try 2, [\d.]+m?s after it was called\n {2}TIME {2}called\n/);
    const parts = [
      /try 1 handed to executor 'htex'/,
      /started on .* in queues; ran for/,
      /try 1 failed: RangeError: boom/,
      /at .*a\.ts:5:/,
      /try 2 handed/,
      /try 2 failed/,
      /failed for good/,
    ];
    let at = 0;
    for (const part of parts) {
      const found = text.slice(at).search(part);
      expect(found, `${part} behind ${text.slice(0, at)}`).to.be.at.least(0);
      at += found;
    }
    expect(await json('explain', '0', '1')).to.have.nested.property('tries[1].error.message', 'boom');
  });

  it('explain tells why a task did not run, what a join has called, and what was given to a task that asks for resources', async () => {
    expect(await succeed('explain', '0', '4')).to.match(/^ {2}\S+ {2}it was given 0\.5 of CPU \d+, 1 GiB on \S+$/m);
    expect(await succeed('explain', '0', '2')).to.match(/did not run: it needs task 1 \(boom\), which failed: RangeError: boom$/m);
    expect(await succeed('explain', '0', '5')).to.match(/its body called task 6, task 7$/m);
    expect(await succeed('explain', '0', '6')).to.match(/called by the body of join 5$/m);
  });

  it('logs prints the ends of a task’s files, whose names explain has, and of the run’s log', async () => {
    const { stdout, tries } = await json('explain', '0', '4');
    expect(tries[0].granted).to.deep.include({ memoryBytes: 2 ** 30, gpus: [] });
    expect(await succeed('logs', '0', '4')).to.equal(
      `==> ${stdout} <==\none\ntwo\n\n==> ${stdout.replace('.stdout', '.stderr')} <==\nthree\n`,
    );
    const pieces = (await lines('logs', '0', '4', '-n', '1', '--json')).map((line) => JSON.parse(line));
    expect(pieces.map(({ stream, text }) => [stream, text])).to.deep.equal([
      ['stdout', 'two\n'],
      ['stderr', 'three\n'],
    ]);
    expect((await lines('logs', '0', '-n', '1')).join()).to.match(/info {2}- {2}kernel closed$/);
  });

  it('logs -f goes on while the run does, and ends with it', async () => {
    await folder.write(
      'slow.ts',
      `
      import { bashApp, load } from '${packageUrl}';
      await using kernel = await load();
      await bashApp(() => 'echo first; while [ ! -e go ]; do sleep 0.02; done; echo last', { name: 'slow', stdout: 'slow.out' })();`,
    );
    const run = folder.start(['run', 'slow.ts', '--quiet', '--set', 'runDir=slowruns']);
    const output = () => readFile(join(folder.path, 'slow.out'), 'utf8').catch(() => '');
    await eventually('the task to begin', async () => (await output()) !== '', 30_000);
    const explain = () => folder.run(['explain', 'last', '1', '--run-dir', 'slowruns']);
    await eventually('its call in the log', async () => (await explain()).code === 0, 30_000);
    const following = folder.start(['logs', 'last', '1', '-f', '--run-dir', 'slowruns']);
    await following.said('first');
    await writeFile(join(folder.path, 'go'), '');
    await following.said('last');
    expect(await run.result).to.include({ code: 0 });
    expect(await following.result).to.include({ code: 0, stdout: 'first\nlast\n' });
  });

  it('tell of a run whose driver was killed, as far as its log goes', async () => {
    await folder.write(
      'killed.ts',
      `
      import { jsApp, load } from '${packageUrl}';
      const kernel = await load();
      const id = jsApp(() => 1, { name: 'quick' });
      await id();
      jsApp(() => new Promise(() => {}), { name: 'forever' })();`,
    );
    const run = folder.start(['run', 'killed.ts', '--quiet', '--set', 'runDir=killed']);
    const explain = () => folder.run(['explain', '0', '2', '--run-dir', 'killed']);
    await eventually('both calls in the log', async () => (await explain()).stdout.includes('try 1 handed'), 40_000);
    run.child.kill('SIGKILL');
    await run.result;
    const log = join(folder.path, 'killed/000/events.log');
    const whole = (await readFile(log)).length;
    await writeFile(log, Buffer.concat([await readFile(log), Buffer.from('half a batch')]));
    expect(await succeed('show', '0', '--run-dir', 'killed')).to.match(/^run 000: broken off[\s\S]*2 tasks: 1 done, 1 not ended/);
    expect(await succeed('explain', '0', '2', '--run-dir', 'killed')).to.match(/had not ended[\s\S]*when the driver ended/);
    await truncate(log, whole);
  });

  it('say what is missing where the log is damaged or cut', async () => {
    const log = join(folder.path, 'runinfo/000/events.log');
    const whole = await readFile(log);
    try {
      const half = Math.floor(whole.length / 2);
      await writeFile(log, Buffer.concat([whole.subarray(0, half), Buffer.alloc(9, 7), whole.subarray(half + 9)]));
      expect(await succeed('show', '0')).to.match(/^run 000: unknown, [^]*the event log is damaged: its last \d+ bytes cannot be read/);
      expect(await lines('runs'))
        .to.have.nested.property('[1]')
        .that.includes('unknown, events missing');
      expect(await json('runs'))
        .to.have.nested.property('[0].gaps')
        .that.includes('damaged');
      const { stdout, stderr } = await folder.run(['explain', '0', '7']);
      expect(stdout + stderr).to.include('the event log is damaged');
      await writeFile(log, Buffer.alloc(3000, 7));
      const listed = await folder.run(['runs']);
      expect(listed.stdout).to.match(/^000 .* unknown/m);
      expect(listed.stderr).to.match(/events\.log is no event log/);
      await writeFile(log, whole.subarray(0, whole.length - 5));
      expect(await succeed('show', '0')).to.match(/^run 000: broken off, [^]*the event log is cut off/);
      expect(await succeed('explain', '0', '1')).to.include('the event log is cut off');
      expect(await json('explain', '0', '1'))
        .to.have.property('gaps')
        .that.includes('cut off');
    } finally {
      await writeFile(log, whole);
    }
  });

  it('know a run that has closed when there was no room for its events, which it said once', async () => {
    await folder.write(
      'full.ts',
      `
      import { jsApp, load } from '${packageUrl}';
      await using kernel = await load();
      const quick = jsApp((i: number) => i, { name: 'quick' });
      for (let i = 0; i < 30; i++) await Promise.all(Array.from({ length: 10 }, () => quick(i)));`,
    );
    const set = '--quiet --set runDir=full';
    const run = await folder.runScript(`trap '' XFSZ; ulimit -f 2; flotilla run full.ts ${set}`, { FLOTILLA_CONFIG: 'local-threads' });
    expect(run.code, run.stderr).to.equal(0);
    expect(run.stderr.match(/events of this run are lost, its log \(events\.log\) cannot be written: EFBIG/g)).to.have.length(1);
    expect(await succeed('show', '0', '--run-dir', 'full')).to.match(/^run 000: closed, [^]*events are missing here: the disk/);
    expect((await lines('runs', '--run-dir', 'full'))[1]).to.include('closed, events missing');
  });

  const refused: readonly [string[], RegExp][] = [
    [['show', '7'], /^flotilla: there is no run 7: .*runinfo has run 000 alone; --run-dir names another directory\n$/],
    [['show', 'last', '--run-dir', 'none'], /there is no run last: .*none has no run with an event log/],
    [['show', './nowhere'], /nowhere has no event log/],
    [['explain', '0', '99'], /run 000 has no task 99; it has 7 task\(s\)/],
    [['explain', '0', 'x'], /x is no task id/],
    [['logs', '0', '3'], /task 3 \(sleep\) has no file for its stdout or stderr .*000\/htex/],
    [['logs', '0', '-n', 'many'], /argument 'many' is invalid. It is a whole number/],
  ];
  for (const [args, message] of refused) {
    it(`refuse ${args.join(' ')}, and say why`, async () => {
      const { code, stdout, stderr }: RunResult = await folder.run(args);
      expect({ code, stdout }).to.deep.equal({ code: 2, stdout: '' });
      expect(stderr).to.match(message);
    });
  }
});
