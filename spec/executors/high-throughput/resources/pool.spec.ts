import { expect } from 'chai';
import fc from 'fast-check';
import type { Grant } from '../../../../executors/high-throughput/resources/grant.ts';
import {
  allocate,
  allocateWhole,
  canClaimSlot,
  claimSlot,
  clonePool,
  createPool,
  isUntouched,
  type Pool,
  release,
  unclaimSlot,
} from '../../../../executors/high-throughput/resources/pool.ts';
import { presentShortages, shortagesOf, wholeRoom } from '../../../../executors/high-throughput/resources/shortage.ts';
import type { RequestVariant } from '../../../../lib/resources/request.ts';
import { nodeWith, variantOf } from '../../../support/resources.ts';

const cpusOf = (grant: Grant | undefined): number[] => (grant?.cpus ?? []).map(([id]) => id);
const gpusOf = (grant: Grant | undefined): number[] => (grant?.gpus ?? []).map(([gpu]) => gpu);

describe('the pool of a node', () => {
  it('gives a fraction of a GPU from the GPU with the least room that has enough', () => {
    const pool = createPool(nodeWith({ cpus: [[0, 1, 2, 3, 4, 5]], gpus: ['0', '1'] }));
    const shares = [0.6, 0.5, 0.4].map((gpus) => allocate(pool, variantOf({ gpus }), 0)?.gpus);
    expect(shares).to.deep.equal([[[0, 0.6]], [[1, 0.5]], [[0, 0.4]]]);
    expect(allocate(pool, variantOf({ gpus: 0.6 }), 0)).to.equal(undefined);
  });

  it('gives no whole GPU where two halves are free', () => {
    const pool = createPool(nodeWith({ gpus: ['0', '1'] }));
    const halves = [0.6, 0.6].map((gpus) => allocate(pool, variantOf({ gpus, cores: 0.1 }), 0));
    expect(halves).not.to.include(undefined);
    expect(allocate(pool, variantOf({ gpus: 1, cores: 0.1 }), 0)).to.equal(undefined);
  });

  it('gives seven sevenths of one CPU, and no eighth', () => {
    const pool = createPool(nodeWith({ cpus: [[0]] }));
    const shares = Array.from({ length: 8 }, () => allocate(pool, variantOf({ cores: 1 / 7 }), 0));
    expect(shares.map((grant) => grant !== undefined)).to.deep.equal([...new Array<boolean>(7).fill(true), false]);
  });

  const numa = [
    [0, 1, 2, 3],
    [4, 5, 6, 7, 8, 9],
  ];
  const layouts: { title: string; wanted: Partial<RequestVariant>; cpus: number[] }[] = [
    { title: 'takes the smallest NUMA node that has enough', wanted: { cores: 3 }, cpus: [0, 1, 2] },
    { title: 'takes as few NUMA nodes as possible', wanted: { cores: 8 }, cpus: [0, 1, 4, 5, 6, 7, 8, 9] },
    { title: 'scatters over all NUMA nodes where that is asked for', wanted: { cores: 4, layout: 'scattered' }, cpus: [0, 1, 4, 5] },
  ];
  for (const { title, wanted, cpus } of layouts) {
    it(title, () => expect(cpusOf(allocate(createPool(nodeWith({ cpus: numa })), variantOf(wanted), 0))).to.deep.equal(cpus));
  }

  const withNearCpus = {
    cpus: numa,
    gpus: ['a', 'b'],
    gpuCpus: [
      [8, 9],
      [2, 3],
    ],
  };

  it('gives CPUs near to the GPUs that it gives', () => {
    const pool = createPool(nodeWith(withNearCpus));
    expect(cpusOf(allocate(pool, variantOf({ gpus: 1, cores: 2 }), 0))).to.deep.equal([8, 9]);
    expect(cpusOf(allocate(pool, variantOf({ gpus: 1, cores: 2 }), 0))).to.deep.equal([2, 3]);
  });

  it('leaves CPUs near to GPUs to tasks that ask for GPUs', () => {
    const pool = createPool(nodeWith(withNearCpus));
    expect(cpusOf(allocate(pool, variantOf({ cores: 2 }), 0))).to.deep.equal([0, 1]);
    expect(cpusOf(allocate(pool, variantOf({ cores: 3 }), 0))).to.deep.equal([4, 5, 6]);
  });

  it('prefers GPUs that have free CPUs near to them', () => {
    const pool = createPool(nodeWith(withNearCpus));
    claimSlot(pool, 0);
    const crowded = createPool({
      ...nodeWith(withNearCpus),
      slots: [
        {
          cpus: [
            [8, 1],
            [9, 1],
          ],
          gpu: -1,
          memoryBytes: 0,
        },
      ],
    });
    claimSlot(crowded, 0);
    expect(gpusOf(allocate(crowded, variantOf({ gpus: 1 }), 0))).to.deep.equal([1]);
  });

  it('gives out units that have names one by one, and says which', () => {
    const pool = createPool(nodeWith({ custom: { fpga: ['a', 'b'], licence: 2 } }));
    expect(allocate(pool, variantOf({ custom: { fpga: 1 } }), 0)?.custom).to.deep.equal({ fpga: ['a'] });
    expect(allocate(pool, variantOf({ custom: { fpga: 2 } }), 0)).to.equal(undefined);
    expect(allocate(pool, variantOf({ custom: { fpga: 1, licence: 2 } }), 0)?.custom).to.deep.equal({ fpga: ['b'], licence: 2 });
    expect(allocate(pool, variantOf({ custom: { licence: 1 } }), 0)).to.equal(undefined);
    expect(allocate(pool, variantOf({ custom: { toString: 1 } }), 0)).to.equal(undefined);
  });

  it('gives the whole node only while nothing of it is in use', () => {
    const pool = createPool(nodeWith({ cpus: [[0, 1]], gpus: ['0'] }));
    const share = allocate(pool, variantOf({ cores: 0.5 }), 0) as Grant;
    const whole = variantOf({ nodes: { count: 2, ranksPerNode: undefined, threadsPerRank: 1, gpusPerRank: 0, cpuBind: undefined } });
    expect(allocateWhole(pool, whole, 0)).to.equal(undefined);
    release(pool, share);
    expect(allocateWhole(pool, whole, 0)).to.deep.include({
      cpus: [
        [0, 1],
        [1, 1],
      ],
      gpus: [[0, 1]],
    });
    expect(allocate(pool, variantOf({ cores: 0.1 }), 0)).to.equal(undefined);
  });

  it('takes a slot back from the node only when its task has left it, and gives it again where nothing is in the way', () => {
    const pool = createPool(nodeWith({ cpus: [[0, 1]], slots: 2 }));
    expect([claimSlot(pool, 0), claimSlot(pool, 0), claimSlot(pool, 1), claimSlot(pool, 9)]).to.deep.equal([true, false, true, false]);
    expect(allocate(pool, variantOf({ cores: 1 }), 0)).to.equal(undefined);
    unclaimSlot(pool, 1);
    const grant = allocate(pool, variantOf({ cores: 1 }), 0) as Grant;
    expect(canClaimSlot(pool, 1)).to.equal(false);
    release(pool, grant);
    expect(canClaimSlot(pool, 1)).to.equal(true);
  });

  it('lets slots crowd each other as the config has it, but never a grant', () => {
    const claim = { cpus: [[0, 1]] as const, gpu: -1, memoryBytes: 0 };
    const pool = createPool({ ...nodeWith({ cpus: [[0, 1]] }), slots: [claim, claim] });
    claimSlot(pool, 0);
    expect(canClaimSlot(pool, 1)).to.equal(true);
    claimSlot(pool, 1);
    expect(cpusOf(allocate(pool, variantOf({ cores: 1 }), 0))).to.deep.equal([1]);
    unclaimSlot(pool, 0);
    expect(allocate(pool, variantOf({ cores: 1 }), 0)).to.equal(undefined);
  });

  it('says which part of a request is missing', () => {
    const node = nodeWith({ cpus: [[0, 1]], gpus: ['0'], memoryBytes: 1000 });
    const wanted = variantOf({ cores: 4, gpus: 2, memoryBytes: 2000, custom: { licence: 1 } });
    expect(shortagesOf(wanted, wholeRoom(node)).map(({ part }) => part)).to.deep.equal(['cores', 'gpus', 'memory', 'licence']);
    expect(presentShortages(createPool(node), variantOf({ cores: 2, gpus: 0.5 }))).to.deep.equal([]);
  });
});

