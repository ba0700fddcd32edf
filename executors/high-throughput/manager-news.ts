/**
 * What is told on the channels of an executor's managers and of their workers.
 */
import { tellManager, tellWorker } from '../../lib/kernel/channels.ts';
import { toWorkerEvent, unpackChange } from '../workers/worker-change.ts';
import type { LostManager } from './manager-loss.ts';
import type { KnownManager, KnownManagers } from './managers.ts';
import type { Quarantined, Released } from './reports.ts';

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

  quarantined(manager: Quarantined): void {
    const { failures, forMs } = manager;
    tellManager({ kind: 'managerQuarantined', ...this.#placeOf(manager), failures, forMs });
  }

  released(manager: Released): void {
    tellManager({ kind: 'managerReleased', ...this.#placeOf(manager), reason: manager.reason });
  }

  refused(reason: string): void {
    tellManager({ kind: 'managerRefused', executor: this.#executor, reason });
  }

  told(managers: KnownManagers, { managerId, fact }: { readonly managerId: string; readonly fact: Buffer }): void {
    const manager = managers.byId(managerId);
    if (manager) this.worker(manager, fact);
  }

  /** @param fact from the manager's process: what makes no sense is passed over. */
  worker({ managerId, host }: Place, fact: Buffer): void {
    const change = unpackChange(fact);
    if (change) tellWorker(toWorkerEvent(change, { executor: this.#executor, manager: managerId, host }));
  }
}
