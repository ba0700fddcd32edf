/**
 * Each of four GPUs says hello: four tasks, four workers, each with a device of its own.
 *
 *   npx flotilla run examples/hello.ts                    on this machine
 *   npx flotilla run examples/hello.ts --config polaris   the same script elsewhere
 *
 * The config here promises each worker one of four devices, whether the machine has them or not: a worker is told its device by
 * CUDA_VISIBLE_DEVICES and its like. `coresPerWorker` is small so that four workers find room on any machine.
 */
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { bashApp, HighThroughputExecutor, load, sh } from 'flotilla';

await using _kernel = await load({
  executors: [new HighThroughputExecutor({ label: 'htex', availableAccelerators: 4, coresPerWorker: 0.25, cpuAffinity: 'none' })],
});

/** The second in which nothing happens keeps each device busy until the others have their task. */
const hello = bashApp(
  (n: number) => sh`
    cpus=$(sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/self/status)
    device=\${CUDA_VISIBLE_DEVICES-\${ROCR_VISIBLE_DEVICES-\${ZE_AFFINITY_MASK-none}}}
    echo "hello ${n} from $(uname -n), device $device, CPUs $cpus"
    sleep 1`,
);

const numbers = [0, 1, 2, 3];
// 'w': begun anew, where a path alone is appended to.
const greetings = numbers.map((n) => hello.with({ stdout: [`hello_${n}.stdout`, 'w'] })(n));
await Promise.all(greetings);

for (const { stdout = '' } of greetings) console.log(`${relative('', stdout)}: ${readFileSync(stdout, 'utf8').trimEnd()}`);
console.log(`the files are in ${process.cwd()}`);
