/**
 * A launcher that starts simulated managers in the place of a real one. All else of a block stays as it is: its job, its settings, its keys.
 */
import { fileURLToPath } from 'node:url';
import type { Launcher } from '../../lib/provider.ts';
import { quoteForShell } from '../../lib/shell-quote.ts';

const ENTRY = fileURLToPath(new URL('./managers-entry.ts', import.meta.url));

export interface SimulatedBlock {
  readonly managers: number;
  readonly slotsPerManager: number;
  /** See managers-entry.ts. */
  readonly folder: string;
}

export class SimulatedLauncher implements Launcher {
  readonly type = 'SimulatedLauncher';
  readonly #block: SimulatedBlock;

  constructor(block: SimulatedBlock) {
    this.#block = block;
  }

  /** @throws Error if the command does not start a manager. */
  wrap(command: string): string {
    const { managers, slotsPerManager, folder } = this.#block;
    const simulated = command.replace(/\S*manager-entry\.[jt]s\S*/, quoteForShell(ENTRY));
    if (simulated === command) throw new Error(`the command that starts a manager has another form: ${command}`);
    return [simulated, managers, slotsPerManager, quoteForShell(folder)].join(' ');
  }
}
