/**
 * A run on the cluster, as a process of its own on the login node. Arguments: the scenario, and options of its SlurmProvider as
 * JSON. Says on stdout what it has come to, and waits for files where a spec is to step in.
 */
import { appendFileSync, existsSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { bashApp, Config, HighThroughputExecutor, load, SlurmProvider, type SlurmProviderOptions, SrunLauncher } from '../../index.ts';

const [, , scenario = '', json = '{}'] = process.argv;
const options = JSON.parse(json) as SlurmProviderOptions;

const executor = new HighThroughputExecutor({
  label: 'slurm',
  maxWorkersPerNode: 2,
  heartbeatPeriod: '500ms',
  heartbeatThreshold: '5s',
  provider: new SlurmProvider({
    exclusive: true,
    walltime: '20m',
    statusPollPeriod: '1s',
    cmdTimeout: '15s',
    launcher: new SrunLauncher(),
    ...options,
  }),
});
const kernel = await load(new Config({ executors: [executor], strategyPeriod: '1s', maxIdleTime: '30s' }));
console.log(`run ${kernel.runId}`);

/** Writes down each time that it is started, and where it has run to its end. */
const work = bashApp(
  (number: number, seconds: number) => `echo ${number} >> started; sleep ${seconds}; echo ${number} >> ended; hostname`,
  {
    returns: 'stdout',
  },
);

async function told(file: string): Promise<void> {
  while (!existsSync(file)) await pause(50);
}

const SCENARIOS: Readonly<Record<string, () => Promise<void>>> = {
  /** Twenty tasks, and the hosts on which they ran. */
  async campaign() {
    const hosts = await Promise.all(Array.from({ length: 20 }, (_, number) => work(number, 0.2)));
    console.log(`hosts ${[...new Set(hosts.map((host) => host.trim()))].toSorted().join(' ')}`);
  },
  /** One task, and then the end, whatever is pending. */
  async one() {
    await work(0, 0);
    console.log('done');
  },
  /** Twelve tasks that take a while; each result is written down as it comes. */
  async long() {
    const runs = Array.from({ length: 12 }, async (_, number) => {
      await work(number, 6);
      appendFileSync('results', `${number}\n`);
    });
    await Promise.all(runs);
    console.log('done');
  },
  /** A task, a pause in which the spec does something, and another task. */
  async pause() {
    await work(0, 0);
    console.log('paused');
    await told('go');
    await work(1, 0);
    console.log('done');
  },
  /** Runs until it is killed. */
  async forever() {
    await Promise.all(Array.from({ length: 8 }, (_, number) => work(number, 600)));
  },
};

const play = SCENARIOS[scenario];
if (play === undefined) throw new Error(`there is no scenario '${scenario}'`);
await play();
await kernel.close();
console.log('closed');
