import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { readConfig } from '../../configs/read.ts';
import { type Config, type HighThroughputExecutor, MpiExecLauncher, PBSProProvider } from '../../index.ts';

/** ALCF's config of Parsl for Polaris, line by line; https://docs.alcf.anl.gov/polaris/workflows/parsl/ (2026). */
const POLARIS = `
executors:
  - type: HighThroughputExecutor
    availableAccelerators: 4
    maxWorkersPerNode: 4
    cpuAffinity: list:24-31,56-63:16-23,48-55:8-15,40-47:0-7,32-39
    prefetchCapacity: 0
    startMethod: spawn
    provider:
      type: PBSProProvider
      launcher: { type: MpiExecLauncher, bindCmd: --cpu-bind, overrides: --depth=64 --ppn 1 }
      account: datascience
      queue: debug
      selectOptions: ngpus=4
      schedulerOptions: '#PBS -l filesystems=home:eagle'
      workerInit: source activate env
      nodesPerBlock: 1
      initBlocks: 1
      minBlocks: 0
      maxBlocks: 1
      cpusPerNode: 64
      walltime: '0:10:00'
`;

const IN_TYPESCRIPT = new PBSProProvider({
  launcher: new MpiExecLauncher({ bindCmd: '--cpu-bind', overrides: '--depth=64 --ppn 1' }),
  account: 'datascience',
  queue: 'debug',
  selectOptions: 'ngpus=4',
  schedulerOptions: '#PBS -l filesystems=home:eagle',
  workerInit: 'source activate env',
  nodesPerBlock: 1,
  initBlocks: 1,
  minBlocks: 0,
  maxBlocks: 1,
  cpusPerNode: 64,
  walltime: '0:10:00',
});

describe('PBSProProvider in a config', () => {
  let dir: string;
  beforeEach(async () => (dir = await mkdtemp(join(tmpdir(), 'flotilla-pbs-config-'))));
  afterEach(() => rm(dir, { recursive: true }));
  const read = async (yaml: string): Promise<Config> => {
    await writeFile(join(dir, 'polaris.yaml'), yaml);
    return readConfig(join(dir, 'polaris.yaml'));
  };

  it('writes the same script from YAML as from TypeScript, and it is the one that Polaris wants', async () => {
    const [executor] = (await read(POLARIS)).compiled.executors;
    const { provider } = (executor as HighThroughputExecutor).compiled;
    const job = { name: 'flotilla.r.htex-0', command: 'manager', env: {} };
    const place = { scriptDir: '/eagle/runs', workingDirectory: '/eagle' };
    const script = provider.rehearse?.(job, place).script.text;
    expect(script).to.equal(IN_TYPESCRIPT.rehearse(job, place).script.text);
    expect(script).to.include('#PBS -l select=1:ncpus=64:ngpus=4\n#PBS -l walltime=00:10:00\n');
  });

  it('shows where an option is misspelt', async () => {
    const error: unknown = await read(POLARIS.replace('selectOptions', 'selectOption')).catch((reason: unknown) => reason);
    expect(String(error)).to.match(/polaris\.yaml:14:7[^]*selectOption[^]*selectOptions/);
  });
});
