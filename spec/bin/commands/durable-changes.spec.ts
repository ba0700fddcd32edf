/** Durable runs that are resumed under other circumstances than they began: real processes. */
import { once } from 'node:events';
import { readdirSync, rmSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { eventually } from '../../support/eventually.ts';
import { makeScriptFolder, packageUrl, type RunResult, type ScriptFolder } from '../../support/flotilla-run.ts';
import { linesOf } from '../../support/high-throughput.ts';
import { processesOf } from '../../support/leftovers.ts';

/** The first task ends at once; the others wait for the file `go`. `large` is what the first comes to, in bytes. */
const script = (executors: string, large = 1): string => `
import { Config, HighThroughputExecutor, jsApp, load, ThreadPoolExecutor } from '${packageUrl}';
const htex = (label: string, options = {}) => new HighThroughputExecutor({ label, maxWorkersPerNode: 2, coresPerWorker: 0.5, ...options });
await using kernel = await load(new Config({ orphanGrace: process.env.GRACE ?? '10m', executors: [${executors}] }));
const work = jsApp(async (folder: string, i: number, size: number) => {
  const { appendFileSync, existsSync } = await import('node:fs');
  appendFileSync(folder + '/ran', i + '\\n');
  while (i > 0 && !existsSync(folder + '/go')) await new Promise((resolve) => setTimeout(resolve, 20));
  return i === 0 ? new Uint8Array(size).fill(1) : i;
}, { name: 'work' });
const length = jsApp((bytes: Uint8Array) => bytes.length);
const folder = process.env.FLOTILLA_SPEC_FOLDER!;
const others = kernel.executors.flatMap((label, i) => [work.with({ executors: [label] })(folder, 1 + i, 0)]);
const first = work(folder, 0, ${large});
const size = length(first);
await size;
console.log('half');
if (process.env.SKIP) {
  await kernel.close({ mode: 'skip' });
  process.exit(0);
}
const values = await Promise.all([size, ...others]);
console.log('sum ' + values.reduce((sum, value) => sum + value, 0));
if (process.env.FAIL) throw new Error('behind the last task');
`;

describe('flotilla run --resume, where something has changed', function () {
  this.timeout(120_000);
  let folder: ScriptFolder;
  beforeEach(async () => {
    folder = await makeScriptFolder();
  });
  afterEach(async () => {
    try {
      await eventually('every process of the run to end', () => processesOf(folder.path).length === 0, 20_000);
    } finally {
      for (const left of processesOf(folder.path)) process.kill(Number.parseInt(left, 10), 'SIGKILL');
      await folder.remove();
    }
  });

  const write = (executors: string, large?: number): Promise<string> => folder.write('a.ts', script(executors, large));
  const env = (more: Readonly<Record<string, string>> = {}): Record<string, string> => ({ FLOTILLA_SPEC_FOLDER: folder.path, ...more });
  const ran = (): string[] => linesOf(join(folder.path, 'ran')).toSorted();
  const letGo = (): Promise<unknown> => folder.write('go', '');
  const killHalfWay = async (tasks = 2, signal: NodeJS.Signals = 'SIGKILL', more = {}): Promise<RunResult> => {
    const run = folder.start(['run', 'a.ts'], env(more));
    await run.said('half');
    await eventually('the others to begin', () => ran().length === tasks, 30_000);
    run.child.kill(signal);
    return await run.result;
  };
  const resume = (run = 'last', more = {}): Promise<RunResult> => folder.run(['run', 'a.ts', '--resume', run], env(more));
  const expectSum = ({ stdout, stderr, code }: RunResult, sum: number): void => {
    expect(stdout, stderr).to.include(`sum ${sum}\n`);
    expect(code, stderr).to.equal(0);
  };

  it('refuses a config that lacks an executor whose managers may be at work, and goes on with one that has it', async () => {
    await write("htex('a'), htex('b')");
    await killHalfWay(3);
    await write("htex('a')");
    const without = await resume();
    expect(without.code, without.stderr).to.equal(2);
    expect(without.stderr).to.include("run 000 had the executor 'b', whose managers may still be at work");
    await write("htex('b', { maxWorkersPerNode: 1, encrypted: false }), htex('a')");
    await letGo();
    expectSum(await resume(), 4);
    expect(ran()).to.deep.equal(['0', '1', '2']);
  });

  it('can be resumed again where one executor was taken over and another could not be started', async () => {
    await write("htex('a'), htex('b')");
    await killHalfWay(3);
    const squatter = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
    await once(squatter, 'listening');
    const { port } = squatter.address() as AddressInfo;
    await write(`htex('a'), htex('b'), htex('c', { workerPort: ${port} })`);
    const failed = await resume();
    expect(failed.code, failed.stderr).to.equal(1);
    expect(failed.stderr).to.include("'c'").and.include('its interchange cannot start');
    await new Promise((resolve) => squatter.close(resolve));
    await write("htex('a'), htex('b')");
    await letGo();
    expectSum(await resume(), 4);
    expect(ran()).to.deep.equal(['0', '1', '2']);
  });

  it('takes the results of a thread pool, and runs again what it had not done', async () => {
    await write('new ThreadPoolExecutor({ maxThreads: 2 })');
    await killHalfWay();
    await letGo();
    expectSum(await resume(), 2);
    expect(ran()).to.deep.equal(['0', '1', '1']);
  });

  it('takes large values by reference, from another folder', async () => {
    await write("htex('a')", 400_000);
    await killHalfWay();
    await letGo();
    const elsewhere = join(folder.path, 'elsewhere');
    await mkdir(elsewhere);
    const { path } = folder;
    const args = ['run', join(path, 'a.ts'), '--resume', join(path, 'runinfo', '000')];
    expectSum(await folder.start(args, env(), { cwd: elsewhere }).result, 400_001);
    expect(ran()).to.deep.equal(['0', '1']);
  });

  it('runs a task again whose large value has gone', async () => {
    await write("htex('a')", 400_000);
    await killHalfWay();
    await letGo();
    rmSync(join(folder.path, 'runinfo', '000', 'durable', 'values'), { recursive: true });
    expectSum(await resume(), 400_001);
    expect(ran()).to.deep.equal(['0', '0', '1']);
  });

  it('goes on with a run that was interrupted: what was done is taken, what was cancelled runs again', async () => {
    await write("htex('a')");
    const { code } = await killHalfWay(2, 'SIGINT');
    expect(code).to.equal(130);
    await eventually('nothing to be left', () => processesOf(folder.path).length === 0, 30_000);
    await letGo();
    expectSum(await resume(), 2);
    expect(ran()).to.deep.equal(['0', '1', '1']);
  });

  it('leaves nothing where the driver left without closing', async () => {
    await write("htex('a')");
    const run = await folder.run(['run', 'a.ts'], env({ SKIP: '1' }));
    expect(run.code, run.stderr).to.equal(0);
    await eventually('nothing to be left', () => processesOf(folder.path).length === 0, 30_000);
    await letGo();
    expectSum(await resume(), 2);
    expect(ran().filter((line) => line === '0')).to.have.length(1);
  });

  it('has the results of a script that failed behind its last task', async () => {
    await write("htex('a')");
    await letGo();
    const failed = await folder.run(['run', 'a.ts'], env({ FAIL: '1' }));
    expect(failed.code, failed.stderr).to.equal(1);
    expectSum(await resume(), 2);
    expect(ran()).to.deep.equal(['0', '1']);
    expect(readdirSync(join(folder.path, 'runinfo', '000'))).to.not.include('durable');
  });

  it('finds nothing at work, and the results all the same, when the grace was over', async () => {
    await write("htex('a')");
    await killHalfWay(2, 'SIGKILL', { GRACE: '1s' });
    await eventually('interchange and manager to leave', () => processesOf(folder.path).length === 0, 30_000);
    await letGo();
    expectSum(await resume(), 2);
    expect(ran()).to.deep.equal(['0', '1', '1']);
  });

  it('runs a task again whose output is gone, and takes those whose outputs are there', async () => {
    await folder.write(
      'a.ts',
      `
import { bashApp, Config, HighThroughputExecutor, load } from '${packageUrl}';
await using kernel = await load(new Config({ orphanGrace: '10m', executors: [new HighThroughputExecutor({ label: 'htex', maxWorkersPerNode: 2, coresPerWorker: 0.5 })] }));
const write = bashApp((i: number) => \`echo \${i} >> ran; echo \${i} > o\${i}.txt; echo said\`);
const read = bashApp((i: number, file: unknown) => \`cat \${file}\`, { returns: 'json' });
const writers = [0, 1, 2].map((i) => write.with({ outputs: [\`o\${i}.txt\`], stdout: [\`s\${i}.txt\`, 'w'] })(i));
await Promise.all(writers);
console.log('half');
const wait = bashApp(() => 'while ! test -e go; do sleep 0.02; done');
await wait();
const values = await Promise.all(writers.map(({ outputs }, i) => read(i, outputs[0])));
console.log('sum ' + values.reduce((sum: number, value) => sum + (value as number), 0));
`,
    );
    const run = folder.start(['run', 'a.ts']);
    await run.said('half');
    run.child.kill('SIGKILL');
    await run.result;
    for (const gone of ['o0.txt', 's2.txt']) rmSync(join(folder.path, gone));
    await letGo();
    const resumed = await folder.run(['run', 'a.ts', '--resume']);
    expectSum(resumed, 3);
    expect(ran()).to.deep.equal(['0', '0', '1', '2', '2']);
    const log = await readFile(join(folder.path, 'runinfo', '001', 'flotilla.log'), 'utf8');
    expect(log).to.include(`runs again: the file ${join(folder.path, 'o0.txt')} that it had written is gone`);
  });
});
