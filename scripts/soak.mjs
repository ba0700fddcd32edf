/**
 * Runs the fault schedules with one new seed after the other: `npm run soak -- 10` for ten minutes (default one).
 * A failure prints its seed; FLOTILLA_SEED=<seed> runs that schedule again.
 */
import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { fileURLToPath } from 'node:url';

const minutes = Number(process.argv[2] ?? 1);
if (!(minutes > 0)) {
  console.error(`soak takes a number of minutes, as in npm run soak -- 10; saw '${process.argv[2]}'`);
  process.exit(2);
}
const root = fileURLToPath(new URL('../', import.meta.url));
const deadline = Date.now() + minutes * 60_000;
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
    process.exit(1);
  }
} while (Date.now() < deadline);
console.log(`${runs} seeds, no failure`);
