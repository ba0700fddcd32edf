/**
 * The tries that an executor answers for: those that it was given, which of them are to be cancelled, and those of an earlier driver
 * that managers still hold and nobody has asked for yet. Book-keeping only.
 */
import type { TryRequest } from '../../lib/executor.ts';
import type { ResourceRequest } from '../../lib/resources/request.ts';
import { Requests, type RequestsView } from './requests.ts';
import { GivenResources } from './resources/given.ts';

export class Tries {
  readonly #requests = new Requests();
  /** What those have that have been given what they ask for. */
  readonly given = new GivenResources();
  readonly #asking = new Map<ResourceRequest, number>();
  /** Task → try. */
  readonly #cancelling = new Map<number, number>();
  /** Task → try. */
  readonly #held = new Map<number, number>();

  get requests(): RequestsView {
    return this.#requests;
  }

  /** How many ask for what. */
  get asking(): ReadonlyMap<ResourceRequest, number> {
    return this.#asking;
  }

  get cancelling(): ReadonlyMap<number, number> {
    return this.#cancelling;
  }

  /** Whatever keeps managers busy. */
  get size(): number {
    return this.#requests.size + this.#held.size;
  }

  get hasHeld(): boolean {
    return this.#held.size > 0;
  }

  /** @returns whether it has to be sent: not if a manager has it already. */
  add(request: TryRequest): boolean {
    this.#requests.add(request);
    if (request.resources !== undefined) this.#tally(request.resources, 1);
    if (!this.holds(request.taskId, request.tryNumber)) return true;
    this.#held.delete(request.taskId);
    return false;
  }

  #tally(resources: ResourceRequest, by: number): void {
    const count = (this.#asking.get(resources) ?? 0) + by;
    if (count > 0) this.#asking.set(resources, count);
    else this.#asking.delete(resources);
  }

  waitsFor(taskId: number, tryNumber: number): boolean {
    return this.#requests.get(taskId)?.tryNumber === tryNumber;
  }

  cancel(taskId: number, tryNumber: number): void {
    this.#cancelling.set(taskId, tryNumber);
  }

  /** @returns whether its outcome is still wanted: not if it was declared lost, or if this is a repetition. */
  settle(taskId: number, tryNumber: number): boolean {
    this.given.drop(taskId, tryNumber);
    const request = this.#requests.get(taskId);
    if (request?.tryNumber !== tryNumber) return this.holds(taskId, tryNumber) && this.#held.delete(taskId);
    if (request.resources !== undefined) this.#tally(request.resources, -1);
    this.#requests.delete(taskId);
    if (this.#cancelling.size > 0) this.#cancelling.delete(taskId);
    return true;
  }

  /** @param held task and try by turns: all that managers hold beside the requests. @returns those that they held before, and do not now. */
  hold(held: readonly number[]): [taskId: number, tryNumber: number][] {
    const before = new Map(this.#held);
    this.#held.clear();
    for (let i = 0; i < held.length; i += 2) this.#held.set(held[i] as number, held[i + 1] as number);
    return [...before].filter(([taskId, tryNumber]) => !this.holds(taskId, tryNumber));
  }

  holds(taskId: number, tryNumber: number): boolean {
    return this.#held.get(taskId) === tryNumber;
  }

  clear(): void {
    this.#requests.clear();
    this.#asking.clear();
    this.given.clear();
    this.#cancelling.clear();
    this.#held.clear();
  }
}
