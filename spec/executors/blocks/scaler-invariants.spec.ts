/**
 * Random schedules: jobs wait, run, fail and vanish as they like, work comes and goes, the provider refuses. What must hold is
 * checked after every event; a failure prints its seed.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { createScaler, step } from '../../../executors/blocks/scaler.ts';
import type { BlockId, Scaler, ScalerEffect, ScalerEvent, ScalerOptions, Strategy } from '../../../executors/blocks/scaler-types.ts';

type Action =
  | { kind: 'wait'; ms: number }
  | { kind: 'work'; outstanding: number; spread: number; timeless: number }
  | { kind: 'answer'; pick: number; outcome: 'job' | 'refused' | 'down' }
  | { kind: 'manager'; pick: number; slots: number }
  | { kind: 'managerGone'; pick: number }
  | { kind: 'end'; pick: number; state: 'completed' | 'failed' | 'timeout' | 'cancelled' }
  | { kind: 'job'; pick: number; state: 'pending' | 'running' | 'unknown' }
  | { kind: 'noise'; blockId: string };

/** What the world outside knows of a block. */
interface Job {
  stage: 'submitting' | 'job' | 'ended';
  managers: number;
  orders: string[];
}

class World {
  readonly scaler: Scaler;
  readonly options: ScalerOptions;
  readonly jobs = new Map<BlockId, Job>();
  readonly submittedAt: number[] = [];
  at = 0;
  outstanding = 0;
  timeless = 0;
  busy: ReadonlyMap<BlockId, number> = new Map();
  failed = false;
  closed = false;

  constructor(options: ScalerOptions) {
    this.options = options;
    this.scaler = createScaler(options);
  }

  send(event: ScalerEvent): void {
    for (const effect of step(this.scaler, event)) this.obey(effect, event);
    if (event.kind !== 'tick') this.tick();
    this.checkBounds();
  }

  tick(): void {
    this.send({
      kind: 'tick',
      at: this.at,
      load: { outstanding: this.outstanding, perBlock: this.busy, timeless: Math.min(this.timeless, this.outstanding) },
    });
  }

  live(): [BlockId, Job][] {
    return [...this.jobs].filter(([, job]) => job.stage !== 'ended');
  }

  obey(effect: ScalerEffect, cause: ScalerEvent): void {
    if (effect.kind === 'wake') {
      expect(effect.at, 'it asks to be woken in the past').to.be.greaterThan(this.at);
      return;
    }
    if (effect.kind === 'failExecutor') {
      expect(this.failed, 'it fails twice').to.equal(false);
      expect(this.closed, 'it fails after it was closed').to.equal(false);
      expect(effect.failures.length).to.equal(this.options.failureLimit * (effect.hadManagers ? 2 : 1));
      this.failed = true;
      return;
    }
    if (effect.kind === 'submitBlock') {
      expect(this.failed || this.closed, 'it submits after the end').to.equal(false);
      expect(this.jobs.has(effect.blockId), 'it uses an id twice').to.equal(false);
      this.jobs.set(effect.blockId, { stage: 'submitting', managers: 0, orders: [] });
      this.submittedAt.push(this.at);
      return;
    }
    if (effect.kind === 'budgetSpent') throw new Error('it has spent a budget that it was not given');
    const job = this.jobs.get(effect.blockId);
    if (effect.kind === 'blockRestarts') return;
    expect(job?.stage, `${effect.kind} of a block without a job`).to.equal('job');
    if (effect.kind === 'drainBlock' && cause.kind === 'managerRegistered') {
      expect(job?.orders, 'it drains what it never let go').to.include('drainBlock');
      return;
    }
    expect(job?.orders, 'an order is repeated').not.to.include(effect.kind);
    if (effect.kind === 'drainBlock') expect(this.busy.get(effect.blockId) ?? 0, 'it drains a busy block').to.equal(0);
    job?.orders.push(effect.kind);
  }

  checkBounds(): void {
    const { minBlocks, maxBlocks } = this.options.limits;
    const live = this.live();
    expect(live.length, 'above maxBlocks').to.be.at.most(maxBlocks);
    if (this.failed || this.closed || this.at < this.scaler.notBefore) return;
    const leaving = live.filter(([, job]) => job.orders.length > 0).length;
    if (this.scaler.troubles === 0)
      expect(live.length - leaving, 'below minBlocks').to.be.at.least(Math.min(minBlocks, maxBlocks - leaving));
    if (this.outstanding > 0 && this.options.strategy !== 'none' && leaving < maxBlocks) {
      expect(live.length - leaving, 'work and no block').to.be.at.least(1);
    }
  }
}

const actions = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(1, 100, 1000, 5000, 40_000, 130_000) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('work' as const),
      outstanding: fc.constantFrom(0, 0, 1, 3, 20, 1000),
      spread: fc.nat(5),
      timeless: fc.constantFrom(0, 0, 0, 1, 30),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('answer' as const),
      pick: fc.nat(9),
      outcome: fc.constantFrom('job' as const, 'job' as const, 'job' as const, 'refused' as const, 'down' as const),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('manager' as const), pick: fc.nat(9), slots: fc.integer({ min: 1, max: 8 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('managerGone' as const), pick: fc.nat(9) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('end' as const),
      pick: fc.nat(9),
      state: fc.constantFrom('completed' as const, 'failed' as const, 'timeout' as const, 'cancelled' as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('job' as const),
      pick: fc.nat(9),
      state: fc.constantFrom('pending' as const, 'running' as const, 'unknown' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('noise' as const), blockId: fc.constantFrom('0', '1', '99') }) },
);

