/**
 * Who works here? Each worker says on which host it is, which device it has, and on which CPUs it may run: the first thing to run on a
 * machine that is new to you. The config decides where; the script is the same everywhere.
 *
 *   npx flotilla run examples/cluster/hello.ts                                    on this machine
 *   npx flotilla run examples/cluster/hello.ts --config slurm                     on a cluster
 *   npx flotilla run examples/cluster/hello.ts --config polaris -- --greetings 8  with more greetings
 */
import { parseArgs } from 'node:util';
import { bashApp, load, sh } from 'flotilla';

const { values } = parseArgs({ options: { greetings: { type: 'string', default: '4' } } });

await using _kernel = await load();

/** The second in which nothing happens keeps each worker busy until the others have their task. */
const hello = bashApp(
  (n: number) => sh`
    cpus=$(sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/self/status)
    device=\${CUDA_VISIBLE_DEVICES-\${ROCR_VISIBLE_DEVICES-\${ZE_AFFINITY_MASK-none}}}
    job=\${SLURM_JOB_ID-\${PBS_JOBID-none}}
    echo "hello ${n} from $(uname -n), job $job, worker $FLOTILLA_WORKER_RANK of $FLOTILLA_WORKER_COUNT, device $device, CPUs $cpus"
    sleep 1`,
  { name: 'hello', returns: 'lines' },
);

const greetings = Array.from({ length: Number(values.greetings) }, (_, n) => hello(n));
for (const greeting of greetings) console.log((await greeting)[0]);
