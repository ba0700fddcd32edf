import { expect } from 'chai';
import fc from 'fast-check';
import { parseCpuAffinity } from '../../../executors/high-throughput/affinity-option.ts';
import { planSlots, type SlotRequest } from '../../../executors/high-throughput/slots.ts';

const GiB = 2 ** 30;

function request(changes: Partial<SlotRequest> = {}): SlotRequest {
  return {
    cpus: [0, 1, 2, 3, 4, 5, 6, 7],
    memoryBytes: 16 * GiB,
    coresPerWorker: 1,
    maxWorkersPerNode: Number.POSITIVE_INFINITY,
    accelerators: 0,
    cpuAffinity: { kind: 'none' },
    ...changes,
  };
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, id) => id);
const affinity = parseCpuAffinity;

describe('the number of workers on a node', () => {
  const rows: [title: string, changes: Partial<SlotRequest>, workers: number][] = [
    ['is one per core', {}, 8],
    ['falls with coresPerWorker', { coresPerWorker: 3 }, 2],
    ['may exceed the cores when coresPerWorker is a fraction', { cpus: [0, 1], coresPerWorker: 0.5 }, 4],
    ['counts ten tenths of a core as one core', { cpus: [0], coresPerWorker: 0.1 }, 10],
    ['is not cut by a rounding error', { cpus: [0, 1, 2], coresPerWorker: 0.3 }, 10],
    ['is capped', { maxWorkersPerNode: 3 }, 3],
    ['fits in memory', { memPerWorkerBytes: 6 * GiB }, 2],
    ['is not bound by memory when none is asked for', { memPerWorkerBytes: 0 }, 8],
    ['does not exceed the accelerators', { accelerators: 4 }, 4],
    ['does not exceed the accelerators by name', { accelerators: ['a', 'b'] }, 2],
    ['is the least of all bounds', { accelerators: 4, memPerWorkerBytes: 5 * GiB, maxWorkersPerNode: 6 }, 3],
    ['respects the time that a container allows', { cpuQuota: 2.5 }, 2],
    ['is one in a container with less than one CPU', { cpuQuota: 0.5 }, 1],
  ];
  for (const [title, changes, workers] of rows) {
    it(title, () => expect(planSlots(request(changes))).to.have.length(workers));
  }

  const impossible: [title: string, changes: Partial<SlotRequest>, says: string][] = [
    ['cores', { cpus: [0, 1], coresPerWorker: 4 }, 'coresPerWorker is 4, and it has 2 cores'],
    ['memory', { memPerWorkerBytes: 32 * GiB }, 'memPerWorker is 32 GiB, and it has 16 GiB'],
    ['the cap', { maxWorkersPerNode: 0 }, 'maxWorkersPerNode is 0'],
  ];
  for (const [title, changes, says] of impossible) {
    it(`names ${title} when that leaves room for none`, () => {
      expect(() => planSlots(request(changes)))
        .to.throw(says)
        .with.property('code', 'FLOTILLA_SLOT_PLAN_ERROR');
    });
  }
});

describe("a slot's accelerator", () => {
  const names = (changes: Partial<SlotRequest>): (string | undefined)[] => planSlots(request(changes)).map((slot) => slot.accelerator);

  const rows: [title: string, changes: Partial<SlotRequest>, expected: (string | undefined)[]][] = [
    ['is a number from 0 up when the job names none', { accelerators: 2 }, ['0', '1']],
    ["is one of the job's own when it names them", { accelerators: 2, visibleAccelerators: ['2', '3'] }, ['2', '3']],
    ['is one of the first so many', { accelerators: 1, visibleAccelerators: ['2', '3'] }, ['2']],
    ['is the name as it is configured', { accelerators: ['GPU-a', 'GPU-b'], visibleAccelerators: ['7'] }, ['GPU-a', 'GPU-b']],
    ['is none where none is configured', { accelerators: [], maxWorkersPerNode: 1, visibleAccelerators: ['0'] }, [undefined]],
  ];
  for (const [title, changes, expected] of rows) it(title, () => expect(names(changes)).to.deep.equal(expected));

  it('is the only one that its workers see', () => {
    const [, second] = planSlots(request({ accelerators: 2, visibleAccelerators: ['2', '3'] }));
    expect(second?.env).to.include({ CUDA_VISIBLE_DEVICES: '3', ROCR_VISIBLE_DEVICES: '3', ZE_AFFINITY_MASK: '3' });
  });

  it('is the first to HIP, which counts what ROCr has left', () => {
    const [, second] = planSlots(request({ accelerators: ['0', '2,3'] }));
    expect(second?.env).to.include({ ROCR_VISIBLE_DEVICES: '2,3', HIP_VISIBLE_DEVICES: '0,1' });
  });

  it('leaves the environment alone where there is none', () => expect(planSlots(request())[0]?.env).to.deep.equal({}));

  it('is refused when the job was given fewer than the count', () => {
    expect(() => names({ accelerators: 4, visibleAccelerators: ['2', '3'] })).to.throw('was given 2 (2,3)');
    expect(() => names({ accelerators: 1, visibleAccelerators: [] })).to.throw('was given 0;');
  });

  for (const accelerators of [
    ['0', '0'],
    ['0,1', '1,2'],
  ]) {
    it(`is refused when ${JSON.stringify(accelerators)} would give one device to two workers`, () => {
      expect(() => names({ accelerators })).to.throw('is listed twice');
    });
  }
});

