/**
 * A manager as its interchange sees one, without a node: the real link with its registration, heartbeats and CURVE, over pretended workers.
 */
import type { ManagerSettings } from '../../executors/high-throughput/manager/settings.ts';
import { type LinkRegistration, ManagerLink } from '../../executors/high-throughput/manager-link.ts';
import { PACKAGE_VERSION, PROTOCOL_VERSION } from '../../lib/wire/protocol.ts';
import { PretendedSlots, type PretendedTime } from './pretended-slots.ts';

export interface SimulatedManagerOptions {
  readonly settings: ManagerSettings;
  readonly blockId: string;
  /** Within its block. */
  readonly number: number;
  readonly slots: number;
  readonly time: PretendedTime;
  /** Told once: it has been sent away, refused, or hears nothing any more. */
  ended(reason: string): void;
}

export class SimulatedManager {
  readonly #options: SimulatedManagerOptions;
  readonly #id: string;
  readonly #slots: PretendedSlots;
  readonly #link: ManagerLink;

  constructor(options: SimulatedManagerOptions) {
    const { settings, blockId, number, slots, time } = options;
    this.#options = options;
    this.#id = `${settings.runId}.${settings.label}.${blockId}.${number}`;
    this.#slots = new PretendedSlots(slots, time, {
      results: (records) => this.#link.sendResults([records]),
      // As a manager tells of the worker that it starts for a slot's first task.
      started: (slot) => this.#link.tell({ kind: 'workerStarted', worker: `worker-${slot}-js`, pid: process.pid, output: '' }),
    });
    const { addresses, port, curve, probeTimeoutMs, heartbeatPeriodMs, heartbeatThresholdMs } = settings;
    this.#link = new ManagerLink({
      ...{ addresses, port, probeTimeoutMs, heartbeatPeriodMs, heartbeatThresholdMs },
      ...(curve ? { curve } : {}),
      identity: this.#id,
      registration: () => this.#describe(),
      on: this.#events(),
    });
  }

  /** Done when the interchange has answered. @throws Error if it does not in time. */
  async start(): Promise<void> {
    await this.#link.start();
  }

  #describe(): LinkRegistration {
    const { blockId, number, slots } = this.#options;
    return {
      protocol: PROTOCOL_VERSION,
      version: PACKAGE_VERSION,
      managerId: this.#id,
      blockId,
      host: `simulated-${blockId}-${number}`,
      pid: process.pid,
      slots,
      cpus: slots,
      node: process.version,
      held: this.#slots.held,
    };
  }

  #events(): ConstructorParameters<typeof ManagerLink>[0]['on'] {
    return {
      tasks: (records) => this.#slots.submit(records),
      define: () => undefined,
      // Pretended tasks end by themselves, and soon.
      cancel: () => undefined,
      recall: () => undefined,
      drain: () => undefined,
      shutdown: (reason) => void this.#leave(reason),
      refused: (message) => void this.#leave(message),
      lost: (reason) => void this.#leave(reason),
    };
  }

  async #leave(reason: string): Promise<void> {
    await this.#link.close();
    this.#options.ended(reason);
  }
}
