/** An executor's side of its blocks: a run directory, a load, and what it heard. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Blocks } from '../../../executors/blocks/blocks.ts';
import type { BlocksOptions } from '../../../executors/blocks/blocks-options.ts';
import type { ExecutorFailed } from '../../../lib/errors/engine-errors.ts';
import { eventually } from '../../support/eventually.ts';

export class BlocksBench {
  readonly dir: string;
  readonly heard: string[] = [];
  readonly log: string[] = [];
  readonly failures: ExecutorFailed[] = [];
  outstanding = 0;
  readonly #opened: Blocks[] = [];

  private constructor(dir: string) {
    this.dir = dir;
  }

  static async open(): Promise<BlocksBench> {
    return new BlocksBench(await mkdtemp(join(tmpdir(), 'flotilla-blocks-')));
  }

  start(options: Pick<BlocksOptions, 'provider'> & Partial<BlocksOptions>): Blocks {
    const blocks = new Blocks({
      label: 'htex',
      context: {
        runId: 'run1',
        runDir: this.dir,
        workingDirectory: this.dir,
        log: (level, message) => void this.log.push(`${level}: ${message}`),
      },
      command: () => 'exec sleep 300',
      env: {},
      load: () => ({ outstanding: this.outstanding }),
      onFail: (error) => void this.failures.push(error),
      onDrain: (blockId) => void this.heard.push(`drain ${blockId}`),
      ...options,
    });
    this.#opened.push(blocks);
    blocks.start();
    return blocks;
  }

  failure(limitMs?: number): Promise<ExecutorFailed> {
    return eventually('the executor fails', () => this.failures[0], limitMs);
  }

  jobRuns(blocks: Blocks, blockId: string): Promise<unknown> {
    return eventually(`block ${blockId} runs`, () => blocks.jobOf(blockId)?.state === 'running');
  }

  pidOf(blocks: Blocks, blockId: string): number {
    const pid = Number(blocks.jobOf(blockId)?.jobId.slice('local-'.length));
    expect(pid).to.be.greaterThan(1);
    return pid;
  }

  async close(): Promise<void> {
    await Promise.all(this.#opened.map((blocks) => blocks.close(10_000)));
    await rm(this.dir, { recursive: true });
  }
}
