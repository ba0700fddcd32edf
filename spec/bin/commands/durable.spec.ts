/** A driver that is killed, and another that goes on with its run: real processes. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { TaskHistory } from '../../../lib/events/projections/task-histories.ts';
import { eventually } from '../../support/eventually.ts';
import { makeScriptFolder, packageUrl, type RunResult, type ScriptFolder } from '../../support/flotilla-run.ts';
import { processesOf } from '../../support/leftovers.ts';

const TASKS = 18;
/** Six tasks of each kind; those from the second of a kind on wait for a file `go`. Each leaves a line in `ran` when it starts. */
const SCRIPT = `
import { bashApp, jsApp, load, pythonApp } from '${packageUrl}';
await using kernel = await load();
const js = jsApp(async (i: number) => {
  const { appendFileSync, existsSync } = await import('node:fs');
  appendFileSync('ran', 'js' + i + '\\n');
  while (i > 0 && !existsSync('go')) await new Promise((resolve) => setTimeout(resolve, 20));
  return i === 5 ? new Uint8Array(400_000).fill(5) : i;
}, { name: 'js' });
const python = pythonApp(\`
def python(i):
    import os, time
    with open('ran', 'a') as ran: ran.write(f'python{i}\\\\n')
    while i > 0 and not os.path.exists('go'): time.sleep(0.02)
    return i
\`);
const bash = bashApp((i: number) => \`echo bash\${i} >> ran; test \${i} -eq 0 || while ! test -e go; do sleep 0.02; done; echo \${i}\`, { returns: 'json', resources: { cores: 0.25 } });
const all = [0, 1, 2, 3, 4, 5].flatMap((i) => [js(i), python(i), bash(i)]);
await Promise.all(all.slice(0, 3));
console.log('half');
const values = await Promise.all(all);
console.log('sum ' + values.reduce((sum: number, value) => sum + (typeof value === 'number' ? value : (value as Uint8Array)[399_999]!), 0));
`;
const END = 'half\nsum 45\n';

