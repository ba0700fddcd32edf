/** Behaviours 41 and 42: how many workers there are, and what each of them owns, as tasks see it. */
import { expect } from 'chai';
import { readNodeFacts } from '../../../../executors/high-throughput/node-facts.ts';
import { bashApp, type HighThroughputOptions, jsApp, pythonApp, sh } from '../../../../index.ts';
import { TestRun } from '../../../support/high-throughput.ts';

/** What a task sees of its slot. */
interface Seen {
  readonly rank: string;
  readonly count: string;
  readonly gpu: string | null;
  readonly cpus: string;
}

/** A rendezvous: each task waits until all of them run, so that each has a slot of its own. */
const seenByJs = jsApp(async (folder: string, total: number): Promise<Seen> => {
  const { readdirSync, readFileSync, writeFileSync } = await import('node:fs');
  writeFileSync(`${folder}/js-${process.env.FLOTILLA_WORKER_RANK}`, '');
  while (readdirSync(folder).filter((name) => name.startsWith('js-')).length < total)
    await new Promise((resolve) => setTimeout(resolve, 5));
  return {
    rank: process.env.FLOTILLA_WORKER_RANK ?? '',
    count: process.env.FLOTILLA_WORKER_COUNT ?? '',
    gpu: process.env.CUDA_VISIBLE_DEVICES ?? null,
    cpus: /Cpus_allowed_list:\s*(\S+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '',
  };
});

const seenByPython = pythonApp<[string, number], Seen>(`
def look(folder, total):
    import os, re, time
    open(f"{folder}/py-{os.environ['FLOTILLA_WORKER_RANK']}", 'w').close()
    while len([n for n in os.listdir(folder) if n.startswith('py-')]) < total:
        time.sleep(0.005)
    cpus = re.search(r'Cpus_allowed_list:\\s*(\\S+)', open('/proc/self/status').read()).group(1)
    env = os.environ
    return dict(rank=env['FLOTILLA_WORKER_RANK'], count=env['FLOTILLA_WORKER_COUNT'], gpu=env.get('CUDA_VISIBLE_DEVICES'), cpus=cpus)
`);

const seenByBash = bashApp(
  (folder: string, total: number) => sh`
    touch ${folder}/sh-$FLOTILLA_WORKER_RANK
    while [ "$(ls ${folder} | grep -c '^sh-')" -lt ${total} ]; do sleep 0.01; done
    cpus=$(sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/self/status)
    gpu=null; [ -z "\${CUDA_VISIBLE_DEVICES+x}" ] || gpu="\"$CUDA_VISIBLE_DEVICES\""
    echo "{\"rank\":\"$FLOTILLA_WORKER_RANK\",\"count\":\"$FLOTILLA_WORKER_COUNT\",\"gpu\":$gpu,\"cpus\":\"$cpus\"}"`,
  { returns: 'json' },
);

const byRank = (seen: readonly Seen[]): Seen[] => seen.toSorted((a, b) => Number(a.rank) - Number(b.rank));

const allCpus = readNodeFacts().cpus;
const cpuList = (cpus: readonly number[]): string => cpus.join(',');

/** As the kernel writes it: 0-1. */
const asRange = (cpus: readonly number[]): string =>
  cpus.length > 1 && cpus.every((cpu, i) => i === 0 || cpu === (cpus[i - 1] ?? 0) + 1) ? `${cpus[0]}-${cpus.at(-1)}` : cpuList(cpus);

describe('what a worker owns', () => {
  const FOUR = { coresPerWorker: 0.5, maxWorkersPerNode: 4 };
  const [first = 0, second = first] = allCpus;
  const rows: { title: string; options: HighThroughputOptions; env?: Record<string, string>; gpus: (string | null)[]; cpus?: string[] }[] =
    [
      {
        title: 'a count of accelerators gives each worker one of its own',
        options: { ...FOUR, availableAccelerators: 4 },
        gpus: ['0', '1', '2', '3'],
      },
      {
        title: 'names of accelerators are taken as they are',
        options: { ...FOUR, availableAccelerators: ['GPU-a', 'GPU-b'] },
        gpus: ['GPU-a', 'GPU-b'],
      },
      {
        title: 'a count indexes the accelerators that the job was given',
        options: { ...FOUR, availableAccelerators: 2 },
        env: { CUDA_VISIBLE_DEVICES: '2,3' },
        gpus: ['2', '3'],
      },
      { title: 'without accelerators none is assigned', options: { ...FOUR, maxWorkersPerNode: 2 }, gpus: [null, null] },
      {
        title: 'an explicit list of CPU sets is exact',
        options: { ...FOUR, maxWorkersPerNode: 2, cpuAffinity: `list:${second}:${cpuList([first, second])}` },
        gpus: [null, null],
        cpus: [String(second), asRange(second === first ? [first] : [first, second])],
      },
      {
        title: "with 'block' each worker has CPUs of its own",
        options: { coresPerWorker: 1, maxWorkersPerNode: 2, cpuAffinity: 'block' },
        gpus: [null, null],
        cpus: [String(first), String(second)],
      },
      {
        title: "'block-reverse' gives the first worker the last CPUs",
        options: { coresPerWorker: 1, maxWorkersPerNode: 2, cpuAffinity: 'block-reverse', availableAccelerators: 2 },
        gpus: ['0', '1'],
        cpus: [String(second), String(first)],
      },
    ];
  for (const { title, options, env = {}, gpus, cpus } of rows) {
    it(`${title}, for JavaScript, Python and bash alike`, async function () {
      if (cpus && allCpus.length !== 2) this.skip();
      const workerInit = Object.entries(env)
        .map(([key, value]) => `export ${key}=${value}`)
        .join('\n');
      await using run = await TestRun.open({ executor: options, provider: { workerInit } });
      const total = gpus.length;
      for (const look of [seenByJs, seenByPython, seenByBash] as const) {
        const seen = byRank(await Promise.all(gpus.map(() => look(run.dir, total) as PromiseLike<Seen>)));
        expect(seen.map(({ rank }) => rank)).to.deep.equal(gpus.map((_, rank) => String(rank)));
        expect(seen.map(({ gpu }) => gpu)).to.deep.equal(gpus);
        expect(new Set(seen.map(({ count }) => count))).to.deep.equal(new Set([String(total)]));
        if (cpus) expect(seen.map((one) => one.cpus)).to.deep.equal(cpus);
      }
    });
  }
});

describe('how many workers a manager has', () => {
  const cores = allCpus.length;
  const gib = readNodeFacts().memoryBytes / 2 ** 30;
  const rows: { least: string; options: HighThroughputOptions; workers: number }[] = [
    { least: 'cores', options: { coresPerWorker: 1, maxWorkersPerNode: 100, availableAccelerators: 100 }, workers: cores },
    { least: 'cores, half of one per worker', options: { coresPerWorker: 0.5, maxWorkersPerNode: 100 }, workers: 2 * cores },
    { least: 'memory', options: { coresPerWorker: 0.1, maxWorkersPerNode: 100, memPerWorker: gib / 3.5 }, workers: 3 },
  ];
  for (const { least, options, workers } of rows) {
    it(`is what ${least} allow(s), where that is least`, async () => {
      await using run = await TestRun.open({ executor: options });
      expect((await run.logged(/ registered with /)).message).to.contain(`registered with ${workers} worker(s)`);
    });
  }

  it('is an error that names the shortage, where not even one fits', async () => {
    await using run = await TestRun.open({ executor: { coresPerWorker: 1000 } });
    const error = await jsApp(() => 1)().exception();
    expect(error).to.have.property('name', 'ExecutorFailed');
    expect((error as Error).message).to.match(/no worker fits on this node: coresPerWorker is 1000/);
    expect(run.workerPids()).to.deep.equal([]);
  });
});
