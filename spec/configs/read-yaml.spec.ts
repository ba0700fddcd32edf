import { expect } from 'chai';
import type { Config } from '../../configs/config.ts';
import { readConfig } from '../../configs/read.ts';
import type { HighThroughputExecutor } from '../../executors/high-throughput/description.ts';
import type { ConfigError } from '../../lib/errors/config-error.ts';
import { type ConfigFolder, configErrorOf, makeConfigFolder } from '../support/configs.ts';

describe('a YAML config', () => {
  let folder: ConfigFolder;
  beforeEach(async () => {
    folder = await makeConfigFolder();
  });
  afterEach(() => folder.remove());

  const read = async (text: string): Promise<Config> => readConfig(await folder.write('c.yaml', text));
  const htex = async (text: string): Promise<HighThroughputExecutor> => (await read(text)).compiled.executors[0] as HighThroughputExecutor;
  const refusal = async (text: string): Promise<ConfigError> => configErrorOf(() => read(text));

  it('selects classes by type, down to the launcher', async () => {
    const { executors, retries } = (
      await read(`
retries: 2
executors:
  - type: HighThroughputExecutor
    label: big
    memPerWorker: 6
    heartbeatPeriod: 10s
    provider:
      type: LocalProvider
      launcher: { type: SimpleLauncher }
  - type: ThreadPoolExecutor
    maxThreads: 2
`)
    ).compiled;
    expect(retries).to.equal(2);
    const [big, threads] = executors as unknown as [HighThroughputExecutor, { type: string }];
    expect(big.compiled).to.include({ label: 'big', memPerWorkerBytes: 6 * 2 ** 30, heartbeatPeriodMs: 10_000 });
    expect(big.compiled.provider.launcher.type).to.equal('SimpleLauncher');
    expect(threads.type).to.equal('ThreadPoolExecutor');
  });

  it('may be empty: all defaults', async () => expect((await read('# nothing\n')).compiled.executors).to.have.length(1));

  it('allows anchors and merge keys', async () => {
    const { executors } = (
      await read(`
executors:
  - &base { type: HighThroughputExecutor, label: a, coresPerWorker: 2 }
  - <<: *base
    label: b
`)
    ).compiled;
    const executor = executors[1] as HighThroughputExecutor;
    expect(executor.compiled).to.include({ label: 'b', coresPerWorker: 2 });
  });

  describe('problems', () => {
    it('are shown at line and column, with a caret under the key and the nearest key', async () => {
      const error = await refusal('executors:\n  - type: HighThroughputExecutor\n    max_workers_per_node: 4\n');
      expect(error).to.include({ line: 3, column: 5 });
      expect(error.file).to.match(/c\.yaml$/);
      expect(error.message.split('\n').slice(1)).to.deep.equal(['  3 |     max_workers_per_node: 4', '    |     ^^^^^^^^^^^^^^^^^^^^']);
      expect(error.message).to.match(
        /c\.yaml:3:5: HighThroughputExecutor\.max_workers_per_node is not an option\. Did you mean 'maxWorkersPerNode'\?/,
      );
    });

    const rows: [title: string, text: string, line: number, column: number, message: RegExp][] = [
      ['a wrong value', 'retries: many\n', 1, 10, /Config\.retries: expected a whole number of at least 0, saw 'many'/],
      ['a wrong item', 'checkpointFiles:\n  - a\n  - 4\n', 3, 5, /Config\.checkpointFiles\.1: expected text, saw 4/],
      [
        'a duplicate label',
        'executors:\n  - { type: ThreadPoolExecutor }\n  - { type: ThreadPoolExecutor }\n',
        3,
        5,
        /label 'threads' is taken by executors\.0/,
      ],
      [
        'a duplicate written label',
        'executors:\n  - {type: ThreadPoolExecutor, label: a}\n  - type: ThreadPoolExecutor\n    label: a\n',
        4,
        12,
        /label 'a' is taken/,
      ],
      ['a duplicate key', 'retries: 1\nretries: 2\n', 2, 1, /unique/],
      [
        'a missing type',
        'executors:\n  - label: a\n',
        2,
        5,
        /this executor needs a type; known are HighThroughputExecutor, MPIExecutor, ThreadPoolExecutor/,
      ],
      [
        'an unknown type',
        'executors:\n  - type: HighThroughputExecuter\n',
        2,
        11,
        /no executor 'HighThroughputExecuter'.*Did you mean 'HighThroughputExecutor'\?/,
      ],
      ['a type of another kind', 'executors:\n  - type: LocalProvider\n', 2, 11, /LocalProvider is a provider, not an executor/],
      [
        'a provider that is no map',
        'executors:\n  - type: HighThroughputExecutor\n    provider: local\n',
        3,
        15,
        /expected a map with the type of the provider, saw 'local'/,
      ],
      [
        'a contradiction',
        'executors:\n  - type: HighThroughputExecutor\n    heartbeatThreshold: 5\n',
        3,
        25,
        /not longer than heartbeatPeriod/,
      ],
      ['a root that is no map', '- a\n', 1, 1, /expected a map of options of Config/],
      ['bad YAML', 'a: [1,\n', 2, 1, /./],
      ['an unknown tag', 'runDir: !nev X\n', 1, 9, /tag/i],
      [
        'a problem within an anchored map',
        'executors:\n  - &a { type: HighThroughputExecutor, retries: 1 }\n',
        2,
        40,
        /HighThroughputExecutor\.retries is not an option/,
      ],
    ];
    for (const [title, text, line, column, message] of rows) {
      it(`${title}: ${line}:${column}`, async () => {
        const error = await refusal(text);
        expect(error.message).to.match(message);
        expect(`${error.line}:${error.column}`).to.equal(`${line}:${column}`);
      });
    }

    it('are all shown, in the order of the file', async () => {
      const error = await refusal(
        'retries: x\nexecutors:\n  - type: HighThroughputExecutor\n    lable: a\n    provider: { type: LocalProvider, maxBlocs: 2 }\nrunDri: y\n',
      );
      expect(error.problems.map(({ place }) => place?.line)).to.deep.equal([1, 4, 5, 6]);
    });

    it('in a merged map are shown where they were written', async () => {
      const error = await refusal(
        'executors:\n  - &a { type: ThreadPoolExecutor, label: a }\n  - <<: *a\n    label: b\n    maxThread: 1\n',
      );
      expect(error).to.include({ line: 5, column: 5 });
    });
  });

  describe('!env', () => {
    afterEach(() => {
      delete process.env.FLOTILLA_SPEC_VALUE;
    });

    it('takes the variable, as text where text is wanted', async () => {
      process.env.FLOTILLA_SPEC_VALUE = '12345';
      expect((await read('runDir: !env FLOTILLA_SPEC_VALUE\n')).compiled.runDir).to.equal('12345');
    });

    it('takes the variable as a number or a list where one is wanted', async () => {
      process.env.FLOTILLA_SPEC_VALUE = '3';
      const executor = await htex(
        'executors:\n  - type: HighThroughputExecutor\n    maxWorkersPerNode: !env FLOTILLA_SPEC_VALUE\n    label: !env FLOTILLA_SPEC_VALUE\n',
      );
      expect(executor.compiled).to.include({ maxWorkersPerNode: 3, label: '3' });
    });

    it('takes the default where the variable is not set', async () => {
      expect((await read('runDir: !env FLOTILLA_SPEC_VALUE:/scratch/a:b\n')).compiled.runDir).to.equal('/scratch/a:b');
    });

    it('names the variable that is not set, at its place', async () => {
      const error = await refusal('retries: 1\nrunDir: !env FLOTILLA_SPEC_VALUE\n');
      expect(error.message).to.contain('the environment variable FLOTILLA_SPEC_VALUE is not set');
      expect(error.line).to.equal(2);
      expect(error.message).to.contain('  2 | runDir: !env FLOTILLA_SPEC_VALUE\n');
    });

    it('names it together with what else is wrong, and says nothing of the values that are missing', async () => {
      const text =
        'strategyPeriod: !nope 3m 4\nretries: many\nrunDir: !env FLOTILLA_SPEC_VALUE\nexecutors:\n  - type: ThreadPoolExecutor\n    maxThreads: !env FLOTILLA_SPEC_VALUE\n    lable: x\n';
      const { problems } = await refusal(text);
      expect(problems.map(({ message, place }) => `${place?.line}: ${message.split(/[.;,] /)[0]}`)).to.deep.equal([
        '1: Unresolved tag: !nope',
        '2: Config.retries: expected a whole number of at least 0',
        '3: the environment variable FLOTILLA_SPEC_VALUE is not set',
        '6: the environment variable FLOTILLA_SPEC_VALUE is not set',
        '7: ThreadPoolExecutor.lable is not an option',
      ]);
    });

    it('shows a wrong value of a variable at its place', async () => {
      process.env.FLOTILLA_SPEC_VALUE = 'many';
      const error = await refusal('retries: !env FLOTILLA_SPEC_VALUE\n');
      expect(error.message).to.contain("Config.retries: expected a whole number of at least 0, saw 'many'");
      expect(error.line).to.equal(1);
    });

    it('refuses what is no name', async () => expect((await refusal('runDir: !env "a b"\n')).message).to.contain("saw 'a b'"));
  });
});
