import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { readNodeFacts } from '../../../executors/high-throughput/node-facts.ts';

describe('the facts of a node', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'flotilla-facts-'));
  });
  afterEach(() => rm(root, { recursive: true }));

  async function machine(files: Record<string, string>): Promise<void> {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), text);
    }
  }

  const plain = {
    'proc/self/status': 'Name:\tnode\nCpus_allowed:\tff\nCpus_allowed_list:\t0-1,6\nMems_allowed_list:\t0\n',
    'proc/meminfo': 'MemTotal:       1000 kB\nMemFree:        10 kB\n',
  };

  it("are the CPUs that the process may use and the machine's memory", async () => {
    await machine(plain);
    const facts = readNodeFacts({ root, env: {} });
    expect(facts).to.deep.include({ cpus: [0, 1, 6], memoryBytes: 1_024_000, cpuQuota: undefined, visibleAccelerators: undefined });
  });

  it('are which CPUs share memory, in the order of the nodes; a node of memory alone has none', async () => {
    const folder = 'sys/devices/system/node';
    await machine({
      ...plain,
      [`${folder}/node0/cpulist`]: '0-1\n',
      [`${folder}/node10/cpulist`]: '8-9\n',
      [`${folder}/node2/cpulist`]: '\n',
      [`${folder}/node1/cpulist`]: '2,6\n',
      [`${folder}/has_cpu`]: '0-1\n',
    });
    expect(readNodeFacts({ root, env: {} }).numaNodes).to.deep.equal([
      [0, 1],
      [2, 6],
      [8, 9],
    ]);
  });

  const limits: [title: string, files: Record<string, string>, expected: object][] = [
    [
      'a control group (version 2)',
      { 'proc/self/cgroup': '0::/job/1\n', 'sys/fs/cgroup/job/1/memory.max': '4096\n', 'sys/fs/cgroup/job/1/cpu.max': '150000 100000\n' },
      { memoryBytes: 4096, cpuQuota: 1.5 },
    ],
    [
      'a parent of the control group',
      {
        'proc/self/cgroup': '0::/job/1\n',
        'sys/fs/cgroup/job/1/memory.max': 'max\n',
        'sys/fs/cgroup/job/memory.max': '8192\n',
        'sys/fs/cgroup/job/1/cpu.max': 'max 100000\n',
      },
      { memoryBytes: 8192, cpuQuota: undefined },
    ],
    [
      'a control group (version 1)',
      {
        'proc/self/cgroup': '5:cpu,cpuacct:/docker/abc\n4:memory:/docker/abc\n0::/\n',
        'sys/fs/cgroup/memory/memory.limit_in_bytes': '2048\n',
        'sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '200000\n',
        'sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us': '100000\n',
      },
      { memoryBytes: 2048, cpuQuota: 2 },
    ],
    [
      'no control group, written as version 1 writes it',
      {
        'proc/self/cgroup': '5:cpu,cpuacct:/\n4:memory:/\n',
        'sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n',
        'sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '-1\n',
        'sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us': '100000\n',
      },
      { memoryBytes: 1_024_000, cpuQuota: undefined },
    ],
  ];
  for (const [title, files, expected] of limits) {
    it(`are limited by ${title}`, async () => {
      await machine({ ...plain, ...files });
      expect(readNodeFacts({ root, env: {} })).to.deep.include(expected);
    });
  }

  const visible: [env: Record<string, string>, expected: string[] | undefined][] = [
    [{}, undefined],
    [{ CUDA_VISIBLE_DEVICES: '2,3' }, ['2', '3']],
    [{ ROCR_VISIBLE_DEVICES: '0' }, ['0']],
    [{ ZE_AFFINITY_MASK: '0.0,0.1' }, ['0.0', '0.1']],
    [{ CUDA_VISIBLE_DEVICES: '' }, []],
    [{ CUDA_VISIBLE_DEVICES: 'NoDevFiles' }, []],
    [{ CUDA_VISIBLE_DEVICES: '1,-1,2' }, ['1']],
  ];
  for (const [env, expected] of visible) {
    it(`${JSON.stringify(env)} shows ${JSON.stringify(expected) ?? 'nothing'}`, () => {
      expect(readNodeFacts({ root, env }).visibleAccelerators).to.deep.equal(expected);
    });
  }

  it('fall back to what Node knows where there is no /proc', () => {
    const facts = readNodeFacts({ root, env: {} });
    expect(facts.cpus).to.have.length.greaterThan(0);
    expect(facts.memoryBytes).to.equal(totalmem());
  });

  it('agree with this machine', function () {
    if (process.platform !== 'linux') this.skip();
    const facts = readNodeFacts();
    const nproc = execFileSync('nproc', { encoding: 'utf8', env: { PATH: process.env.PATH } });
    expect(facts.cpus).to.have.length(Number(nproc));
    expect(facts.memoryBytes).to.be.within(1, totalmem());
  });
});
