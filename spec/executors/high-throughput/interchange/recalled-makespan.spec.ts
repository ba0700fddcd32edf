/**
 * An interchange core with two managers in virtual time: how long tasks take together that were expected to be short, and are not.
 */
import { expect } from 'chai';
import { type Core, createCore, step } from '../../../../executors/high-throughput/interchange/core.ts';
import type { CoreEvent, Effect } from '../../../../executors/high-throughput/interchange/core-events.ts';
import { createRandom } from './simulation/random.ts';
import { encodeTasks, SimulatedDriver } from './simulation/simulated-driver.ts';
import { type ManagerHost, SimulatedManager } from './simulation/simulated-manager.ts';
import { Timeline } from './simulation/timeline.ts';

const SHORT_MS = 0.01;
const LONG_MS = 1000;

/** Everything arrives, 1 ms later. */
class Pair implements ManagerHost {
  readonly timeline = new Timeline();
  readonly random = createRandom(1);
  readonly driver = new SimulatedDriver();
  recalls = 0;
  busy = SHORT_MS;
  readonly #core: Core = createCore({
    protocol: 1,
    packageVersion: '1',
    heartbeatPeriodMs: 100,
    heartbeatThresholdMs: 500,
    prefetchCapacity: 'auto',
    quarantineMs: 60_000,
    managerSelector: 'random',
    pick: () => 0,
  });
  readonly #managers = new Map<string, SimulatedManager>();

  constructor(slots: number) {
    step(this.#core, { kind: 'defined', fnId: 1, bytes: Buffer.alloc(1) });
    for (const id of ['a', 'b']) this.#managers.set(id, new SimulatedManager(id, '0', slots, this));
    this.#tickSoon();
    this.#pass(() => this.#core.managers.size < 2);
  }

  /** @returns ms until all are done. */
  run(tasks: number): number {
    const begin = this.timeline.now;
    for (let i = 0; i < tasks; i++) this.driver.submit(1, 0);
    this.#flush();
    this.#pass(() => this.driver.outstanding.size > 0);
    return this.timeline.now - begin;
  }

  #pass(goOn: () => boolean): void {
    const deadline = this.timeline.now + 100 * LONG_MS;
    while (goOn()) {
      if (this.timeline.now > deadline) throw new Error('it does not end');
      this.timeline.step();
    }
  }

  #flush(): void {
    const tasks = this.driver.toSubmit;
    this.driver.toSubmit = [];
    if (tasks.length > 0) this.#tell({ kind: 'tasksArrived', priority: 0, records: encodeTasks(tasks) });
  }

  #tickSoon(): void {
    this.timeline.after(50, () => {
      this.#tell({ kind: 'tick', at: this.timeline.now });
      this.#tickSoon();
    });
  }

  #tell(...events: CoreEvent[]): void {
    for (const event of events) this.#perform(step(this.#core, event));
    this.#perform(step(this.#core, { kind: 'turnEnded', at: this.timeline.now }));
    this.timeline.after(1, () => this.#flush());
  }

  #perform(effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.kind === 'forwardResults') this.driver.takeResults(effect.records);
      else if (effect.kind === 'lookAgain') this.timeline.after(effect.inMs, () => this.#tell());
      else if (effect.kind === 'acknowledgeWhenWritten') this.timeline.after(1, () => this.#tell({ ...effect, kind: 'resultsWritten' }));
      else if ('manager' in effect) this.timeline.after(1, () => this.#managers.get(effect.manager)?.receive(effect));
      if (effect.kind === 'sendRecall') this.recalls++;
    }
  }

  toCore(event: CoreEvent): void {
    this.timeline.after(1, () => this.#tell('at' in event ? { ...event, at: this.timeline.now } : event));
  }

  delivered(): void {}

  busyMs(): number {
    return this.busy;
  }
}

describe('long tasks of a function that was short', () => {
  for (const slots of [1, 2, 4]) {
    it(`keep two managers of ${slots} slot(s) busy, though they were all sent to one`, () => {
      const pair = new Pair(slots);
      pair.run(50);
      pair.busy = LONG_MS;
      const tasks = 10 * slots;
      const ideal = (tasks / (2 * slots)) * LONG_MS;
      expect(pair.run(tasks)).to.be.lessThan(1.05 * ideal);
      expect(pair.recalls).to.be.within(1, tasks);
    });
  }

  it('are not asked back while they are short', () => {
    const pair = new Pair(2);
    for (let i = 0; i < 5; i++) pair.run(100);
    expect(pair.recalls).to.equal(0);
  });
});