describe('flotilla run --resume, of a run with orphanGrace', function () {
  this.timeout(120_000);
  let folder: ScriptFolder;
  beforeEach(async () => {
    folder = await makeScriptFolder();
    await folder.write('a.ts', SCRIPT);
  });
  afterEach(async () => {
    try {
      await eventually('every process of the run to end', () => processesOf(folder.path).length === 0, 20_000);
    } finally {
      for (const left of processesOf(folder.path)) process.kill(Number.parseInt(left, 10), 'SIGKILL');
      await folder.remove();
    }
  });

  const CONFIG = [
    '-c',
    'local',
    '--set',
    'orphanGrace=10m',
    '--set',
    'executors.0.maxWorkersPerNode=2',
    '--set',
    'executors.0.coresPerWorker=0.25',
  ];
  const inRun = (run: string, ...path: string[]): string => join(folder.path, 'runinfo', run, ...path);
  const started = (): string[] => {
    const ran = join(folder.path, 'ran');
    return existsSync(ran) ? readFileSync(ran, 'utf8').trim().split('\n') : [];
  };
  const letGo = (): Promise<unknown> => folder.write('go', '');
  const stateOf = (run: string): { interchange: { pid: number } } =>
    JSON.parse(readFileSync(inRun(run, 'htex', 'keys', 'durable.json'), 'utf8')) as { interchange: { pid: number } };
  const killHalfWay = async (args: readonly string[] = [], isHalfWay = () => started().length >= 5): Promise<void> => {
    const run = folder.start(['run', 'a.ts', ...CONFIG, ...args]);
    await run.said('half');
    await eventually('more tasks to run', isHalfWay, 30_000);
    run.child.kill('SIGKILL');
    await run.result;
  };
  const resume = (...args: string[]): Promise<RunResult> => folder.run(['run', 'a.ts', ...CONFIG, '--resume', ...args]);
  const expectEachOnce = ({ stdout, stderr, code }: RunResult): void => {
    expect(stdout, stderr).to.equal(END);
    expect(code, stderr).to.equal(0);
    expect(started().toSorted()).to.deep.equal([...new Set(started())].toSorted());
    expect(started()).to.have.length(TASKS);
  };

  it('binds the tasks that its managers run, and takes the results of the others: nothing runs twice', async () => {
    await killHalfWay([], () => started().includes('bash1'));
    const run = folder.start(['run', 'a.ts', ...CONFIG, '--resume']);
    await run.said('half');
    expect(started().length).to.be.below(TASKS);
    await letGo();
    const result = await run.result;
    expectEachOnce(result);
    const first = await folder.run(['explain', '001', '1']);
    expect(first.stderr).to.include(`run 001 has no task 1; its ${TASKS} task(s) are numbered ${TASKS + 1} to ${2 * TASKS}`);
    expect(result.stderr).to.match(/resuming run 000: 3 result\(s\) to take, and \d+ task\(s\) that are still under way/);
    expect(result.stderr).to.match(/18 tasks: 18 done \(3 of them before\)/);
    // The sixth of the first driver's.
    const sixth = JSON.parse((await folder.run(['explain', '001', String(TASKS + 6), '--json'])).stdout) as TaskHistory;
    expect(sixth.memo?.map(({ decision }) => decision.kind)).to.deep.equal(['takenOver']);
    expect(sixth.tries[0]?.granted?.cpus.map(([, share]) => share)).to.deep.equal([0.25]);
  });

  it('takes what its managers have done meanwhile, all of it', async () => {
    await killHalfWay();
    await letGo();
    await eventually('all tasks to run', () => started().length === TASKS, 30_000);
    const result = await resume('000');
    expectEachOnce(result);
  });

  it('loses nothing when its interchange is killed too', async () => {
    await killHalfWay();
    process.kill(stateOf('000').interchange.pid, 'SIGKILL');
    await letGo();
    expectEachOnce(await resume());
  });

  it('can be done again when the driver that resumed is killed as well', async () => {
    await killHalfWay();
    await killHalfWay(['--resume']);
    await letGo();
    const again = await resume('000');
    expect(again.code).to.equal(2);
    expect(again.stderr).to.include('run 000 was taken over by run 001; resume that one');
    expectEachOnce(await resume('001'));
    expect(readdirSync(inRun('000'))).to.not.include('durable');
  });

  it('is refused while its driver lives, and on another machine', async () => {
    const run = folder.start(['run', 'a.ts', ...CONFIG]);
    await run.said('half');
    const early = await resume('000');
    expect(early.code).to.equal(2);
    expect(early.stderr).to.match(/run 000 goes on: its driver is process \d+; wait for its end, or end it/);
    run.child.kill('SIGKILL');
    await run.result;
    const driver = inRun('000', 'durable', 'driver.json');
    const told = readFileSync(driver, 'utf8');
    writeFileSync(driver, JSON.stringify({ ...(JSON.parse(told) as object), host: 'login7' }));
    const elsewhere = await resume('000');
    expect(elsewhere.code).to.equal(2);
    expect(elsewhere.stderr).to.include('run 000 was started on login7').and.include('resume it on login7');
    writeFileSync(driver, told);
    await letGo();
    expectEachOnce(await resume('000'));
  });

  it('goes on with what a failed attempt to resume has left', async () => {
    await killHalfWay();
    const { port } = JSON.parse(readFileSync(inRun('000', 'htex', 'keys', 'durable.json'), 'utf8')) as { port: number };
    const [{ createServer }, pid] = [await import('node:net'), stateOf('000').interchange.pid];
    process.kill(pid, 'SIGKILL');
    // Managers that dial it are turned away.
    const squatter = createServer((socket) => socket.destroy());
    await eventually(
      'the port to be free',
      () =>
        new Promise<boolean>((resolve) => {
          squatter.once('error', () => resolve(false));
          squatter.listen(port, '127.0.0.1', () => resolve(true));
        }),
    );
    const failed = await resume('000');
    expect(failed.code, failed.stderr).to.equal(1);
    expect(failed.stderr).to.include('its interchange cannot start');
    await new Promise((resolve) => squatter.close(resolve));
    await letGo();
    expectEachOnce(await resume('000'));
  });

  it('leaves nothing to resume where every task was done', async () => {
    await letGo();
    const run = await folder.run(['run', 'a.ts', ...CONFIG]);
    expect(run.stdout, run.stderr).to.equal(END);
    expect(readdirSync(inRun('000'))).to.not.include('durable');
    const again = await resume();
    expect(again.stderr).to.include('there is no result to take');
    expect(started()).to.have.length(2 * TASKS);
  });
});
