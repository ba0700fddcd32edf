import { expect } from 'chai';
import type { Grant } from '../../../../executors/high-throughput/resources/grant.ts';
import { grantEnv } from '../../../../executors/high-throughput/resources/grant-env.ts';

const NOTHING: Grant = { variant: 0, cpus: [], gpus: [], memoryBytes: 0, custom: {} };
const NO_GPU = { FLOTILLA_GPUS: '', CUDA_VISIBLE_DEVICES: '-1', ROCR_VISIBLE_DEVICES: '-1', HIP_VISIBLE_DEVICES: '-1' };

describe('the environment by which a task is told what it was given', () => {
  const rows: [title: string, grant: Partial<Grant>, gpus: string[], expected: Record<string, string>][] = [
    [
      'CPUs, as many threads, and where these belong',
      {
        cpus: [
          [2, 1],
          [3, 1],
          [5, 1],
        ],
      },
      [],
      { FLOTILLA_CPUS: '2-3,5', OMP_NUM_THREADS: '3', GOMP_CPU_AFFINITY: '2,3,5', KMP_AFFINITY: 'explicit,proclist=[2,3,5]' },
    ],
    [
      'half a CPU: one thread',
      { cpus: [[4, 0.5]] },
      [],
      { FLOTILLA_CPUS: '4', OMP_NUM_THREADS: '1', GOMP_CPU_AFFINITY: '4', KMP_AFFINITY: 'explicit,proclist=[4]' },
    ],
    [
      'accelerators by their names, for each runtime',
      {
        gpus: [
          [1, 1],
          [2, 1],
        ],
      },
      ['2', '3', '5'],
      {
        OMP_NUM_THREADS: '1',
        FLOTILLA_GPUS: '3,5',
        CUDA_VISIBLE_DEVICES: '3,5',
        ROCR_VISIBLE_DEVICES: '3,5',
        HIP_VISIBLE_DEVICES: '0,1',
        ZE_AFFINITY_MASK: '3,5',
        ZE_ENABLE_PCI_ID_DEVICE_ORDER: '1',
      },
    ],
    ['none of the accelerators that there are', {}, ['0', '1'], { OMP_NUM_THREADS: '1', ...NO_GPU }],
    ['memory, in bytes', { memoryBytes: 1024 }, [], { OMP_NUM_THREADS: '1', FLOTILLA_MEMORY: '1024' }],
    [
      'kinds of the config',
      { custom: { licence: 1.5, 'lab-port': ['a', 'b'] } },
      [],
      { OMP_NUM_THREADS: '1', FLOTILLA_RESOURCE_LICENCE: '1.5', FLOTILLA_RESOURCE_LAB_PORT: 'a,b' },
    ],
    [
      'nodes, the one where it runs first, and threads of each rank, bound to nothing',
      {
        cpus: [[0, 1]],
        nodes: [
          { managerId: 'm1', host: 'n1' },
          { managerId: 'm2', host: 'n2' },
        ],
        ranks: { ranksPerNode: 2, threadsPerRank: 4, gpusPerRank: 0 },
      },
      [],
      { FLOTILLA_CPUS: '0', OMP_NUM_THREADS: '4', FLOTILLA_NODES: '2', FLOTILLA_HOSTS: 'n1,n2' },
    ],
  ];
  for (const [title, grant, gpus, expected] of rows) {
    it(`says: ${title}`, () => expect(grantEnv({ ...NOTHING, ...grant }, gpus)).to.deep.equal(expected));
  }

  it('says which part of a GPU it is', () => {
    expect(grantEnv({ ...NOTHING, gpus: [[0, 0.25]] }, ['7'])).to.include({ FLOTILLA_GPUS: '7', FLOTILLA_GPU_SHARE: '0.25' });
  });
});
