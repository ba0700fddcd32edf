/**
 * Numbers of resource requests: equal ones have the same, and each is sent once, before the first task that names it.
 *
 * Every call of an app may ask for something else. So numbers come in generations: with the first number of one those of the generations
 * before are over, and what is asked for again gets another.
 */
import { pack } from 'msgpackr/pack';
import type { ResourceRequest } from '../../../lib/resources/request.ts';

/** Numbers of a generation: 1 to this, and so on. */
export const GENERATION = 4096;

export const beginsGeneration = (number: number): boolean => (number - 1) % GENERATION === 0;

export class RequestNumbers {
  readonly #send: (number: number, packed: Buffer) => void;
  /** What comes again and again is one object. */
  #byObject = new WeakMap<ResourceRequest, number>();
  readonly #byContent = new Map<string, number>();
  readonly #sent = new Set<number>();
  #last = 0;

  constructor(send: (number: number, packed: Buffer) => void) {
    this.#send = send;
  }

  /** From 1. */
  numberOf(request: ResourceRequest): number {
    const known = this.#byObject.get(request);
    if (known !== undefined) return known;
    const content = JSON.stringify(request);
    const number = this.#byContent.get(content) ?? this.#next();
    this.#byContent.set(content, number);
    this.#byObject.set(request, number);
    return number;
  }

  #next(): number {
    const number = ++this.#last;
    if (!beginsGeneration(number)) return number;
    this.#byContent.clear();
    this.#byObject = new WeakMap();
    this.#sent.clear();
    return number;
  }

  /** @returns its number, which the receiver knows now. */
  send(request: ResourceRequest): number {
    const number = this.numberOf(request);
    if (this.#sent.has(number)) return number;
    this.#sent.add(number);
    this.#send(number, pack(request));
    return number;
  }

  /** There is another receiver, which knows nothing. */
  forgetSent(): void {
    this.#sent.clear();
  }
}
