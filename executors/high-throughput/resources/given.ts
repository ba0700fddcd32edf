/**
 * What tries have, as the interchange told the driver: for the event log, and for whoever asks. Book-keeping and words.
 */
import type { ExecutorEvents } from '../../../lib/executor.ts';
import type { Grant, TaskGrant } from './grant.ts';
import { describeGrant } from './grant-words.ts';

interface Given {
  readonly tryNumber: number;
  readonly manager: string;
  readonly host: string;
  readonly grant: Grant;
}

interface GivingManager {
  readonly managerId: string;
  readonly host: string;
}

export class GivenResources {
  readonly #given = new Map<number, Given>();

  get size(): number {
    return this.#given.size;
  }

  /** @param events told of each. */
  add(manager: GivingManager | undefined, grants: readonly TaskGrant[], events: Pick<ExecutorEvents, 'tryGranted'>): void {
    const { managerId, host } = manager ?? { managerId: '', host: '' };
    for (const { taskId, tryNumber, grant } of grants) {
      this.#given.set(taskId, { tryNumber, host, manager: managerId, grant });
      this.tell(taskId, tryNumber, events);
    }
  }

  /** Also of one that had it before anybody asked for the task: it was begun for a driver that has died. */
  tell(taskId: number, tryNumber: number, events: Pick<ExecutorEvents, 'tryGranted'>): void {
    const given = this.#given.get(taskId);
    if (given?.tryNumber === tryNumber) events.tryGranted?.({ taskId, ...given });
  }

  /** The try has ended. */
  drop(taskId: number, tryNumber: number): void {
    if (this.#given.size > 0 && this.#given.get(taskId)?.tryNumber === tryNumber) this.#given.delete(taskId);
  }

  /** All that a dead interchange had told of. */
  clear(): void {
    this.#given.clear();
  }

  /** "it runs on n1 with CPUs 0-3, GPU 1"; undefined: nothing was told of it. */
  describe(taskId: number): string | undefined {
    const given = this.#given.get(taskId);
    if (given === undefined) return undefined;
    const { host, grant } = given;
    const others = (grant.nodes ?? []).slice(1).map((node) => node.host);
    const where = others.length === 0 ? host : `${host} and ${others.join(', ')}`;
    return `it runs, or is about to, on ${where} with ${describeGrant(grant)}`;
  }
}
