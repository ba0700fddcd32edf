/**
 * What is told on the channels of an executor's managers and of their workers.
 */
import { tellManager, tellWorker } from '../../lib/kernel/channels.ts';
import { toWorkerEvent, unpackChange } from '../workers/worker-change.ts';
import type { LostManager } from './manager-loss.ts';
import type { KnownManager } from './managers.ts';

type Place = Pick<KnownManager, 'managerId' | 'host' | 'blockId'>;

export class ManagerNews {
  readonly #executor: string;

  constructor(executor: string) {
    this.#executor = executor;
  }

  #placeOf({ managerId, host, blockId }: Place) {
    return { executor: this.#executor, manager: managerId, host, block: blockId };
  }

  registered(manager: Place, workers: number): void {
    tellManager({ kind: 'managerRegistered', ...this.#placeOf(manager), workers });
  }

  left(manager: Place): void {
    tellManager({ kind: 'managerLeft', ...this.#placeOf(manager), reason: '' });
  }

  lost(lost: LostManager): void {
    tellManager({ kind: 'managerLost', ...this.#placeOf(lost), reason: lost.reason });
  }

  refused(reason: string): void {
    tellManager({ kind: 'managerRefused', executor: this.#executor, reason });
  }

  /** @param manager undefined: it has gone meanwhile. @param fact from its process: what makes no sense is passed over. */
  worker(manager: Place | undefined, fact: Buffer): void {
    const change = manager && unpackChange(fact);
    if (change) tellWorker(toWorkerEvent(change, { executor: this.#executor, manager: manager.managerId, host: manager.host }));
  }
}
