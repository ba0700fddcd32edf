/**
 * A script with MPI programs in one block of four nodes. Arguments: what starts them; the program; what is played: 'pack': many of 1, 2
 * and 4 nodes, and tasks of one core beside them; 'cancel': one that is cancelled while it runs. Then further words for what starts them.
 */
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { bashApp, Config, load, mpiApp, MPIExecutor, sh, SlurmProvider, SrunLauncher } from '../../index.ts';

const [, , mpiLauncher = 'auto', program = '', scene = 'pack', mpiOverrides = ''] = process.argv;

const executor = new MPIExecutor({
  mpiLauncher: mpiLauncher as 'auto',
  mpiOverrides,
  heartbeatPeriod: '500ms',
  heartbeatThreshold: '8s',
  env: { OMPI_ALLOW_RUN_AS_ROOT: '1', OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1' },
  provider: new SlurmProvider({
    nodesPerBlock: 4,
    initBlocks: 1,
    maxBlocks: 1,
    exclusive: true,
    walltime: '10m',
    statusPollPeriod: '1s',
    launcher: new SrunLauncher(),
  }),
});
const kernel = await load(new Config({ executors: [executor] }));
console.log(`run ${kernel.runId}`);

const ranks = mpiApp((name: string, ms: number) => sh`${program} ranks.log ${name} ${ms}`, { returns: 'lines' });
const core = bashApp(
  (name: string) => sh`from=$(date +%s%3N); sleep 0.2; echo ${name} 0 1 $(hostname) $from $(date +%s%3N) $FLOTILLA_CPUS >> cores.log`,
  { resources: { cores: 1 } },
);

if (scene === 'pack') {
  const sizes = [1, 2, 4, 1, 2, 1, 4, 2];
  const programs = sizes.map((nodes, i) =>
    ranks
      .with({ resources: { nodes, ranksPerNode: 1 + (i % 2) } })(`mpi-${i}`, 300)
      .result(),
  );
  const cores = Array.from({ length: 24 }, (_, i) => core(`core-${i}`).result());
  const counts = (await Promise.all(programs)).map((lines) => lines.join(' '));
  await Promise.all(cores);
  console.log(`ranks ${counts.join(' ')}`);
} else {
  const long = ranks.with({ resources: { nodes: 3, ranksPerNode: 2 }, stdout: 'said', killGrace: '10s' })('long', 600_000);
  while (!existsSync('said') || !readFileSync('said', 'utf8').includes('6')) await pause(50);
  console.log('it runs');
  while (!existsSync('go')) await pause(50);
  long.cancel();
  console.log(`then ${((await long.exception()) as Error).name}`);
}
await kernel.close();
console.log('closed');
