import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { readConfig } from '../../configs/read.ts';
import { allocatedLauncher, allocatedNodes, type HighThroughputExecutor, LocalProvider } from '../../index.ts';
import { ConfigError } from '../../lib/errors/config-error.ts';
import { configErrorOf } from '../support/configs.ts';
import { withEnvironment } from '../support/machine-configs.ts';

describe('the nodes of an allocation', () => {
  let dir: string;
  beforeEach(async () => (dir = await mkdtemp(join(tmpdir(), 'flotilla-allocation-'))));
  afterEach(() => rm(dir, { recursive: true }));

  const pbs = async (...lines: string[]): Promise<Record<string, string>> => {
    await writeFile(join(dir, 'nodes'), lines.map((line) => `${line}\n`).join(''));
    return { PBS_JOBID: '12.ctl', PBS_NODEFILE: join(dir, 'nodes') };
  };
  const slurm = { SLURM_JOB_ID: '7', SLURM_JOB_NUM_NODES: '3' };
  const provider = async (set: Record<string, string>): Promise<LocalProvider> => {
    const { compiled } = await withEnvironment(set, () => readConfig('in-allocation'));
    return (compiled.executors[0] as HighThroughputExecutor).compiled.provider as LocalProvider;
  };

  it("are all of Slurm's, with srun on each, whose steps may overlap with that of the shell", async () => {
    const { limits, launcher, isLocal } = await provider(slurm);
    expect(limits).to.include({ nodesPerBlock: 3, minBlocks: 1, maxBlocks: 1 });
    expect(launcher.wrap('manager', 3, 1)).to.match(/srun --nodes=3 .* --overlap /);
    expect(isLocal).to.equal(false);
  });

  it('are counted once in PBS, where a node has a line for each MPI process, and reached by ssh', async () => {
    const { limits, launcher, isLocal } = await provider(await pbs('n1', 'n1', 'n2', 'n2'));
    expect(limits.nodesPerBlock).to.equal(2);
    expect([launcher.type, isLocal]).to.deep.equal(['SshLauncher', false]);
  });

  it('may be the one on which the shell of PBS runs: nothing has to be reached then', async () => {
    const { limits, launcher, isLocal } = await provider(await pbs('n1', 'n1'));
    expect(limits.nodesPerBlock).to.equal(1);
    expect([launcher.type, isLocal]).to.deep.equal(['SimpleLauncher', true]);
  });

  it('are missing outside of one, which is said once, with line and column and what to do', async () => {
    const error = await configErrorOf(() => withEnvironment({}, () => readConfig('in-allocation')));
    expect(error.problems).to.have.length(1);
    expect(error.message).to.match(
      /in-allocation\.yaml:\d+:22: this is not inside an allocation: neither SLURM_JOB_ID nor PBS_JOBID is set;/,
    );
    expect(error.message).to.match(/salloc --nodes=2, qsub -I .*--config slurm/);
  });

  const refused: [title: string, env: Record<string, string>, says: RegExp][] = [
    ['Slurm does not say how many', { SLURM_JOB_ID: '7' }, /Slurm's job 7 .* SLURM_JOB_NUM_NODES is not set/],
    ['Slurm says something else', { ...slurm, SLURM_JOB_NUM_NODES: 'n[1-2]' }, /SLURM_JOB_NUM_NODES is 'n\[1-2\]'/],
    ['PBS names no file', { PBS_JOBID: '1.ctl' }, /PBS's job 1\.ctl are unknown: PBS_NODEFILE, not set, cannot be read .*ENOENT/],
    ['the file is on another machine', { PBS_JOBID: '1.ctl', PBS_NODEFILE: '/nowhere/nodes' }, /'\/nowhere\/nodes'.* first node/],
  ];
  for (const [title, env, says] of refused) {
    it(`are unknown where ${title}`, () => {
      expect(() => allocatedNodes(env)).to.throw(ConfigError, says);
    });
  }

  it('are for TypeScript too', async () => {
    const env = await pbs('n1', 'n2');
    expect(new LocalProvider({ nodesPerBlock: allocatedNodes(env), launcher: allocatedLauncher(env) }).limits.nodesPerBlock).to.equal(2);
    expect(() => allocatedLauncher({})).to.throw(ConfigError, 'not inside an allocation');
    expect(() => allocatedNodes({ PBS_JOBID: '1', PBS_NODEFILE: '/dev/null' })).to.throw(ConfigError, 'is empty');
  });
});