describe('any pool, whatever is asked of it', () => {
  const anyNode = fc
    .record({
      cpus: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 3 }),
      gpus: fc.integer({ min: 0, max: 3 }),
      memoryBytes: fc.integer({ min: 0, max: 100 }),
      fpga: fc.integer({ min: 0, max: 3 }),
      licence: fc.integer({ min: 0, max: 3 }),
      slots: fc.integer({ min: 0, max: 4 }),
    })
    .map(({ cpus, gpus, fpga, licence, slots, memoryBytes }) => {
      let next = 0;
      return nodeWith({
        cpus: cpus.map((count) => Array.from({ length: count }, () => next++)),
        gpus: Array.from({ length: gpus }, (_, i) => String(i)),
        memoryBytes,
        custom: { fpga: Array.from({ length: fpga }, (_, i) => `f${i}`), licence },
        slots,
      });
    });
  const amount = (most: number) => fc.oneof(fc.integer({ min: 1, max: most }), fc.constantFrom(0.1, 0.25, 1 / 3, 0.5, 0.9));
  const anyVariant = fc
    .record({
      cores: amount(6),
      layout: fc.constantFrom('compact' as const, 'scattered' as const),
      gpus: fc.oneof(fc.constant(0), amount(3)),
      memoryBytes: fc.integer({ min: 0, max: 40 }),
      fpga: fc.integer({ min: 0, max: 2 }),
      licence: fc.integer({ min: 0, max: 2 }),
    })
    .map(({ fpga, licence, ...rest }) => variantOf({ ...rest, custom: { ...(fpga && { fpga }), ...(licence && { licence }) } }));
  const anyAct = fc.oneof(
    { weight: 4, arbitrary: anyVariant.map((variant) => ({ kind: 'allocate' as const, variant })) },
    { weight: 3, arbitrary: fc.nat(20).map((which) => ({ kind: 'release' as const, which })) },
    { weight: 1, arbitrary: fc.nat(4).map((slot) => ({ kind: 'lease' as const, slot })) },
    { weight: 1, arbitrary: fc.nat(4).map((slot) => ({ kind: 'unlease' as const, slot })) },
  );

  it('never gives out an index twice, never more than there is, whatever fits is given, and what comes back is there again', () => {
    fc.assert(
      fc.property(anyNode, fc.array(anyAct, { maxLength: 40 }), (node, acts) => {
        const pool = createPool(node);
        const grants: Grant[] = [];
        for (const act of acts) {
          if (act.kind === 'allocate') {
            const before = clonePool(pool);
            const grant = allocate(pool, act.variant, 0);
            expect(grant !== undefined, 'fits iff nothing is missing').to.equal(presentShortages(before, act.variant).length === 0);
            if (grant) grants.push(requireExact(grant, act.variant));
            else expect(pool).to.deep.equal(before);
          } else if (act.kind === 'release' && grants.length > 0) {
            const [grant] = grants.splice(act.which % grants.length, 1);
            if (grant) release(pool, grant);
          } else if (act.kind === 'lease' && canClaimSlot(pool, act.slot)) claimSlot(pool, act.slot);
          else if (act.kind === 'unlease') unclaimSlot(pool, act.slot);
          requireBounds(pool, grants);
        }
        for (const grant of grants) release(pool, grant);
        for (const slot of node.slots.keys()) unclaimSlot(pool, slot);
        expect(isUntouched(pool)).to.equal(true);
      }),
      { numRuns: 500 },
    );
  });

  /** It is what was asked for, a fraction of one device. */
  function requireExact(grant: Grant, { cores, gpus, memoryBytes, custom }: RequestVariant): Grant {
    const sizes = [
      [grant.cpus, cores],
      [grant.gpus, gpus],
    ] as const;
    for (const [given, wanted] of sizes) {
      expect(given.length).to.equal(Math.ceil(wanted));
      expect(given.reduce((sum, [, share]) => sum + share, 0)).to.be.closeTo(wanted, 1e-4);
    }
    expect(grant.memoryBytes).to.equal(memoryBytes);
    expect(Object.keys(grant.custom)).to.have.members(Object.keys(custom));
    return grant;
  }

  function requireBounds(pool: Pool, grants: readonly Grant[]): void {
    const { capacity, leased } = pool;
    const used = new Map<string, number>();
    const use = (index: string, share: number): void => void used.set(index, (used.get(index) ?? 0) + share);
    for (const { cpus, gpus, memoryBytes, custom } of grants) {
      for (const [id, share] of cpus) use(`cpu ${id}`, share);
      for (const [gpu, share] of gpus) use(`gpu ${gpu}`, share);
      use('memory', memoryBytes / Math.max(1, capacity.memoryBytes));
      for (const name of (custom['fpga'] ?? []) as string[]) use(`fpga ${name}`, 1);
      use('licence', ((custom['licence'] ?? 0) as number) / Math.max(1, capacity.custom['licence'] as number));
    }
    for (const [slot, claim] of capacity.slots.entries()) {
      if (!leased[slot]) continue;
      for (const [id, share] of claim.cpus) use(`cpu ${id}`, share);
      if (claim.gpu >= 0) use(`gpu ${claim.gpu}`, 1);
    }
    for (const [index, share] of used) expect(share, index).to.be.at.most(1 + 1e-9);
  }
});
