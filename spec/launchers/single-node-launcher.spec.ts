import { expect } from 'chai';
import { SingleNodeLauncher } from '../../launchers/single-node-launcher.ts';
import { eventually } from '../support/eventually.ts';
import { launcherContract } from './contract.ts';
import { isAlive, ScriptBench } from './run-script.ts';

const make = (): SingleNodeLauncher => new SingleNodeLauncher();

launcherContract('SingleNodeLauncher, one copy', { make, nodesPerBlock: 1, tasksPerNode: 1, copies: 1 });
launcherContract('SingleNodeLauncher, three copies', { make, nodesPerBlock: 1, tasksPerNode: 3, copies: 3 });
launcherContract('SingleNodeLauncher, two nodes played by one', { make, nodesPerBlock: 2, tasksPerNode: 2, copies: 4 });

describe('SingleNodeLauncher', () => {
  let bench: ScriptBench;
  beforeEach(async () => {
    bench = await ScriptBench.open();
  });
  afterEach(() => bench.close());

  it('needs no program but bash', async () => {
    const script = make().wrap('echo copy >>"$DIR/copies"', 1, 3);
    const run = await bench.start(`PATH=/nowhere\n${script}`);
    expect(await run.ended).to.deep.equal({ exitCode: 0, signal: null });
    expect(await bench.lines('copies')).to.deep.equal(['copy', 'copy', 'copy']);
  });

  const oneFails = 'mkdir "$DIR/taken" 2>/dev/null && exit 3\nexit 0';

  const rows: [title: string, failOnAny: boolean, command: string, exitCode: number][] = [
    ['fails when any copy fails', true, oneFails, 3],
    ['forgives some failing copies with failOnAny: false', false, oneFails, 0],
    ['does not forgive all failing with failOnAny: false', false, 'exit 5', 5],
  ];
  for (const [title, failOnAny, command, exitCode] of rows) {
    it(title, async () => {
      const run = await bench.start(new SingleNodeLauncher({ failOnAny }).wrap(command, 1, 3));
      expect((await run.ended).exitCode).to.equal(exitCode);
    });
  }

  it('runs its copies side by side', async () => {
    const meet = 'echo here >> "$DIR/log"\nuntil [ "$(wc -l < "$DIR/log")" -eq 3 ]; do sleep 0.01; done';
    const run = await bench.start(make().wrap(meet, 1, 3));
    expect((await run.ended).exitCode).to.equal(0);
  });

  it('passes on a TERM that only the script itself gets', async () => {
    const run = await bench.start(make().wrap('echo "$BASHPID" >> "$DIR/pids"\nsleep 60', 1, 2));
    await eventually('both copies have started', async () => (await bench.lines('pids')).length === 2);
    process.kill(run.pid, 'SIGTERM');
    expect((await run.ended).exitCode).to.equal(143);
    for (const pid of await bench.lines('pids')) expect(await isAlive(Number(pid))).to.equal(false);
  });

  it('gives each copy one TERM for each that it gets, and waits until the copy has taken its leave', async () => {
    const leave = 'echo term >> "$DIR/log"; sleep 0.2; echo left >> "$DIR/log"; exit 4';
    const program = `exec bash -c 'trap "${leave.replaceAll('"', '\\"')}" TERM; echo $$ >> "$DIR/pids"; while :; do sleep 0.02; done'`;
    const run = await bench.start(make().wrap(program, 1, 2));
    await eventually('both copies have started', async () => (await bench.lines('pids')).length === 2);
    process.kill(-run.pid, 'SIGTERM');
    expect((await run.ended).exitCode).to.equal(4);
    expect((await bench.lines('log')).sort()).to.deep.equal(['left', 'left', 'term', 'term']);
  });

  for (const options of [['-e'], ['-u'], ['-eu', '-o', 'pipefail']]) {
    it(`works where the job's script has set ${options.join(' ')}`, async () => {
      const run = await bench.start(make().wrap('echo ran >> "$DIR/log"; exit 6', 1, 2), options);
      expect((await run.ended).exitCode).to.equal(6);
      expect(await bench.lines('log')).to.deep.equal(['ran', 'ran']);
      expect(run.output()).not.to.include('unbound');
    });
  }

  it('says what it starts, unless told not to', async () => {
    const loud = await bench.start(make().wrap('true', 1, 1));
    await loud.ended;
    expect(loud.output()).to.match(/started copy 1 of 1 as process \d+/);
    const quiet = await bench.start(new SingleNodeLauncher({ debug: false }).wrap('true', 1, 1));
    await quiet.ended;
    expect(quiet.output()).to.equal('');
  });

  it('is frozen data', () => expect(make()).to.be.frozen);
});
