/**
 * Many tasks under random kills and freezes, and what became of them:
 *
 *   npm run soak                                      # 30 minutes, 2,000,000 tasks
 *   npm run soak -- --minutes 5 --tasks 300000 --seed 7
 *   npm run soak -- --schedules 10                    # ten minutes of the fault schedules of the specs, each with a new seed
 *
 * A failure prints its seed: FLOTILLA_SEED=<seed> runs a schedule again, --seed <seed> gives the same orders to kill.
 */
import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    tasks: { type: 'string', default: '2000000' },
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
    schedules: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
if (values.schedules === undefined) await soakRun();
else runSchedules(positive('schedules'));

function positive(name) {
  const value = Number(values[name]);
  if (value > 0) return value;
  console.error(`soak: --${name} takes a number above 0; saw '${values[name]}'`);
  process.exit(2);
}

async function soakRun() {
  const { soak } = await import('../spec/chaos/soak/soak.ts');
  const { describeSoak } = await import('../spec/chaos/soak/describe-soak.ts');
  const options = { minutes: positive('minutes'), tasks: positive('tasks'), seed: positive('seed') };
  console.log(`${options.tasks} tasks in ${options.minutes} minutes under random kills, seed ${options.seed}`);
  const result = await soak(options);
  console.log(values.json ? JSON.stringify(result) : describeSoak(result));
  process.exitCode = result.wrong.length === 0 ? 0 : 1;
}

function runSchedules(minutes) {
  const root = fileURLToPath(new URL('../', import.meta.url));
  const deadline = performance.now() + minutes * 60_000;
  let runs = 0;
  do {
    const seed = String(randomInt(2 ** 31));
    const { status, stdout } = spawnSync('mocha', ['spec/**/*.faults.spec.ts'], {
      cwd: root,
      env: { ...process.env, FLOTILLA_SEED: seed },
      encoding: 'utf8',
    });
    runs++;
    if (status !== 0) {
      console.error(`${stdout}\nFLOTILLA_SEED=${seed} failed, run ${runs}`);
      process.exitCode = 1;
      return;
    }
  } while (performance.now() < deadline);
  console.log(`${runs} seeds, no failure`);
}
