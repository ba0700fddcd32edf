/**
 * The real Slurm of cluster.sh, for specs: started once, used through the commands that it puts on PATH, gone when it is closed
 * or when this process ends, however it does.
 */
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { eventually } from '../support/eventually.ts';

const SCRIPT = fileURLToPath(new URL('./cluster.sh', import.meta.url));
const PROGRAMS = ['slurmctld', 'slurmd', 'slurmdbd', 'munged', 'mariadbd', 'ip', 'unshare', 'nsenter'];
const USED = ['sbatch', 'squeue', 'sacct', 'scancel', 'scontrol', 'srun', 'sinfo'];
const run = promisify(execFile);

export type Machine = 'login' | 'n1' | 'n2' | 'n3' | 'n4';

/** Why there can be no cluster here; undefined: there can. */
export function whyNoCluster(): string | undefined {
  if (process.getuid?.() !== 0) return 'machines in namespaces are made by root only';
  const path = `/usr/sbin:/usr/bin:/sbin:/bin${delimiter}${process.env['PATH'] ?? ''}`;
  for (const program of PROGRAMS)
    if (!succeeds('/bin/sh', ['-c', `PATH='${path}' command -v ${program}`])) return `${program} is not installed`;
  return succeeds('unshare', ['--net', '--uts', '--mount', '--ipc', '--pid', '--fork', 'true'])
    ? undefined
    : 'namespaces cannot be made here';
}

export class SlurmCluster {
  /** For all its files; on every machine, as all of this disk is. */
  readonly folder: string;
  readonly #child: ChildProcess;
  readonly #env: NodeJS.ProcessEnv;
  #said = '';

  private constructor(folder: string, nodes: number) {
    this.folder = folder;
    this.#env = { ...process.env, CLUSTER: folder, NODES: String(nodes) };
    this.#child = spawn('bash', [SCRIPT, 'hold'], { env: this.#env, stdio: ['pipe', 'pipe', 'pipe'], detached: true });
    for (const stream of [this.#child.stdout, this.#child.stderr]) stream?.on('data', (chunk) => (this.#said += chunk));
  }

  static async start(nodes = 2): Promise<SlurmCluster> {
    const cluster = new SlurmCluster(await mkdtemp(join(tmpdir(), 'flotilla-slurm-')), nodes);
    await chmod(cluster.folder, 0o755);
    await eventually(
      'Slurm to come up',
      () => {
        if (cluster.#child.exitCode !== null) throw new Error(`the cluster did not start: ${cluster.#said}`);
        return cluster.#said.includes('up\n');
      },
      120_000,
    );
    await cluster.#writeCommands();
    return cluster;
  }

  /** A folder whose `sbatch`, `squeue`, … speak to this Slurm from its login node. */
  get commands(): string {
    return join(this.folder, 'commands');
  }

  /** @returns stdout. @throws Error with stderr when the command fails. */
  async on(machine: Machine, program: string, ...args: string[]): Promise<string> {
    const { stdout } = await run('bash', [SCRIPT, 'on', machine, program, ...args], { env: this.#env, maxBuffer: 2 ** 24 });
    return stdout;
  }

  /** A process on a machine. Killing it kills what it runs there. */
  spawn(machine: Machine, argv: readonly string[], options: { cwd: string; env?: Readonly<Record<string, string>> }): ChildProcess {
    const env = { ...this.#env, SLURM_CONF: join(this.folder, 'slurm.conf'), ...options.env };
    return spawn('bash', [SCRIPT, 'on', machine, ...argv], { cwd: options.cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  }

  cut = (machine: Machine): Promise<void> => this.#command('cut', machine);
  boot = (machine: Machine): Promise<void> => this.#command('boot', machine);
  /** Takes its network cable out; what runs there goes on. */
  unplug = (machine: Machine): Promise<void> => this.#command('unplug', machine);
  plug = (machine: Machine): Promise<void> => this.#command('plug', machine);
  stop = (daemon: 'slurmctld' | 'munged'): Promise<void> => this.#command('daemon', daemon, 'stop');
  startAgain = (daemon: 'slurmctld' | 'munged'): Promise<void> => this.#command('daemon', daemon, 'start');

  /** Whether a process of this id, as it is called on that machine, runs there. */
  async isAlive(machine: Machine, pid: number): Promise<boolean> {
    const stat = await this.on(machine, 'cat', `/proc/${pid}/stat`).catch(() => '');
    return stat !== '' && !/\) [ZX] /.test(stat);
  }

  /** `id|name|state|reason` of all jobs that have not ended. */
  async queue(): Promise<string[]> {
    return lines(await this.on('login', 'squeue', '--noheader', '--format=%i|%j|%T|%r'));
  }

  /** Cancels all jobs and waits until the nodes are free and up. */
  async clear(): Promise<void> {
    await this.on('login', 'scancel', '--user=root');
    await eventually('an empty queue', async () => (await this.queue()).length === 0, 120_000);
    await eventually('free nodes', async () => (await this.nodeStates()).every((state) => state === 'idle'), 120_000);
  }

  /** Waits until the job has ended, and the controller has been made to forget it. */
  async forgetEndedJobs(jobId: string): Promise<void> {
    const path = join(this.folder, 'slurm.conf');
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replace(/^MinJobAge=.*/m, 'MinJobAge=2'));
    await this.on('login', 'scontrol', 'reconfigure');
    const isForgotten = (): Promise<boolean> =>
      this.on('login', 'squeue', '--states=all', `--jobs=${jobId}`).then(
        () => false,
        () => true,
      );
    await eventually(`Slurm to forget job ${jobId}`, isForgotten, 90_000);
    await writeFile(path, text);
    await this.on('login', 'scontrol', 'reconfigure');
  }

  async nodeStates(): Promise<string[]> {
    return lines(await this.on('login', 'sinfo', '--noheader', '--Node', '--partition=debug', '--format=%T'));
  }

  async log(name: string): Promise<string> {
    return readFile(join(this.folder, 'log', name), 'utf8');
  }

  async close(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.stdin?.end();
    if (this.#child.exitCode === null) await ended;
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  async #command(...args: string[]): Promise<void> {
    await run('bash', [SCRIPT, ...args], { env: this.#env });
  }

  async #writeCommands(): Promise<void> {
    await mkdir(this.commands);
    for (const name of USED) {
      const text = `#!/bin/sh\nexec env CLUSTER='${this.folder}' NODES='${this.#env['NODES']}' bash '${SCRIPT}' on login ${name} "$@"\n`;
      await writeFile(join(this.commands, name), text, { mode: 0o755 });
    }
  }
}

const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');

function succeeds(program: string, args: readonly string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
