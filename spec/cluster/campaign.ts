/** A run of campaign.fixture.ts on the login node of a cluster, in a folder of its own. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SlurmProviderOptions } from '../../index.ts';
import { eventually } from '../support/eventually.ts';
import { processesOf } from '../support/leftovers.ts';
import type { SlurmCluster } from './slurm-cluster.ts';

const SCRIPT = fileURLToPath(new URL('./campaign.fixture.ts', import.meta.url));
const PATIENCE_MS = 120_000;

/** What a SlurmProvider takes and JSON can hold. */
export type ProviderData = Omit<SlurmProviderOptions, 'launcher'>;

export class Campaign {
  readonly folder: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #said = '';

  private constructor(cluster: SlurmCluster, folder: string, scenario: string, options: ProviderData) {
    this.folder = folder;
    const argv = [process.execPath, '--disable-warning=ExperimentalWarning', SCRIPT, scenario, JSON.stringify(options)];
    this.#child = cluster.spawn('login', argv, { cwd: folder, env: { FLOTILLA_CONFIG: '', XDG_STATE_HOME: cluster.folder } });
    for (const stream of [this.#child.stdout, this.#child.stderr]) stream?.setEncoding('utf8').on('data', (text) => (this.#said += text));
    this.#ended = once(this.#child, 'close');
  }

  static async start(cluster: SlurmCluster, scenario: string, options: ProviderData = {}): Promise<Campaign> {
    return new Campaign(cluster, await mkdtemp(join(tmpdir(), 'flotilla-campaign-')), scenario, options);
  }

  get said(): string {
    return this.#said;
  }

  get runId(): string {
    return /^run (\S+)$/m.exec(this.#said)?.[1] ?? 'no run';
  }

  async says(text: string): Promise<void> {
    const what = (): string => `the campaign to say '${text}'; it said:\n${this.#said}`;
    await eventually('it', () => this.#said.includes(text) || this.#hasEnded, PATIENCE_MS).catch(() => undefined);
    if (!this.#said.includes(text)) throw new Error(`waited in vain for ${what()}\n${await this.log()}`);
  }

  async tell(file: string): Promise<void> {
    await writeFile(join(this.folder, file), '');
  }

  /** Lines of a file in its folder. */
  async lines(file: string): Promise<string[]> {
    const text = await readFile(join(this.folder, file), 'utf8').catch(() => '');
    return text.split('\n').filter((line) => line !== '');
  }

  /** Of the run. */
  async log(): Promise<string> {
    return (await this.lines(join('runinfo', '000', 'flotilla.log'))).join('\n');
  }

  /** The driver alone, with no time for anything. */
  async kill(): Promise<void> {
    await this.signal('SIGKILL');
    await this.#ended;
  }

  /** To the driver alone, if it is still there. */
  async signal(signal: NodeJS.Signals): Promise<void> {
    for (const name of await readdir('/proc')) {
      if (!/^\d+$/.test(name) || !(await this.#isDriver(name))) continue;
      try {
        process.kill(Number(name), signal);
      } catch {
        // It has ended meanwhile.
      }
    }
  }

  async #isDriver(pid: string): Promise<boolean> {
    const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    const isScript = commandLine.startsWith(`${process.execPath}\0`) && commandLine.includes(`\0${SCRIPT}\0`);
    return isScript && (await readlink(`/proc/${pid}/cwd`).catch(() => '')) === this.folder;
  }

  async ends(): Promise<void> {
    await this.#ended;
  }

  async dispose(): Promise<void> {
    if (!this.#hasEnded) await this.kill();
    await eventually('no process of the run to be left', () => processesOf(this.runId).length === 0, PATIENCE_MS);
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  get #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }
}
