/**
 * The driver of a durable run is killed at random moments, and resumed, and killed again. When that is depends on the machine too: a seed
 * gives the same orders, not the same run. FLOTILLA_SEED=<seed> gives more of them.
 */
import { expect } from 'chai';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '../../support/eventually.ts';
import { makeScriptFolder, type RunResult, type ScriptFolder, type StartedRun } from '../../support/flotilla-run.ts';
import { linesOf } from '../../support/high-throughput.ts';
import { processesOf } from '../../support/leftovers.ts';
import { createRandom, type Random } from '../../executors/high-throughput/interchange/simulation/random.ts';
import { CAMPAIGN, countLines, OUTCOMES, RUNS } from './durable-campaign.ts';

const SEED = process.env['FLOTILLA_SEED'];
const KILLS = SEED === undefined ? 3 : 10;
const COMMAND = ['run', 'a.ts', '-c', 'local', '--set', 'orphanGrace=10m', '--set', 'executors.0.maxWorkersPerNode=2'];
const ARGS = [...COMMAND, '--set', 'executors.0.coresPerWorker=0.5', '--resume'];

class Campaign {
  readonly #folder: ScriptFolder;
  readonly #random: Random;
  readonly #victims: readonly string[];
  readonly orders: string[] = [];

  /** @param victims names in command lines of what is killed beside the driver. */
  constructor(folder: ScriptFolder, random: Random, victims: readonly string[]) {
    this.#folder = folder;
    this.#random = random;
    this.#victims = victims;
  }

  /** @returns the run that came to its end. */
  async run(): Promise<RunResult> {
    for (let kill = 0; kill < KILLS; kill++) {
      const ended = await this.#startAndKill();
      if (ended) return ended;
      if (this.#random.chance(0.3)) this.#killAnother();
      await pause(this.#random.chance(0.5) ? 0 : this.#random.below(1500));
    }
    return await this.#start().result;
  }

  /** @returns how it ended if that was before it was killed. */
  async #startAndKill(): Promise<RunResult | undefined> {
    const runs = this.#random.chance(0.3) ? [this.#start(), this.#start()] : [this.#start()];
    const afterMs = 300 + this.#random.below(3000);
    this.orders.push(`${runs.length} driver(s), killed after ${afterMs} ms`);
    const timer = setTimeout(() => {
      for (const { child } of runs) child.kill('SIGKILL');
    }, afterMs);
    const results = await Promise.all(runs.map(({ result }) => result));
    clearTimeout(timer);
    return this.#winner(results);
  }

  /** Of two that start at once one goes on with the run, and the other says why it does not. */
  #winner(results: readonly RunResult[]): RunResult | undefined {
    const ended = results.filter(({ signal }) => signal === null);
    const done = ended.filter(({ code }) => code !== 2);
    for (const { code, stderr } of ended) if (code === 2) expect(stderr).to.match(/goes on: its driver is process|was taken over by run/);
    expect(done.length, done.map(({ stderr }) => stderr).join('\n')).to.be.at.most(1);
    return done[0];
  }

  #start(): StartedRun {
    return this.#folder.start(ARGS, { FLOTILLA_SPEC_FOLDER: this.#folder.path });
  }

  #killAnother(): void {
    const [line] = processesOf(this.#folder.path).filter((each) => this.#victims.some((name) => each.includes(name)));
    if (line === undefined) return;
    this.orders.push(`killed ${line}`);
    process.kill(Number.parseInt(line, 10), 'SIGKILL');
  }
}

describe('a durable run whose driver is killed at random moments', function () {
  this.timeout(240_000);
  let folder: ScriptFolder;
  const seed = Number(SEED ?? Date.now() % 2 ** 31);
  beforeEach(async () => {
    folder = await makeScriptFolder();
    await folder.write('a.ts', CAMPAIGN);
  });
  afterEach(async () => {
    try {
      await eventually('every process of the run to end', () => processesOf(folder.path).length === 0, 20_000);
    } finally {
      for (const left of processesOf(folder.path)) process.kill(Number.parseInt(left, 10), 'SIGKILL');
      await folder.remove();
    }
  });

  const lines = (name: string): string[] => linesOf(`${folder.path}/${name}`);
  const run = async (victims: readonly string[]): Promise<string> => {
    const campaign = new Campaign(folder, createRandom(seed), victims);
    const { stdout, stderr, code } = await campaign.run();
    const about = `FLOTILLA_SEED=${seed}\n${campaign.orders.join('\n')}\n${stderr}`;
    expect(code, about).to.equal(0);
    expect(JSON.parse(stdout), about).to.deep.equal(OUTCOMES);
    return about;
  };

  it('gives every task its outcome, and runs none twice', async () => {
    const about = await run(['interchange-entry']);
    expect(countLines(lines('ran')), about).to.deep.equal(RUNS);
  });

  it('gives every task its outcome where managers are killed too', async () => {
    const about = await run(['manager-entry', 'interchange-entry']);
    expect(countLines(lines('ran')), about).to.include.keys(Object.keys(RUNS));
  });
});
