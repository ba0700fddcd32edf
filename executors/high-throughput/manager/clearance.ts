/**
 * Ends what tries that another node's manager was given have left running here: ranks, say, whose launcher was killed and goes on without
 * them. They are known by what their environment says, which launchers hand on.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { cancelledRecord } from '../../workers/ended-records.ts';
import { findProcesses, killAll, type ProcessSet, untilGone } from '../../workers/process-tree.ts';
import type { Try } from '../interchange/core-events.ts';

export interface ClearanceOptions {
  readonly runId: string;
  /** A launcher may have been killed while it started them: until then they may still come. Default: in half a second. */
  readonly late?: () => Promise<unknown>;
  /** What the kernel does not let go (it waits for a dead file system) would keep the node for ever. Default 30 seconds. */
  readonly giveUpMs?: number;
  /** Nothing is left of the try, or nothing that could be ended. */
  cleared(record: Buffer): void;
  complain(message: string): void;
}

const late = (): Promise<unknown> => delay(500);
const GIVE_UP_MS = 30_000;
/** Results are told apart by task and try. */
const ANY_FUNCTION = 0;

export class Clearance {
  readonly #options: ClearanceOptions;

  constructor(options: ClearanceOptions) {
    this.#options = options;
  }

  clear(tries: readonly Try[]): void {
    for (const one of tries) void this.#clear(one);
  }

  async #clear([taskId, tryNumber]: Try): Promise<void> {
    const { runId, cleared } = this.#options;
    // The next try of the task may be here already, if this is asked twice.
    const set = { tag: `FLOTILLA_TASK_ID=${runId}.${taskId}`, secondTag: `FLOTILLA_TRY=${tryNumber}` };
    await this.#end(set);
    await (this.#options.late ?? late)();
    await this.#end(set);
    cleared(cancelledRecord({ taskId, tryNumber, fnId: ANY_FUNCTION }));
  }

  async #end(set: ProcessSet): Promise<void> {
    const { giveUpMs = GIVE_UP_MS, complain } = this.#options;
    killAll(set);
    const deadline = performance.now() + giveUpMs;
    await untilGone(set, () => performance.now() > deadline);
    if (performance.now() <= deadline) return;
    complain(`processes of ${set.tag} do not end, though they were killed: ${findProcesses(set).join(', ')}; the node is taken for free`);
  }
}
