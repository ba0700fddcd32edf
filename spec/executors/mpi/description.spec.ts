import { expect } from 'chai';
import { readConfig } from '../../../configs/read.ts';
import { ConfigError, HighThroughputExecutor, MPIExecutor } from '../../../index.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

describe('MPIExecutor', () => {
  it('is a HighThroughputExecutor with a label of its own, and a bound for each block', () => {
    const { compiled, label, type, warnings } = new MPIExecutor({ maxWorkersPerBlock: 3, coresPerWorker: 2 });
    expect({ label, type, warnings }).to.deep.equal({ label: 'mpi', type: 'MPIExecutor', warnings: [] });
    const plain = new HighThroughputExecutor({ label: 'mpi', coresPerWorker: 2 }).compiled;
    expect(compiled).to.deep.equal({ ...plain, maxGangsPerBlock: 3 });
    expect(new MPIExecutor().compiled.maxGangsPerBlock, 'as many as there are nodes for').to.equal(undefined);
  });

  it('refuses what is no option of its', () => {
    expect(() => new MPIExecutor({ maxWorkersPerBlok: 3 } as never)).to.throw(ConfigError, "'maxWorkersPerBlock'");
    expect(() => new MPIExecutor({ mpiLauncher: 'aprun' as never })).to.throw(ConfigError, 'mpiLauncher');
  });

  it('is read from YAML, and knows by its launcher what starts MPI programs', async () => {
    const folder = new TemporaryFolder();
    try {
      const path = folder.write(
        'c.yaml',
        `executors:
  - type: MPIExecutor
    maxWorkersPerBlock: 4
    mpiOverrides: --label
    provider: { type: PBSProProvider, nodesPerBlock: 8, launcher: { type: MpiExecLauncher, bindCmd: --cpu-bind } }
`,
      );
      const [executor] = (await readConfig(path)).compiled.executors as unknown as [MPIExecutor];
      expect(executor.compiled.maxGangsPerBlock).to.equal(4);
      expect(executor.compiled.mpi).to.deep.equal({ commands: ['mpiexec'], flavour: 'pals', overrides: '--label' });
    } finally {
      folder.remove();
    }
  });
});
