/**
 * A run on another machine, started on "the laptop". Arguments: the channel and the provider's options as JSON, and how long each task
 * takes. Says each result as it comes, and waits for nothing.
 */
import { appendFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { bashApp, Config, HighThroughputExecutor, jsApp, load, LocalProvider, pythonApp, SlurmProvider, SshChannel } from 'flotilla';

const { channel, provider, slurm, seconds, tasks, heartbeatThreshold = '3m' } = JSON.parse(process.argv[2] ?? '{}');
const Provider = slurm ? SlurmProvider : LocalProvider;
const executor = new HighThroughputExecutor({
  label: 'far',
  maxWorkersPerNode: 2,
  heartbeatPeriod: '500ms',
  heartbeatThreshold,
  provider: new Provider({ channel: new SshChannel(channel), walltime: '20m', ...provider }),
});
await using kernel = await load(new Config({ executors: [executor], retries: 0 }));
console.log(`run ${kernel.runId}`);

const simulate = jsApp<[x: number, ms: number], number>(new URL('./src/sim.fixture.ts', import.meta.url), 'simulate');
const late = jsApp(async (x: number, ms: number) => {
  await new Promise((resolve) => setTimeout(resolve, ms));
  return (await import('./src/late.fixture.ts')).late(x);
});
const area = pythonApp<[r: number, seconds: number], number>({ file: 'src/fit.py', function: 'area' });
const say = bashApp((x: number, s: number) => `sleep ${s}; echo said ${x}; echo beside >&2`, { returns: 'stdout' });

const kinds = [
  (i: number) => simulate(i, seconds * 1000),
  (i: number) => late(i, seconds * 1000),
  (i: number) => area(i, seconds),
  (i: number) => say(i, seconds),
] as const;
const expected = [(i: number) => 3 * i, (i: number) => i + 1, (i: number) => 4 * i, (i: number) => `said ${i}\n`];

const runs = Array.from({ length: tasks }, async (_, i) => {
  const future = kinds[i % 4]?.(i);
  const value = await future;
  const isRight = value === expected[i % 4]?.(i);
  const tries = future?.tries.length;
  appendFileSync(`results-${kernel.runId}`, `${i} ${isRight ? 'right' : JSON.stringify(value)} ${tries}\n`);
  console.log(`result ${i}`);
});
await Promise.all(runs);

const mirror = jsApp((bytes: Uint8Array) => bytes.map((byte) => byte ^ 255));
const large = await mirror(new Uint8Array(3_000_000).fill(7));
console.log(`large ${large.length} ${large[2_999_999]}`);
await say.with({ stdout: 'said.txt', stderr: 'auto' })(99, 0).exception();
const where = await jsApp(async () => {
  const { hostname: name, networkInterfaces } = await import('node:os');
  return [name(), process.cwd(), process.execPath, Object.keys(networkInterfaces())];
})();
console.log(`where ${JSON.stringify([hostname(), ...where])}`);
await kernel.close();
console.log('closed');
