/** Each bench runs, in small: that it measures anything at all. Its figures are of no concern here. */
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';

const folder = fileURLToPath(new URL('../../bench/', import.meta.url));
const run = promisify(execFile);

/** Peers are not fetched for this. */
const ENV = { ...process.env, FLOTILLA_PEERS_PYTHON: '/nowhere/python' };

/** Arguments that make it short, and figures that must be there and above 0. */
const benches: Readonly<Record<string, readonly [args: readonly string[], figures: readonly string[]]>> = {
  'noop-js': [
    ['500', '2'],
    ['tasksPerSecond', 'cpuMicrosecondsPerTask', 'driverCpuMicrosecondsPerTask'],
  ],
  'noop-python': [
    ['500', '2'],
    ['tasksPerSecond', 'cpuMicrosecondsPerTask', 'driverCpuMicrosecondsPerTask'],
  ],
  'round-trip': [
    ['100', '50'],
    ['medianMicroseconds', 'p99Microseconds', 'bareHopsMicroseconds', 'medianToBareHops'],
  ],
  'first-result': [['1'], ['bareNodeMilliseconds', 'sourceMilliseconds']],
  'files-opened': [['1'], ['sourceManagerFiles', 'sourceWorkerFiles', 'sourceWorkerQuestions', 'sourceHelloMilliseconds']],
  'waiting-memory': [['20000'], ['heapBytesPerTask', 'rssBytesPerTask']],
  bash: [
    ['20', '2'],
    ['xargsPerSecond', 'bashAppPerSecond', 'bashAppToXargs', 'directPerSecond', 'directToXargs'],
  ],
  memo: [['500'], ['withoutCachePerSecond', 'keptPerSecond', 'takenPerSecond', 'resumedPerSecond', 'resumedStartMilliseconds']],
  durable: [
    ['500', '1'],
    ['withoutPerSecond', 'durablePerSecond', 'durableCpuMicroseconds', 'timesSlower'],
  ],
  'event-log': [
    ['500', '1'],
    ['tasksPerSecondWith', 'tasksPerSecondWithout', 'ratio', 'bytesPerTask'],
  ],
  stages: [['200', '1', '50'], ['sumOfHopsMicroseconds']],
  mix: [['100', '1'], ['tasks']],
  tail: [['10', '1'], ['noops']],
  map: [['20', '1'], ['timesAsFast']],
  'megabyte-args': [['4', '2'], ['megabytesPerSecond']],
  metg: [['2', '4'], ['turnsPerMicrosecond']],
  // Of a single task, what a peer takes beyond its start is less than the noise: its rate may be anything.
  peers: [['1', '1'], ['rounds']],
  scale: [['1', 'connecting'], ['tasksDone']],
  backlog: [['2000', '400', '1000'], ['fileEdges']],
};

describe('bench/', () => {
  for (const [bench, [args, figures]] of Object.entries(benches)) {
    it(`${bench}.ts prints its figures as JSON`, async () => {
      const { stdout } = await run(process.execPath, [`${folder}${bench}.ts`, ...args], { env: ENV });
      const report = JSON.parse(stdout) as {
        bench: string;
        question: string;
        date: string;
        machine: object;
        figures: Record<string, unknown>;
      };
      expect(report.bench).to.equal(bench);
      expect(report.machine).to.include.keys('cpu', 'cpus', 'node', 'loadAverage');
      for (const name of figures) expect(report.figures[name], name).to.be.a('number').above(0);
    });
  }

  it('has no bench that is not run here, but for those with a spec of their own and the one that runs all', () => {
    const files = readdirSync(folder).filter((file) => file.endsWith('.ts'));
    expect(files.sort()).to.deep.equal(['all', 'interchange', ...Object.keys(benches)].sort().map((name) => `${name}.ts`));
  });

  it('refuses a count that is none', async () => {
    const error: unknown = await run(process.execPath, [`${folder}noop-js.ts`, 'many']).catch((reason: unknown) => reason);
    expect((error as { stderr: string }).stderr).to.contain('argument 1 is many; it must be a whole number of at least 1');
  });
});
