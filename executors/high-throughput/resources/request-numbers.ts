/**
 * Numbers of resource requests: equal ones have the same, and each is sent once, before the first task that names it.
 */
import { pack } from 'msgpackr/pack';
import type { ResourceRequest } from '../../../lib/resources/request.ts';

export class RequestNumbers {
  readonly #send: (id: Buffer, packed: Buffer) => void;
  /** What comes again and again is one object. */
  readonly #byObject = new WeakMap<ResourceRequest, number>();
  readonly #byContent = new Map<string, number>();
  readonly #sent = new Set<number>();

  constructor(send: (id: Buffer, packed: Buffer) => void) {
    this.#send = send;
  }

  /** From 1. */
  numberOf(request: ResourceRequest): number {
    const known = this.#byObject.get(request);
    if (known !== undefined) return known;
    const content = JSON.stringify(request);
    const number = this.#byContent.get(content) ?? this.#byContent.size + 1;
    this.#byContent.set(content, number);
    this.#byObject.set(request, number);
    return number;
  }

  /** @returns its number, which the receiver knows now. */
  send(request: ResourceRequest): number {
    const number = this.numberOf(request);
    if (this.#sent.has(number)) return number;
    this.#sent.add(number);
    const id = Buffer.allocUnsafe(4);
    id.writeUInt32LE(number, 0);
    this.#send(id, pack(request));
    return number;
  }

  /** There is another receiver, which knows nothing. */
  forgetSent(): void {
    this.#sent.clear();
  }
}
