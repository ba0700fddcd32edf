/** A run of the project's script, started here, on a machine that is reached by SSH. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually } from '../../../support/eventually.ts';
import { processesOf } from '../../../support/leftovers.ts';
import { copySource, remove, runWell } from '../../../support/package-copy.ts';

const PROJECT = fileURLToPath(new URL('./project', import.meta.url));
const PATIENCE_MS = 120_000;

export interface FarOptions {
  /** Of the SshChannel. */
  readonly channel: object;
  /** Of the provider. */
  readonly provider?: object;
  readonly slurm?: boolean;
  /** Default 8. */
  readonly tasks?: number;
  /** Of each task. Default 0. */
  readonly seconds?: number;
  readonly heartbeatThreshold?: string;
}

/** The project with a package that is installed: built once, used by many runs. */
export class Laptop {
  readonly folder: string;
  readonly #source: string;

  private constructor(folder: string, source: string) {
    this.folder = folder;
    this.#source = source;
  }

  static async start(): Promise<Laptop> {
    const source = await copySource();
    await runWell(source, 'npm', ['run', 'build']);
    const folder = await mkdtemp(join(tmpdir(), 'flotilla-laptop-'));
    await cp(PROJECT, join(folder, 'project'), { recursive: true });
    await mkdir(join(folder, 'project', 'node_modules'));
    await symlink(source, join(folder, 'project', 'node_modules', 'flotilla'));
    return new Laptop(folder, source);
  }

  /** Where the other machine keeps bundles and run directories. */
  get there(): string {
    return join(this.folder, 'there');
  }

  run(options: FarOptions): FarRun {
    return new FarRun(this.folder, { tasks: 8, seconds: 0, ...options, provider: { scriptDir: this.there, ...options.provider } });
  }

  async close(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
    await remove(this.#source);
  }
}

export class FarRun {
  readonly #project: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  said = '';

  constructor(folder: string, options: object) {
    this.#project = join(folder, 'project');
    const argv = ['--disable-warning=ExperimentalWarning', 'script.fixture.ts', JSON.stringify(options)];
    const env = { ...process.env, FLOTILLA_CONFIG: '', XDG_STATE_HOME: join(folder, 'state') };
    this.#child = spawn(process.execPath, argv, { cwd: this.#project, env, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) stream?.setEncoding('utf8').on('data', (text) => (this.said += text));
    this.#ended = once(this.#child, 'close');
  }

  get runId(): string {
    return /^run (\S+)$/m.exec(this.said)?.[1] ?? 'no run';
  }

  /** How many results have come. */
  get results(): number {
    return this.said.match(/^result /gm)?.length ?? 0;
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  async until(what: string, probe: () => boolean | Promise<boolean>, patienceMs = PATIENCE_MS): Promise<void> {
    try {
      await eventually(what, async () => this.hasEnded || (await probe()), patienceMs);
      if (await probe()) return;
    } catch {
      // Told below, with what was said.
    }
    throw new Error(`waited in vain for ${what}; the run said:\n${this.said}\n${await this.log()}`);
  }

  says = (text: string): Promise<void> => this.until(`'${text}'`, () => this.said.includes(text));
  logs = (text: string): Promise<void> => this.until(`'${text}' in its log`, async () => (await this.log()).includes(text));

  /** Of the run. */
  async log(): Promise<string> {
    const number = this.runId.slice(0, 3);
    return readFile(join(this.#project, 'runinfo', number, 'flotilla.log'), 'utf8').catch(() => '');
  }

  /** Number, whether it was right, and how many tries, of each result that came. */
  outcomes = async (): Promise<string[]> => {
    const text = await readFile(join(this.#project, `results-${this.runId}`), 'utf8').catch(() => '');
    return text.split('\n').filter((line) => line !== '');
  };

  read = (file: string): Promise<string> => readFile(join(this.#project, file), 'utf8');

  async end(): Promise<number | null> {
    await this.#ended;
    return this.#child.exitCode;
  }

  /** With no time for anything. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  /** Ids of all processes of the run, there and here. */
  processes = (): string[] => processesOf(this.runId);

  async dispose(): Promise<void> {
    if (!this.hasEnded) await this.kill();
    await eventually('no process of the run to be left', () => this.runId === 'no run' || this.processes().length === 0, PATIENCE_MS);
  }
}
