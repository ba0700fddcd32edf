/**
 * What tries have, as the interchange told the driver: for the event log, and for whoever asks. Book-keeping and words.
 */
import { formatCpuList } from '../cpu-list.ts';
import { formatSize } from '../../../lib/size.ts';
import type { ExecutorEvents } from '../../../lib/executor.ts';
import type { Grant, TaskGrant } from './grant.ts';

interface Given {
  readonly tryNumber: number;
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
    for (const given of grants) {
      this.#given.set(given.taskId, { tryNumber: given.tryNumber, host, grant: given.grant });
      events.tryGranted?.({ ...given, host, manager: managerId });
    }
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

function describeGrant({ cpus, gpus, memoryBytes, custom }: Grant): string {
  const share = ([index, part]: readonly [number, number]): string => (part < 1 ? `${part} of ${index}` : String(index));
  const isWhole = cpus.every(([, part]) => part === 1);
  return [
    isWhole ? `CPUs ${formatCpuList(cpus.map(([cpu]) => cpu))}` : `CPU ${cpus.map(share).join(', ')}`,
    ...(gpus.length === 0 ? [] : [`GPU ${gpus.map(share).join(', ')}`]),
    ...(memoryBytes === 0 ? [] : [formatSize(memoryBytes)]),
    ...Object.entries(custom).map(([kind, given]) => `${kind} ${typeof given === 'number' ? given : given.join(', ')}`),
  ].join(', ');
}