describe("a slot's CPUs", () => {
  const sets = (changes: Partial<SlotRequest>): (readonly number[] | undefined)[] => planSlots(request(changes)).map((slot) => slot.cpus);

  const rows: [text: string, changes: Partial<SlotRequest>, expected: (number[] | undefined)[]][] = [
    ['none', { maxWorkersPerNode: 2 }, [undefined, undefined]],
    [
      'block',
      { maxWorkersPerNode: 2 },
      [
        [0, 1, 2, 3],
        [4, 5, 6, 7],
      ],
    ],
    [
      'block',
      { maxWorkersPerNode: 3 },
      [
        [0, 1],
        [2, 3],
        [4, 5],
      ],
    ],
    [
      'block',
      { cpus: [2, 3, 8, 9], maxWorkersPerNode: 2 },
      [
        [2, 3],
        [8, 9],
      ],
    ],
    [
      'block-reverse',
      { maxWorkersPerNode: 2 },
      [
        [4, 5, 6, 7],
        [0, 1, 2, 3],
      ],
    ],
    [
      'block-reverse',
      { maxWorkersPerNode: 3 },
      [
        [4, 5],
        [2, 3],
        [0, 1],
      ],
    ],
    [
      'alternating',
      { maxWorkersPerNode: 3 },
      [
        [0, 3, 6],
        [1, 4, 7],
        [2, 5],
      ],
    ],
    ['list:6-7,0:5', { maxWorkersPerNode: 2 }, [[6, 7, 0], [5]]],
    ['list:0:1:2', { maxWorkersPerNode: 2 }, [[0], [1]]],
  ];
  for (const [text, changes, expected] of rows) {
    const { cpus = upTo(8), maxWorkersPerNode } = changes;
    it(`'${text}' of ${cpus.length} CPUs over ${maxWorkersPerNode} workers: ${JSON.stringify(expected)}`, () => {
      expect(sets({ ...changes, cpuAffinity: affinity(text) })).to.deep.equal(expected);
    });
  }

  it('are told to OpenMP', () => {
    const [first] = planSlots(request({ maxWorkersPerNode: 2, cpuAffinity: affinity('block') }));
    expect(first?.env).to.deep.equal({
      OMP_NUM_THREADS: '4',
      GOMP_CPU_AFFINITY: '0,1,2,3',
      KMP_AFFINITY: 'explicit,proclist=[0,1,2,3]',
    });
  });

  const refused: [text: string, changes: Partial<SlotRequest>, says: string][] = [
    ['list:0-1:2-3', { maxWorkersPerNode: 3 }, 'lists 2 CPU sets, but this node has 3 workers'],
    ['list:0-1:7-9', { maxWorkersPerNode: 2 }, 'gives worker 1 the CPUs 8-9, which this job may not use; it may use 0-7'],
    ['block', { cpus: [0, 1], coresPerWorker: 0.5 }, "'block' cannot give each of 4 workers a CPU of its own: this job may use 2 (0-1)"],
    ['alternating', { cpus: [0, 1], coresPerWorker: 0.5 }, "'alternating' cannot give each of 4 workers"],
  ];
  for (const [text, changes, says] of refused) {
    it(`refuses '${text}': ${says}`, () => expect(() => sets({ ...changes, cpuAffinity: affinity(text) })).to.throw(says));
  }
});

describe('a plan of slots, whatever the node', () => {
  const requests = fc.record({
    cpus: fc.uniqueArray(fc.nat(300), { minLength: 1, maxLength: 64 }).map((ids) => ids.toSorted((a, b) => a - b)),
    memoryBytes: fc.integer({ min: 1, max: 512 }).map((n) => n * GiB),
    coresPerWorker: fc.constantFrom(0.25, 0.5, 1, 2, 3),
    memPerWorkerBytes: fc.option(
      fc.integer({ min: 1, max: 64 }).map((n) => n * GiB),
      { nil: undefined },
    ),
    maxWorkersPerNode: fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.integer({ min: 1, max: 80 })),
    accelerators: fc.nat(8),
    visibleAccelerators: fc.option(fc.uniqueArray(fc.nat(30).map(String), { minLength: 8 }), { nil: undefined }),
    cpuAffinity: fc.constantFrom(...(['none', 'block', 'block-reverse', 'alternating'] as const)).map((kind) => ({ kind })),
  });

  it('exceeds no bound and gives no CPU and no accelerator to two slots', () => {
    let planned = 0;
    fc.assert(
      fc.property(requests, (asked) => {
        const slots = planOrUndefined(asked);
        if (slots === undefined) return;
        planned++;
        expect(slots.length).to.be.within(1, asked.maxWorkersPerNode);
        expect(slots.length * asked.coresPerWorker).to.be.at.most(asked.cpus.length);
        expect(slots.length * (asked.memPerWorkerBytes ?? 0)).to.be.at.most(asked.memoryBytes);
        expectDistinct(slots.flatMap((slot) => slot.cpus ?? []));
        expectDistinct(slots.flatMap((slot) => slot.accelerator ?? []));
        if (asked.accelerators > 0) expect(slots.every((slot) => slot.accelerator !== undefined)).to.equal(true);
        if (asked.cpuAffinity.kind !== 'none') expect(slots.every((slot) => (slot.cpus?.length ?? 0) > 0)).to.equal(true);
      }),
      { numRuns: 500 },
    );
    expect(planned).to.be.greaterThan(100);
  });

  function planOrUndefined(asked: SlotRequest): ReturnType<typeof planSlots> | undefined {
    try {
      return planSlots(asked);
    } catch (error) {
      expect(error).to.have.property('code', 'FLOTILLA_SLOT_PLAN_ERROR');
      return undefined;
    }
  }

  function expectDistinct(values: readonly (number | string)[]): void {
    expect(new Set(values).size).to.equal(values.length);
  }
});
