/** Drives a block scaler by short words, and shows its effects as short words. */
import { expect } from 'chai';
import { createScaler, liveBlocks, step } from '../../../executors/blocks/scaler.ts';
import type { BlockFailure, Scaler, ScalerEvent, ScalerOptions } from '../../../executors/blocks/scaler-types.ts';
import type { BlockLimits, JobState, JobStatus } from '../../../lib/provider.ts';

type WithoutTime<E> = E extends { at: number } ? Omit<E, 'at'> : never;

export const scalerOptions = (limits: Partial<BlockLimits> = {}, options: Partial<ScalerOptions> = {}): ScalerOptions => ({
  limits: { nodesPerBlock: 1, initBlocks: 1, minBlocks: 0, maxBlocks: 10, parallelism: 1, walltimeMs: undefined, ...limits },
  strategy: 'simple',
  maxIdleTimeMs: 120_000,
  failureLimit: 3,
  ...options,
});

export class ScalerBench {
  readonly scaler: Scaler;
  now = 1_000_000;
  outstanding = 0;
  perBlock: ReadonlyMap<string, number> | undefined;
  timeless = 0;
  slotsWorth: number | undefined;
  /** How often results have come. */
  results = 0;
  failures: readonly BlockFailure[] = [];
  #words: string[] = [];

  constructor(options: ScalerOptions) {
    this.scaler = createScaler(options);
  }

  /** Steps one event and the tick that follows each. */
  send(event: WithoutTime<ScalerEvent>): this {
    this.#step({ ...event, at: this.now } as ScalerEvent);
    return event.kind === 'tick' ? this : this.tick();
  }

  tick(): this {
    this.#step({
      kind: 'tick',
      at: this.now,
      load: {
        outstanding: this.outstanding,
        perBlock: this.perBlock,
        timeless: this.timeless,
        slotsWorth: this.slotsWorth,
        results: this.results,
      },
    });
    return this;
  }

  start = (): this => this.send({ kind: 'started' });
  close = (): this => this.send({ kind: 'closing' });
  submitted = (blockId: string): this => this.send({ kind: 'blockSubmitted', blockId });
  ended = (blockId: string, state: JobState = 'failed', more: Partial<JobStatus> = {}): this =>
    this.send({ kind: 'blockState', blockId, status: { state, ...more } });
  registered = (blockId: string, slots = 4): this => this.send({ kind: 'managerRegistered', blockId, slots });
  gone = (blockId: string): this => this.send({ kind: 'managerGone', blockId });
  refused = (blockId: string, retryable = false): this =>
    this.send({ kind: 'blockSubmitFailed', blockId, error: new Error('no'), retryable });

  /** Submitted, and its manager is there. */
  serving(blockId: string, slots = 4): this {
    return this.submitted(blockId).registered(blockId, slots);
  }

  after(ms: number): this {
    this.now += ms;
    return this.tick();
  }

  work(outstanding: number, perBlock?: Record<string, number>, timeless = 0, slotsWorth?: number): this {
    this.outstanding = outstanding;
    this.slotsWorth = slotsWorth;
    this.timeless = timeless;
    this.perBlock = perBlock && new Map(Object.entries(perBlock));
    return this.tick();
  }

  /** The effects since the last time it was asked: "submit 0, drain 1". Wake-ups are left out. */
  effects(): string {
    const words = this.#words.filter((word) => !word.startsWith('wake')).join(', ');
    this.#words = [];
    return words;
  }

  /** When it asked to be woken, in ms from now; undefined: it did not. */
  wakesAfter(): number | undefined {
    const word = this.#words.findLast((candidate) => candidate.startsWith('wake'));
    return word === undefined ? undefined : Number(word.slice('wake '.length)) - this.now;
  }

  expect(effects: string): this {
    expect(this.effects()).to.equal(effects);
    return this;
  }

  phases(): string {
    return liveBlocks(this.scaler)
      .map(({ id, phase }) => `${id} ${phase.kind}`)
      .join(', ');
  }

  #step(event: ScalerEvent): void {
    for (const effect of step(this.scaler, event)) {
      if (effect.kind === 'failExecutor') this.failures = effect.failures;
      if (effect.kind === 'wake') this.#words.push(`wake ${effect.at}`);
      else if (effect.kind === 'budgetSpent') this.#words.push(`spent ${effect.figures.usedNodeHours} of ${effect.figures.maxNodeHours}`);
      else if (effect.kind === 'failExecutor')
        this.#words.push(`fail after ${effect.failures.length}${effect.hadManagers ? ' that had managers' : ''}`);
      else if (effect.kind === 'blockRestarts') this.#words.push(`restart ${effect.blockId}`);
      else this.#words.push(`${effect.kind.replace('Block', '')} ${effect.blockId}`);
    }
  }
}
