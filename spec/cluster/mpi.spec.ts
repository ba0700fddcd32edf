/**
 * MPI programs on a real Slurm of four nodes: real Open MPI under its mpiexec, and MPICH's under srun. Each rank writes down where it was
 * and when, and the spec looks for nodes that two tasks had at once.
 */
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { expect } from 'chai';
import { eventually } from '../support/eventually.ts';
import type { Machine } from './slurm-cluster.ts';
import { useCluster } from './use-cluster.ts';

const SOURCE = join(import.meta.dirname, 'ranks.c');
const SCRIPT = join(import.meta.dirname, 'mpi.fixture.ts');
const NODES: readonly Machine[] = ['n1', 'n2', 'n3', 'n4'];

/** One rank of a program, or a task of one core. */
interface Stay {
  readonly task: string;
  readonly rank: number;
  readonly ranks: number;
  readonly host: string;
  readonly from: number;
  readonly to: number;
  readonly cpus: string;
}

describe('MPI programs on a real Slurm', function () {
  this.timeout(300_000);
  const cluster = useCluster(4);
  let dir: string;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'flotilla-mpi-'));
  });
  afterEach(async () => {
    await cluster().clear();
    await rm(dir, { recursive: true });
  });

  function compile(compiler: string): string {
    const program = join(dir, 'ranks');
    execFileSync(compiler, ['-O1', '-o', program, SOURCE], { stdio: 'pipe' });
    return program;
  }

  function start(...args: string[]) {
    const child = cluster().spawn('login', [process.execPath, '--disable-warning=ExperimentalWarning', SCRIPT, ...args], {
      cwd: dir,
      env: { XDG_STATE_HOME: cluster().folder },
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text: string) => (said += text));
    return { child, said: () => said };
  }

  async function stays(file: string): Promise<Stay[]> {
    const lines = (await readFile(join(dir, file), 'utf8')).trim().split('\n');
    return lines.map((line) => {
      const [task = '', rank, ranks, host = '', from, to, cpus = ''] = line.split(' ');
      return { task, rank: Number(rank), ranks: Number(ranks), host, from: Number(from), to: Number(to), cpus };
    });
  }

  const overlap = (a: Stay, b: Stay): boolean => a.host === b.host && a.from < b.to && b.from < a.to;

  for (const [title, launcher, compiler, overrides] of [
    ["Open MPI's mpiexec", 'mpiexec', 'mpicc.openmpi', ''],
    ["srun, with MPICH's library", 'srun', 'mpicc.mpich', '--mpi=pmi2'],
  ] as const) {
    it(`run many at once, of 1, 2 and 4 nodes beside tasks of one core, each on nodes of its own: ${title}`, async () => {
      const { child, said } = start(launcher, compile(compiler), 'pack', overrides);
      await once(child, 'close');
      expect(said()).to.match(/closed\n/);
      // 1, 2, 4, 1, 2, 1, 4, 2 nodes with 1, 2, 1, 2, … ranks on each.
      expect(said(), said()).to.include('ranks 1 4 4 2 2 2 4 4\n');
      const [ranks, cores] = [await stays('ranks.log'), await stays('cores.log')];
      expect(cores).to.have.length(24);
      const nodesOf = (task: string): string[] => [...new Set(ranks.filter((stay) => stay.task === task).map(({ host }) => host))];
      expect([0, 1, 2, 3, 4, 5, 6, 7].map((i) => nodesOf(`mpi-${i}`).length)).to.deep.equal([1, 2, 4, 1, 2, 1, 4, 2]);
      const shared = ranks.filter((rank) => [...ranks, ...cores].some((other) => other.task !== rank.task && overlap(rank, other)));
      expect(shared, 'ranks on a node that another task had').to.deep.equal([]);
      const crowded = cores.filter((one) => cores.some((other) => other !== one && overlap(one, other) && one.cpus === other.cpus));
      expect(crowded, 'tasks on a CPU that another had').to.deep.equal([]);
    });
  }

  const countOn = async (node: Machine, program: string): Promise<number> =>
    Number(await cluster().on(node, 'sh', '-c', `pgrep -xc ${program} || :`));
  const running = (): Promise<number[]> => Promise.all(NODES.map((node) => countOn(node, 'ranks')));

  it('run again on other nodes when one of theirs is lost, leave no rank there, and end on all when they are cancelled', async () => {
    const { child, said } = start('mpiexec', compile('mpicc.openmpi'), 'cancel');
    await eventually('it runs', () => said().includes('it runs\n'), 120_000);
    const before = await running();
    expect(before.filter((count) => count === 2)).to.have.length(3);
    const starts = await Promise.all(NODES.map((node) => countOn(node, 'mpiexec')));
    // Not the first node: the block's own launcher runs there, and names the manager's entry too.
    const lost = before.findIndex((count, i) => i > 0 && count > 0 && starts[i] === 0);
    await cluster().on(NODES[lost] as Machine, 'pkill', '-KILL', '-f', 'manager-entry');
    const expected = NODES.map((_, i) => (i === lost ? 0 : 2));
    await eventually('it runs on the others', async () => (await running()).join() === expected.join(), 120_000);
    await writeFile(join(dir, 'go'), '');
    await once(child, 'close');
    expect(said()).to.match(/then CancelledError\nclosed\n/);
    expect(await running()).to.deep.equal([0, 0, 0, 0]);
  });
});
