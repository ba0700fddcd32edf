/**
 * Runs spec/fixtures/driver.ts as a process of its own, in a folder of its own.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually } from './eventually.ts';
import { processesOf } from './leftovers.ts';

const SCRIPT = fileURLToPath(new URL('../fixtures/driver.ts', import.meta.url));

export interface DriverEnd {
  readonly code: number | null;
  readonly signal: string | null;
}

export class Driver {
  readonly child: ChildProcess;
  readonly folder: string;
  readonly end: Promise<DriverEnd>;
  stdout = '';
  stderr = '';

  private constructor(folder: string, executor: string, scenario: string) {
    this.folder = folder;
    this.child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', SCRIPT, executor, scenario], {
      cwd: folder,
      env: { ...process.env, TMPDIR: folder, FLOTILLA_CONFIG: '' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.end = once(this.child, 'close').then(([code, signal]) => ({ code, signal }) as DriverEnd);
  }

  static async start(executor: string, scenario: string): Promise<Driver> {
    return new Driver(await mkdtemp(join(tmpdir(), 'flotilla-driver-')), executor, scenario);
  }

  /** Resolves once stdout holds `text`. @throws Error with its stderr if it ends before. */
  said(text: string): Promise<unknown> {
    return eventually(
      `the driver to say '${text}'; it said:\n${this.stdout}${this.stderr}`,
      () => {
        if (this.stdout.includes(text)) return true;
        if (this.child.exitCode !== null || this.child.signalCode !== null) throw new Error(`it ended: ${this.stdout}${this.stderr}`);
        return false;
      },
      20_000,
    );
  }

  get runId(): string {
    return /^run (\S+)$/m.exec(this.stdout)?.[1] ?? 'no run';
  }

  leftovers(): string[] {
    return processesOf(this.runId);
  }

  /** Waits until no process of the run is left. */
  async untilNothingLeft(limitMs: number): Promise<void> {
    await eventually('the end of all processes', () => this.leftovers().length === 0, limitMs).catch(() => {
      throw new Error(`still there after ${limitMs} ms:\n  ${this.leftovers().join('\n  ')}`);
    });
  }

  /** Ends whatever is left and removes the folder. */
  async dispose(): Promise<void> {
    this.child.kill('SIGKILL');
    for (const line of this.leftovers()) {
      try {
        process.kill(Number.parseInt(line, 10), 'SIGKILL');
      } catch {
        // It has ended by itself.
      }
    }
    await this.end;
    await rm(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }
}
