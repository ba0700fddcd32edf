import { expect } from 'chai';
import fc from 'fast-check';
import { parseCpuAffinity } from '../../../../executors/high-throughput/affinity-option.ts';
import type { NodeCapacity } from '../../../../executors/high-throughput/resources/capacity.ts';
import { type CapacityRequest, planCapacity } from '../../../../executors/high-throughput/resources/plan-capacity.ts';
import { planSlots } from '../../../../executors/high-throughput/slots.ts';

const GiB = 2 ** 30;
const upTo = (count: number): number[] => Array.from({ length: count }, (_, id) => id);

const NODE: CapacityRequest = {
  cpus: upTo(8),
  memoryBytes: 16 * GiB,
  coresPerWorker: 1,
  maxWorkersPerNode: Number.POSITIVE_INFINITY,
  accelerators: 0,
  cpuAffinity: { kind: 'none' },
  numaNodes: [],
  custom: {},
};

function capacity(changes: Partial<CapacityRequest> = {}): NodeCapacity {
  const request = { ...NODE, ...changes };
  return planCapacity(request, planSlots(request));
}

describe('what a node has to give', () => {
  it('is its CPUs by NUMA node, those of no node last', () => {
    const numaNodes = [
      [0, 1, 2, 3, 100],
      [4, 5, 200],
    ];
    expect(capacity({ numaNodes }).cpus).to.deep.equal([
      [0, 1, 2, 3],
      [4, 5],
      [6, 7],
    ]);
    expect(capacity().cpus).to.deep.equal([upTo(8)]);
  });

  it('is no more CPUs than a container has time for, and those that slots are pinned to among them', () => {
    expect(capacity({ cpuQuota: 2.5 }).cpus).to.deep.equal([[0, 1]]);
    const pinned = capacity({ cpuQuota: 3, maxWorkersPerNode: 1, cpuAffinity: parseCpuAffinity('list:6-7') });
    expect(pinned.cpus).to.deep.equal([[0, 6, 7]]);
  });

  it('is its accelerators by the names that workers see, each with the CPUs that an explicit list puts beside it', () => {
    const cpuAffinity = parseCpuAffinity('list:6-7:4-5:2-3:0-1');
    const { gpus, gpuCpus } = capacity({ accelerators: 4, visibleAccelerators: ['2', '3', '5', '7'], cpuAffinity });
    expect(gpus).to.deep.equal(['2', '3', '5', '7']);
    expect(gpuCpus).to.deep.equal([
      [6, 7],
      [4, 5],
      [2, 3],
      [0, 1],
    ]);
    expect(capacity({ accelerators: 2 }).gpuCpus, 'no list').to.deep.equal([[], []]);
  });

  it('is its memory, and the kinds of the config', () => {
    expect(capacity({ custom: { licence: 2, port: ['a'] } })).to.deep.include({
      memoryBytes: 16 * GiB,
      custom: { licence: 2, port: ['a'] },
    });
  });
});

describe('what a slot takes of it', () => {
  const claims = (changes: Partial<CapacityRequest>) => capacity(changes).slots;
  const cpusOf = (changes: Partial<CapacityRequest>) => claims(changes).map(({ cpus }) => cpus);

  it('is coresPerWorker CPUs, and fractions of them', () => {
    expect(cpusOf({ cpus: [3, 5], coresPerWorker: 1 })).to.deep.equal([[[3, 1]], [[5, 1]]]);
    expect(cpusOf({ cpus: [3, 5], coresPerWorker: 0.5 })).to.deep.equal([[[3, 0.5]], [[3, 0.5]], [[5, 0.5]], [[5, 0.5]]]);
    expect(cpusOf({ cpus: upTo(3), coresPerWorker: 1.5 })).to.deep.equal([
      [
        [0, 1],
        [1, 0.5],
      ],
      [
        [1, 0.5],
        [2, 1],
      ],
    ]);
  });

  it('is the CPUs that it is pinned to', () => {
    expect(cpusOf({ cpus: upTo(4), maxWorkersPerNode: 2, cpuAffinity: { kind: 'block' } })).to.deep.equal([
      [
        [0, 1],
        [1, 1],
      ],
      [
        [2, 1],
        [3, 1],
      ],
    ]);
  });

  it('is the part of the memory that its CPUs are of all, or memPerWorker', () => {
    expect(claims({ maxWorkersPerNode: 2 }).map(({ memoryBytes }) => memoryBytes)).to.deep.equal([2 * GiB, 2 * GiB]);
    expect(claims({ memPerWorkerBytes: 5 * GiB }).map(({ memoryBytes }) => memoryBytes)).to.deep.equal([5 * GiB, 5 * GiB, 5 * GiB]);
  });

  it('is its accelerator', () => {
    expect(claims({ accelerators: ['a', 'b'] }).map(({ gpu }) => gpu)).to.deep.equal([0, 1]);
    expect(claims({ maxWorkersPerNode: 1 }).map(({ gpu }) => gpu)).to.deep.equal([-1]);
  });

  it('is never more, all slots together, than the node has', () => {
    const requests = fc.record({
      cpus: fc.uniqueArray(fc.nat(40), { minLength: 1, maxLength: 12 }).map((ids) => ids.sort((a, b) => a - b)),
      coresPerWorker: fc.constantFrom(0.1, 0.25, 0.3, 0.5, 1),
      cpuQuota: fc.option(fc.double({ min: 0.5, max: 20, noNaN: true }), { nil: undefined }),
      accelerators: fc.nat(5),
      kind: fc.constantFrom('none' as const, 'block' as const),
    });
    fc.assert(
      fc.property(requests, ({ kind, ...changes }) => {
        const few = { maxWorkersPerNode: kind === 'none' ? Number.POSITIVE_INFINITY : 1, cpuAffinity: { kind } };
        const { cpus, slots, memoryBytes, gpus } = capacity({ ...changes, ...few });
        const taken = new Map<number, number>();
        for (const { cpus: claimed } of slots) for (const [cpu, share] of claimed) taken.set(cpu, (taken.get(cpu) ?? 0) + share);
        expect(cpus.flat()).to.include.members([...taken.keys()]);
        for (const [cpu, share] of taken) expect(share, `CPU ${cpu}`).to.be.at.most(1 + 1e-9);
        expect(slots.reduce((sum, slot) => sum + slot.memoryBytes, 0)).to.be.at.most(memoryBytes);
        const owned = slots.map(({ gpu }) => gpu).filter((gpu) => gpu >= 0);
        expect(new Set(owned).size).to.equal(owned.length);
        expect(owned.every((gpu) => gpu < gpus.length)).to.equal(true);
      }),
    );
  });
});
