/** Runs on a machine behind an OpenSSH server, in a network of its own, with the cable pulled out in the middle. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { eventually } from '../../../support/eventually.ts';
import { FarMachine, whyNoFarMachine } from '../../../support/far-machine.ts';
import { type FarOptions, type FarRun, Laptop } from './far-run.ts';

const whyNot = whyNoFarMachine();

describe('a run on a machine behind SSH', function () {
  this.timeout(300_000);
  let far: FarMachine;
  let laptop: Laptop;
  const runs: FarRun[] = [];
  before(async function () {
    if (whyNot !== undefined) {
      console.log(`    (skipped: ${whyNot})`);
      this.skip();
    }
    far = await FarMachine.start();
    laptop = await Laptop.start();
  });
  after(async () => {
    await far?.close();
    await laptop?.close();
  });
  afterEach(async () => {
    await far?.plug();
    for (const run of runs.splice(0)) await run.dispose();
  });

  function start(options: Partial<FarOptions> = {}): FarRun {
    const run = laptop.run({ channel: { ...far.channel, keepAlive: '500ms' }, ...options });
    runs.push(run);
    return run;
  }

  async function expectNothingLeft(run: FarRun): Promise<void> {
    await eventually('no process of the run', () => run.processes().length === 0, 60_000);
    await eventually('no connection', () => far.sshd.connections().length === 0, 60_000);
    expect(await far.listeners()).to.deep.equal([far.sshd.port]);
  }

  /** Two seconds without a result: long enough for what runs there to come to its end. */
  async function untilNoneCome(run: FarRun): Promise<void> {
    let [seen, since] = [run.results, performance.now()];
    await eventually('results to stop', () => {
      if (run.results > seen) [seen, since] = [run.results, performance.now()];
      return performance.now() - since > 2000;
    });
  }

  const rightOnce = (count: number): string[] => Array.from({ length: count }, (_, i) => `${i} right 1`).sort();

  it('runs JavaScript, Python and commands there, with the modules and files of here', async () => {
    const run = start({ tasks: 50 });
    expect(await run.end(), run.said).to.equal(0);
    expect((await run.outcomes()).sort()).to.deep.equal(rightOnce(50));
    expect(run.said).to.include('large 3000000 248');
    const [, , cwd, node, interfaces] = JSON.parse(/^where (.*)$/m.exec(run.said)?.[1] ?? '[]') as [
      string,
      string,
      string,
      string,
      string[],
    ];
    expect(cwd).to.match(/\/there\/runs\/.*\/sandboxes\/task_/);
    expect(node).to.match(/\/there\/bundles\/.*\/node\/bin\/node$/);
    expect(interfaces.sort()).to.deep.equal(['eth0', 'lo']);
    expect(await run.read('said.txt')).to.equal('said 99\n');
    await expectNothingLeft(run);
  });

  it('takes the bundle there once, and its settings readable by their owner alone', async () => {
    const run = start();
    expect(await run.end(), run.said).to.equal(0);
    const again = start();
    expect(await again.end(), again.said).to.equal(0);
    expect(await again.log()).to.not.include('is taken to');
    expect(readdirSync(join(laptop.there, 'bundles'))).to.have.length(1);
  });

  it('loses nothing while the cable is out: what is done there meanwhile comes once, in one try', async () => {
    const run = start({ tasks: 40, seconds: 0.4 });
    await run.until('five results', () => run.results >= 5);
    await far.cut();
    await run.logs('was cut');
    await untilNoneCome(run);
    expect(run.results).to.be.lessThan(40);
    await far.plug();
    expect(await run.end(), `${run.said}\n${await run.log()}`).to.equal(0);
    expect((await run.outcomes()).sort()).to.deep.equal(rightOnce(40));
    expect(await run.log()).to.match(/is back, after \d+ s/);
    await expectNothingLeft(run);
  });

  it('comes back also when the connection is ended in a way that both sides see', async () => {
    const run = start({ tasks: 24, seconds: 0.3 });
    await run.until('four results', () => run.results >= 4);
    far.sshd.cut();
    expect(await run.end(), `${run.said}\n${await run.log()}`).to.equal(0);
    expect((await run.outcomes()).sort()).to.deep.equal(rightOnce(24));
    await expectNothingLeft(run);
  });

  it('leaves nothing there when the driver is killed', async () => {
    const run = start({ tasks: 8, seconds: 600, heartbeatThreshold: '3s' });
    await run.logs('registered with 2 worker(s)');
    await run.kill();
    await expectNothingLeft(run);
  });

  it('says what a block said that could not start, read from there', async () => {
    const run = start({ provider: { workerInit: 'echo "no module named gcc/13" >&2; exit 3' } });
    expect(await run.end()).to.not.equal(0);
    expect(run.said).to.include('no module named gcc/13').and.to.include('exit code 3').and.to.include('/there/runs/');
    await expectNothingLeft(run);
  });

  it('says at once that it cannot log in', async () => {
    const run = start({ channel: { ...far.channel, keyFile: '/nowhere/key' } });
    expect(await run.end()).to.not.equal(0);
    expect(run.said).to.include('does not let user').and.to.include('key /nowhere/key: there is no such file');
  });
});
