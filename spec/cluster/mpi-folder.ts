/**
 * MPI programs on a real Slurm of four nodes, for specs: a folder for them, and a script that runs many at once. Each rank writes down where it
 * was and when, and the spec looks for nodes that two tasks had at once.
 */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { SlurmCluster } from './slurm-cluster.ts';

const SOURCE = join(import.meta.dirname, 'ranks.c');
const SCRIPT = join(import.meta.dirname, 'mpi.fixture.ts');

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

export class MpiFolder {
  readonly path: string;
  readonly #cluster: SlurmCluster;

  private constructor(path: string, cluster: SlurmCluster) {
    this.path = path;
    this.#cluster = cluster;
  }

  static async make(cluster: SlurmCluster): Promise<MpiFolder> {
    return new MpiFolder(await mkdtemp(join(tmpdir(), 'flotilla-mpi-')), cluster);
  }

  remove(): Promise<void> {
    return rm(this.path, { recursive: true });
  }

  compile(compiler: string): string {
    const program = join(this.path, 'ranks');
    execFileSync(compiler, ['-O1', '-o', program, SOURCE], { stdio: 'pipe' });
    return program;
  }

  /** @param args of the script. */
  start(...args: string[]) {
    const child = this.#cluster.spawn('login', [process.execPath, '--disable-warning=ExperimentalWarning', SCRIPT, ...args], {
      cwd: this.path,
      env: { XDG_STATE_HOME: this.#cluster.folder },
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text: string) => (said += text));
    return { child, said: () => said };
  }

  async #stays(file: string): Promise<Stay[]> {
    const lines = (await readFile(join(this.path, file), 'utf8')).trim().split('\n');
    return lines.map((line) => {
      const [task = '', rank, ranks, host = '', from, to, cpus = ''] = line.split(' ');
      return { task, rank: Number(rank), ranks: Number(ranks), host, from: Number(from), to: Number(to), cpus };
    });
  }

  /** Runs many at once, of 1, 2 and 4 nodes beside tasks of one core. */
  async expectEachOnItsOwn({ launcher, compiler, overrides = '' }: MpiStart): Promise<void> {
    const { child, said } = this.start(launcher, this.compile(compiler), 'pack', overrides);
    await once(child, 'close');
    expect(said()).to.match(/closed\n/);
    // 1, 2, 4, 1, 2, 1, 4, 2 nodes with 1, 2, 1, 2, … ranks on each.
    expect(said(), said()).to.include('ranks 1 4 4 2 2 2 4 4\n');
    const [ranks, cores] = [await this.#stays('ranks.log'), await this.#stays('cores.log')];
    expect(cores).to.have.length(24);
    const nodesOf = (task: string): string[] => [...new Set(ranks.filter((stay) => stay.task === task).map(({ host }) => host))];
    expect([0, 1, 2, 3, 4, 5, 6, 7].map((i) => nodesOf(`mpi-${i}`).length)).to.deep.equal([1, 2, 4, 1, 2, 1, 4, 2]);
    const shared = ranks.filter((rank) => [...ranks, ...cores].some((other) => other.task !== rank.task && overlap(rank, other)));
    expect(shared, 'ranks on a node that another task had').to.deep.equal([]);
    const crowded = cores.filter((one) => cores.some((other) => other !== one && overlap(one, other) && one.cpus === other.cpus));
    expect(crowded, 'tasks on a CPU that another had').to.deep.equal([]);
  }
}

export interface MpiStart {
  readonly launcher: string;
  /** Of the library that the program is linked with. */
  readonly compiler: string;
  readonly overrides?: string;
}

const overlap = (a: Stay, b: Stay): boolean => a.host === b.host && a.from < b.to && b.from < a.to;
