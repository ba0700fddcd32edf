import { expect } from 'chai';
import { SimpleLauncher, SlurmProvider, type SlurmProviderOptions } from '../../../index.ts';

describe('SlurmProvider', () => {
  const refusal = (options: unknown): string => {
    try {
      new SlurmProvider(options as SlurmProviderOptions);
    } catch (error) {
      return String(error);
    }
    return 'accepted';
  };

  it('takes every option that Parsl has, in its units', () => {
    const { compiled, warnings } = new SlurmProvider({
      partition: 'p',
      account: 'a',
      qos: 'q',
      constraint: 'c',
      clusters: 'k',
      channel: 'LocalChannel()',
      nodesPerBlock: 2,
      coresPerNode: 8,
      memPerNode: 16,
      initBlocks: 0,
      minBlocks: 0,
      maxBlocks: 4,
      parallelism: 0.5,
      walltime: '00:20:00',
      schedulerOptions: '#SBATCH --signal=B:USR1@30',
      regexJobId: 'x',
      workerInit: 'true',
      cmdTimeout: 10,
      exclusive: false,
      moveFiles: false,
    });
    expect(compiled).to.include({ memPerNodeBytes: 16 * 2 ** 30, commandTimeoutMs: 10_000, exclusive: false, coresPerNode: 8 });
    expect(compiled.limits).to.deep.equal({
      nodesPerBlock: 2,
      initBlocks: 0,
      minBlocks: 0,
      maxBlocks: 4,
      parallelism: 0.5,
      walltimeMs: 1_200_000,
    });
    expect(warnings.map((text) => text.split(' ', 1)[0])).to.deep.equal([
      'SlurmProvider.channel',
      'SlurmProvider.regexJobId',
      'SlurmProvider.moveFiles',
    ]);
  });

  it('has the defaults of Parsl where it matters: ten minutes, whole nodes, one block', () => {
    const { compiled } = new SlurmProvider();
    expect(compiled.exclusive).to.equal(true);
    expect(compiled.limits).to.include({ walltimeMs: 600_000, initBlocks: 1, minBlocks: 0, maxBlocks: 1, nodesPerBlock: 1 });
  });

  for (const [what, options, words] of [
    ['a misspelt option', { partitoin: 'p' }, /partition/],
    [
      'a shell command among the directives',
      { schedulerOptions: 'module load x' },
      /'#SBATCH' line; shell commands belong into workerInit/,
    ],
    ['an array, which would be many jobs', { schedulerOptions: '#SBATCH --array=0-3' }, /a block is one job; use maxBlocks/],
    ['several clusters', { clusters: 'a,b' }, /'a,b' is a list/],
    ['a value that would leave its line', { account: 'a\n#SBATCH --nodes=100' }, /does not fit into a line/],
    ['a quote in a type of GPU', { gpusPerNode: 'a"b' }, /does not fit into a line/],
    ['a walltime without a unit', { walltime: 30 }, /walltime/],
    ['more first blocks than there may be', { initBlocks: 3, maxBlocks: 2 }, /initBlocks/],
    ['a launcher for fewer nodes', { nodesPerBlock: 2, launcher: new SimpleLauncher() }, /launcher/],
  ] as const) {
    it(`refuses ${what}`, () => expect(refusal(options)).to.match(words));
  }

  it('is data: making one asks nobody, and it cannot be changed', () => {
    const options = { account: 'a', schedulerOptions: '#SBATCH --hold' };
    const provider = new SlurmProvider(options);
    expect(Object.isFrozen(provider) && Object.isFrozen(provider.options) && Object.isFrozen(provider.compiled)).to.equal(true);
    expect(provider.options).to.deep.equal(options);
  });
});
