import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { takeApart } from '../../configs/take-apart.ts';
import { readConfig } from '../../configs/read.ts';
import { planSlots } from '../../executors/high-throughput/slots.ts';
import {
  addressByHostname,
  bashApp,
  Config,
  HighThroughputExecutor,
  type HighThroughputOptions,
  MpiExecLauncher,
  PBSProProvider,
} from '../../index.ts';
import { eventually } from '../support/eventually.ts';
import { highThroughput, openKernel } from '../support/kernel.ts';
import { emulatePals } from '../support/launch/stand-ins.ts';
import { submitScript } from '../support/machine-configs.ts';
import { startPbsOnPath } from '../support/pbs/on-path.ts';

/** ALCF's config of Parsl for Polaris, each line under its name in camelCase; https://docs.alcf.anl.gov/polaris/workflows/parsl/ (2026). */
const inYaml = (workerInit: string): string => `
executors:
  - type: HighThroughputExecutor
    availableAccelerators: 4
    address: !addressByHostname
    cpuAffinity: alternating
    prefetchCapacity: 0
    startMethod: spawn
    provider:
      type: PBSProProvider
      account: datascience
      queue: debug
      workerInit: ${JSON.stringify(workerInit)}
      walltime: 0:10:00
      schedulerOptions: '#PBS -l filesystems=home:eagle'
      selectOptions: ngpus=4
      nodesPerBlock: 1
      minBlocks: 0
      maxBlocks: 1
      cpusPerNode: 64
      launcher:
        type: MpiExecLauncher
        bindCmd: --cpu-bind
        overrides: --depth=64 --ppn 1
`;

const inTypeScript = (workerInit: string): Config =>
  new Config({
    executors: [
      new HighThroughputExecutor({
        availableAccelerators: 4,
        address: addressByHostname(),
        cpuAffinity: 'alternating',
        prefetchCapacity: 0,
        startMethod: 'spawn',
        provider: new PBSProProvider({
          account: 'datascience',
          queue: 'debug',
          workerInit,
          walltime: '0:10:00',
          schedulerOptions: '#PBS -l filesystems=home:eagle',
          selectOptions: 'ngpus=4',
          nodesPerBlock: 1,
          minBlocks: 0,
          maxBlocks: 1,
          cpusPerNode: 64,
          launcher: new MpiExecLauncher({ bindCmd: '--cpu-bind', overrides: '--depth=64 --ppn 1' }),
        }),
      }),
    ],
  });

const LIMIT_MS = 120_000;

describe("ALCF's config of Parsl for Polaris, carried over line by line", function () {
  this.timeout(240_000);
  let dir: string;
  beforeEach(() => void (dir = mkdtempSync(join(tmpdir(), 'flotilla-alcf-'))));
  afterEach(() => rmSync(dir, { recursive: true }));

  const read = (workerInit: string, set: readonly string[] = []): Promise<Config> => {
    writeFileSync(join(dir, 'polaris.yaml'), inYaml(workerInit));
    return readConfig(join(dir, 'polaris.yaml'), set);
  };
  const executorOf = ({ compiled }: Config): HighThroughputExecutor => compiled.executors[0] as HighThroughputExecutor;

  it('is the same in YAML as in TypeScript, and warns of the one line that does nothing', async () => {
    const [yaml, typescript] = [await read('module load conda'), inTypeScript('module load conda')];
    expect(takeApart(yaml)).to.deep.equal(takeApart(typescript));
    expect(submitScript(executorOf(yaml))).to.equal(submitScript(executorOf(typescript)));
    expect(submitScript(executorOf(yaml))).to.include('#PBS -l select=1:ncpus=64:ngpus=4\n#PBS -l walltime=00:10:00\n');
    expect(executorOf(yaml).compiled).to.include({ address: hostname(), prefetchCapacity: 0 });
    expect(yaml.warnings).to.have.length(1);
    expect(yaml.warnings[0]).to.match(/startMethod/);
  });

  it('gives each of the four workers of a node sixteen of its 64 hardware threads', () => {
    const { compiled } = executorOf(inTypeScript(''));
    const cpus = Array.from({ length: 64 }, (_, id) => id);
    const slots = planSlots({ ...compiled, cpus, memoryBytes: 2 ** 39 });
    expect(slots.map(({ accelerator }) => accelerator)).to.deep.equal(['0', '1', '2', '3']);
    expect(slots.map((slot) => slot.cpus)).to.deep.equal([0, 1, 2, 3].map((first) => cpus.filter((id) => id % 4 === first)));
  });

  for (const form of ['YAML', 'TypeScript']) {
    it(`prints each of the four devices, from ${form}`, async () => {
      const pbs = await startPbsOnPath({
        nodes: [{ name: 'x3005c0s13b1n0', ncpus: 64 }],
        queues: { debug: {} },
        customResources: ['filesystems'],
      });
      try {
        await emulatePals(dir, []);
        const workerInit = `export PATH='${dir}/bin':"$PATH"`;
        const config = form === 'YAML' ? await read(workerInit, onThisMachine()) : withOptions(inTypeScript(workerInit), onFewCores());
        await expectDevices(config);
        expect(pbs.server.unfinished).to.deep.equal([]);
      } finally {
        await pbs.end();
      }
    });
  }

  async function expectDevices({ compiled }: Config): Promise<void> {
    const opened = await openKernel(highThroughput, { executors: [...compiled.executors] });
    try {
      const hello = bashApp(
        (mark: string, go: string) => `touch ${mark}; until [ -e ${go} ]; do sleep 0.05; done; echo "hello from $CUDA_VISIBLE_DEVICES"`,
        { returns: 'stdout' },
      );
      const marks = [0, 1, 2, 3].map((number) => join(dir, `mark-${number}`));
      const said = marks.map((mark) => hello(mark, join(dir, 'go')));
      await eventually('four tasks at once', () => marks.every((mark) => existsSync(mark)), LIMIT_MS);
      writeFileSync(join(dir, 'go'), '');
      const lines = (await Promise.all(said)).map((text) => text.trim());
      expect(lines.toSorted()).to.deep.equal([0, 1, 2, 3].map((device) => `hello from ${device}`));
    } finally {
      await opened.dispose();
    }
  }
});

/** Four workers need four cores, which not every machine has on which this runs; Polaris has. */
const onFewCores = (): HighThroughputOptions => (availableParallelism() >= 4 ? {} : { coresPerWorker: 0.25, cpuAffinity: 'none' });
const onThisMachine = (): string[] => Object.entries(onFewCores()).map(([key, value]) => `executors.0.${key}=${String(value)}`);

function withOptions(config: Config, options: HighThroughputOptions): Config {
  const [executor] = config.compiled.executors as [HighThroughputExecutor];
  return new Config({ executors: [new HighThroughputExecutor({ ...executor.options, ...options })] });
}