const optionsOf = fc
  .record({
    maxBlocks: fc.integer({ min: 1, max: 6 }),
    init: fc.nat(6),
    min: fc.nat(3),
    nodesPerBlock: fc.integer({ min: 1, max: 2 }),
    parallelism: fc.constantFrom(0, 0.5, 1),
    strategy: fc.constantFrom<Strategy[]>('none', 'simple', 'htex-auto-scale'),
  })
  .map(
    ({ maxBlocks, init, min, nodesPerBlock, parallelism, strategy }): ScalerOptions => ({
      limits: {
        nodesPerBlock,
        initBlocks: Math.min(init, maxBlocks),
        minBlocks: Math.min(min, maxBlocks),
        maxBlocks,
        parallelism,
        walltimeMs: undefined,
      },
      strategy,
      maxIdleTimeMs: 120_000,
      failureLimit: 3,
    }),
  );

function perform(world: World, action: Action): void {
  const { at } = world;
  const pick = (stage: Job['stage'], index: number): [BlockId, Job] | undefined => {
    const candidates = world.live().filter(([, job]) => job.stage === stage);
    return candidates[index % Math.max(1, candidates.length)];
  };
  switch (action.kind) {
    case 'wait':
      world.at += action.ms;
      return void world.tick();
    case 'work': {
      const serving = world
        .live()
        .filter(([, job]) => job.managers > 0)
        .slice(0, action.outstanding === 0 ? 0 : action.spread);
      world.outstanding = action.outstanding;
      world.timeless = action.timeless;
      world.busy = new Map(serving.map(([id]) => [id, 1]));
      return void world.tick();
    }
    case 'answer': {
      const [blockId, job] = pick('submitting', action.pick) ?? [];
      if (blockId === undefined || job === undefined) return;
      job.stage = action.outcome === 'job' ? 'job' : 'ended';
      const error = new Error(action.outcome);
      return void world.send(
        action.outcome === 'job'
          ? { kind: 'blockSubmitted', at, blockId }
          : { kind: 'blockSubmitFailed', at, blockId, error, retryable: action.outcome === 'down' },
      );
    }
    case 'manager': {
      const [blockId, job] = pick('job', action.pick) ?? [];
      if (blockId === undefined || job === undefined) return;
      job.managers++;
      return void world.send({ kind: 'managerRegistered', at, blockId, slots: action.slots });
    }
    case 'managerGone': {
      const [blockId, job] = pick('job', action.pick) ?? [];
      if (blockId === undefined || job === undefined) return;
      job.managers = Math.max(0, job.managers - 1);
      return void world.send({ kind: 'managerGone', at, blockId });
    }
    case 'end': {
      const [blockId, job] = pick('job', action.pick) ?? [];
      if (blockId === undefined || job === undefined) return;
      job.stage = 'ended';
      return void world.send({ kind: 'blockState', at, blockId, status: { state: action.state } });
    }
    case 'job': {
      const [blockId] = pick('job', action.pick) ?? [];
      if (blockId === undefined) return;
      return void world.send({ kind: 'blockState', at, blockId, status: { state: action.state } });
    }
    case 'noise':
      return void world.send({ kind: 'blockState', at, blockId: action.blockId, status: { state: 'unknown' } });
  }
}

describe('the block scaler, whatever happens', () => {
  it('keeps its bounds, orders nothing twice, and stops when it has failed or closed', () => {
    let failures = 0;
    fc.assert(
      fc.property(optionsOf, fc.array(actions, { minLength: 10, maxLength: 120 }), (options, schedule) => {
        const world = new World(options);
        world.send({ kind: 'started', at: world.at });
        for (const action of schedule) perform(world, action);
        if (world.failed) failures++;
        world.closed = true;
        world.send({ kind: 'closing', at: world.at });
        for (const action of schedule) perform(world, action);
        for (const [id, job] of world.live().filter(([, { stage }]) => stage === 'job')) {
          expect(job.orders, `block ${id} was not cancelled`).to.include('cancelBlock');
        }
      }),
      { numRuns: 1000 },
    );
    expect(failures, 'schedules in which the executor fails').to.be.greaterThan(10);
  });

  it('submits no storm, however blocks end', () => {
    const endings = fc.array(fc.constantFrom('refused', 'down', 'failed', 'servedShortly'), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(optionsOf, endings, (options, kinds) => {
        const world = new World({ ...options, failureLimit: Number.POSITIVE_INFINITY });
        world.send({ kind: 'started', at: 0 });
        perform(world, { kind: 'work', outstanding: 1000, spread: 0, timeless: 0 });
        let turn = 0;
        for (; world.at < 600_000; perform(world, { kind: 'wait', ms: 1000 })) {
          for (const [blockId] of world.live()) endBlock(world, blockId, kinds[turn++ % kinds.length] ?? 'failed');
        }
        expect(world.submittedAt.length).to.be.at.most(2 * options.limits.maxBlocks + 20);
      }),
      { numRuns: 200 },
    );
  });

  function endBlock(world: World, blockId: BlockId, ending: string): void {
    const job = world.jobs.get(blockId);
    if (job === undefined) return;
    const { at } = world;
    job.stage = 'ended';
    if (ending === 'refused' || ending === 'down') {
      return void world.send({ kind: 'blockSubmitFailed', at, blockId, error: new Error(ending), retryable: ending === 'down' });
    }
    job.stage = 'job';
    world.send({ kind: 'blockSubmitted', at, blockId });
    if (ending === 'servedShortly') world.send({ kind: 'managerRegistered', at, blockId, slots: 1 });
    job.stage = 'ended';
    world.send({ kind: 'blockState', at, blockId, status: { state: 'failed' } });
  }
});
