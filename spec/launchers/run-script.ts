/** Runs a generated script as a job runs: a session of its own, ended whole when the spec is over. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface ScriptRun {
  readonly pid: number;
  /** Resolves when the script has ended. */
  readonly ended: Promise<{ exitCode: number | null; signal: string | null }>;
  output(): string;
}

export class ScriptBench {
  readonly dir: string;
  readonly #running = new Set<number>();

  private constructor(dir: string) {
    this.dir = dir;
  }

  static async open(): Promise<ScriptBench> {
    return new ScriptBench(await mkdtemp(join(tmpdir(), 'flotilla-script-')));
  }

  /** `$DIR` in the script is `dir`. */
  async start(script: string, bashOptions: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Promise<ScriptRun> {
    const path = join(this.dir, 'script.sh');
    await writeFile(path, script);
    const child = spawn('bash', [...bashOptions, path], { detached: true, cwd: this.dir, env: { ...process.env, ...env, DIR: this.dir } });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    const pid = child.pid ?? 0;
    this.#running.add(pid);
    const ended = once(child, 'close').then(([exitCode, signal]) => {
      this.#running.delete(pid);
      return { exitCode, signal };
    });
    return { pid, ended, output: () => output };
  }

  /** Lines of a file that the script wrote; none while it does not exist. */
  async lines(name: string): Promise<string[]> {
    const text = await readFile(join(this.dir, name), 'utf8').catch(() => '');
    return text.split('\n').filter((line) => line !== '');
  }

  async close(): Promise<void> {
    for (const pid of [...this.#running, ...(await this.lines('pids')).map(Number)]) killGroup(pid);
    await rm(this.dir, { recursive: true });
  }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended already, which is what was wanted.
  }
}

/** Whether a process exists that has not ended; a zombie has. */
export async function isAlive(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  return stat !== undefined && !/\) [ZX] /.test(stat);
}
