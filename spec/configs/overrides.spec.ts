import { expect } from 'chai';
import { Config } from '../../configs/config.ts';
import { readConfig } from '../../configs/read.ts';
import { HighThroughputExecutor } from '../../executors/high-throughput/description.ts';
import { ThreadPoolExecutor } from '../../executors/threads/description.ts';
import type { ExecutorDescription, RunningExecutor } from '../../lib/executor.ts';
import { LocalProvider } from '../../providers/local/description.ts';
import { type ConfigFolder, configErrorOf, makeConfigFolder } from '../support/configs.ts';

const first = (config: Config): HighThroughputExecutor => config.compiled.executors[0] as HighThroughputExecutor;
const messageOf = async (source: Config | string, ...set: string[]): Promise<string> =>
  (await configErrorOf(() => readConfig(source, set))).message;

describe('--set', () => {
  it('changes the packaged default', async () => {
    const config = await readConfig('local', ['executors.0.maxWorkersPerNode=4', 'retries=2']);
    expect(first(config).compiled.maxWorkersPerNode).to.equal(4);
    expect(config.compiled.retries).to.equal(2);
  });

  it('changes a config written in TypeScript, and leaves that one as it was', async () => {
    const retryHandler = (): number => 1;
    const original = new Config({
      retryHandler,
      executors: [new HighThroughputExecutor({ label: 'big', provider: new LocalProvider({ maxBlocks: 3 }) })],
    });
    const config = await readConfig(original, ['executors.0.provider.minBlocks=2', 'executors.0.env.OMP_NUM_THREADS=8']);
    expect(first(config).compiled).to.deep.include({ label: 'big', env: { OMP_NUM_THREADS: '8' } });
    expect(first(config).compiled.provider.limits).to.include({ minBlocks: 2, maxBlocks: 3 });
    expect(config.compiled.retryHandler).to.equal(retryHandler);
    expect(first(original).compiled.provider.limits.minBlocks).to.not.equal(2);
  });

  it('starts from the default executor and provider where none is written', async () => {
    const config = await readConfig(new Config(), ['executors.0.provider.maxBlocks=5']);
    expect(first(config).compiled.provider.limits.maxBlocks).to.equal(5);
  });

  it('reads values as YAML', async () => {
    const config = await readConfig('local', [
      'executors.0.availableAccelerators=[a, b]',
      'executors.0.provider.launcher={type: SimpleLauncher}',
      'executors.0.label="7"',
    ]);
    expect(first(config).compiled.accelerators).to.deep.equal(['a', 'b']);
    expect(first(config).compiled.provider.launcher.type).to.equal('SimpleLauncher');
    expect(first(config).label).to.equal('7');
  });

  it('lets the last of two win', async () => expect((await readConfig('local', ['retries=1', 'retries=5'])).compiled.retries).to.equal(5));

  it('keeps an executor of a class that is not ours', async () => {
    class Foreign implements ExecutorDescription {
      readonly type = 'Foreign';
      readonly label = 'foreign';
      start(): Promise<RunningExecutor> {
        throw new Error('not started here');
      }
    }
    const foreign = new Foreign();
    const config = await readConfig(new Config({ executors: [foreign, new ThreadPoolExecutor()] }), ['executors.1.maxThreads=2']);
    expect(config.compiled.executors[0]).to.equal(foreign);
    expect(await messageOf(new Config({ executors: [foreign] }), 'executors.0.label=x')).to.contain(
      'Config.executors.0 is Foreign, which cannot be taken apart',
    );
  });

  const refused: [set: string, message: RegExp][] = [
    [
      'executors.0.maxWorkerPerNode=4',
      /^--set executors\.0\.maxWorkerPerNode=4: HighThroughputExecutor\.maxWorkerPerNode is not an option\. Did you mean 'maxWorkersPerNode'\?/,
    ],
    ['excutors.0.label=x', /^--set excutors\.0\.label=x: Config\.excutors is not an option\. Did you mean 'executors'\?/],
    ['executors.0.provder.maxBlocks=1', /HighThroughputExecutor\.provder is not an option\. Did you mean 'provider'\?/],
    ['executors.1.label=x', /there is no executors\.1; the list has only 0/],
    ['executors.first.label=x', /there is no executors\.first/],
    ['retries.x=1', /^--set retries\.x=1: Config\.retries: expected a whole number/],
    ['retries=many', /^--set retries=many: Config\.retries: expected a whole number of at least 0, saw 'many'/],
    ['retries', /expected PATH=VALUE, such as executors\.0\.maxWorkersPerNode=4/],
    ['=4', /expected PATH=VALUE/],
    ['retries=[1', /the value is not YAML/],
  ];
  for (const [set, message] of refused) it(`refuses ${set}`, async () => expect(await messageOf('local', set)).to.match(message));

  describe('on a YAML file', () => {
    let folder: ConfigFolder;
    beforeEach(async () => {
      folder = await makeConfigFolder();
    });
    afterEach(() => folder.remove());

    it('can mend a value that is wrong there', async () => {
      const file = await folder.write('c.yaml', 'retries: many\n');
      expect((await readConfig(file, ['retries=3'])).compiled.retries).to.equal(3);
    });

    it('is refused where it is wrong, also in place of a value of the environment that is right', async () => {
      const file = await folder.write('c.yaml', 'executors: [{ type: HighThroughputExecutor, maxWorkersPerNode: !env NOT_SET_HERE:3 }]\n');
      for (const [set, saw] of [
        ['executors.0.maxWorkersPerNode=0', 'expected a whole number of at least 1, saw 0'],
        ['executors.0={type: HighThroughputExecutor, maxWorkersPerNode: 0}', 'expected a whole number of at least 1, saw 0'],
      ] as const)
        expect(await messageOf(file, set)).to.equal(`--set ${set}: HighThroughputExecutor.maxWorkersPerNode: ${saw}`);
    });

    it('tells its own problems from those of the file', async () => {
      const file = await folder.write('c.yaml', 'runDri: x\n');
      const message = await messageOf(file, 'retries=many');
      expect(message)
        .to.match(/^--set retries=many: Config\.retries/m)
        .and.to.match(/c\.yaml:1:1: Config\.runDri/);
    });
  });
});
