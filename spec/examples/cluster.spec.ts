/** The examples for clusters, on this machine; spec/cluster/examples.spec.ts runs them on a real Slurm. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type ExampleFolder, makeExampleFolder } from '../support/example.ts';

const TWO_WORKERS = ['--config', 'local', '--set', 'executors.0.maxWorkersPerNode=2', '--set', 'executors.0.coresPerWorker=0.5'];

describe('examples/cluster', function () {
  this.timeout(120_000);
  let folder: ExampleFolder;
  beforeEach(async () => {
    folder = await makeExampleFolder();
  });
  afterEach(() => folder.remove());

  it('hello.ts has each worker say where it is and which device it has', async () => {
    const { code, stdout, stderr } = await folder.run(
      'cluster/hello.ts',
      ['--greetings', '2'],
      [...TWO_WORKERS, '--set', 'executors.0.availableAccelerators=2'],
    );
    expect(code, stderr).to.equal(0);
    const greetings = stdout.trim().split('\n');
    for (const [n, greeting] of greetings.entries())
      expect(greeting).to.match(new RegExp(`^hello ${n} from \\S+, job \\S+, worker [01] of 2, device [01], CPUs [\\d,-]+$`));
    expect(new Set(greetings.map((greeting) => /device (\d)/.exec(greeting)?.[1])).size).to.equal(2);
  });

  it('sweep.ts finds the known periods, and takes them from its last run with --resume', async () => {
    for (const options of [[], ['--resume']]) {
      const { code, stdout, stderr } = await folder.run('cluster/sweep.ts', ['--points', '12'], [...TWO_WORKERS, ...options]);
      expect(code, stderr).to.equal(0);
      if (options.length > 0) expect(stderr).to.include('24 done (24 of them before)');
      expect(stdout).to.match(/^period 1: 2 of 12$/m);
    }
    const rows = readFileSync(join(folder.path, 'periods.csv'), 'utf8').trim().split('\n').slice(1);
    const periods = new Map(rows.map((row) => row.split(',').map(Number) as [number, number]));
    // Period 1 below 3, 2 below 1 + √6, 4 below 3.5440, and chaos after 3.56995 but for windows.
    for (const [rate, period] of periods) {
      if (rate < 2.95) expect(period, `at ${rate}`).to.equal(1);
      else if (rate > 3.05 && rate < 3.44) expect(period, `at ${rate}`).to.equal(2);
      else if (rate > 3.46 && rate < 3.54) expect(period, `at ${rate}`).to.equal(4);
    }
    expect(periods).to.have.property('size', 12);
  });
});
