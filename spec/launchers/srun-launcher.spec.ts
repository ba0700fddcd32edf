import { expect } from 'chai';
import { SrunLauncher } from '../../launchers/srun-launcher.ts';
import { SrunMpiLauncher } from '../../launchers/srun-mpi-launcher.ts';
import { emulateSlurm } from '../support/launch/stand-ins.ts';
import { eventually } from '../support/eventually.ts';
import { launcherContract } from './contract.ts';
import { ScriptBench } from './run-script.ts';

const NODES = ['n1', 'n2'];
const environment = (dir: string) => emulateSlurm(dir, NODES);
const rows = [
  ['one node', 1, 1],
  ['two nodes', 2, 1],
  ['two nodes with two copies each', 2, 2],
] as const;

for (const Launcher of [SrunLauncher, SrunMpiLauncher]) {
  for (const [title, nodesPerBlock, tasksPerNode] of rows) {
    const copies = nodesPerBlock * tasksPerNode;
    launcherContract(`${Launcher.name}, ${title}`, { make: () => new Launcher(), nodesPerBlock, tasksPerNode, copies, environment });
  }

  describe(Launcher.name, () => {
    let bench: ScriptBench;
    beforeEach(async () => {
      bench = await ScriptBench.open();
    });
    afterEach(() => bench.close());

    const run = async (script: string, env = {}) => {
      const started = await bench.start(script, [], { ...(await environment(bench.dir)), ...env });
      return { ...(await started.ended), output: started.output() };
    };

    it('starts one manager on each node, with the whole environment', async () => {
      const script = new Launcher().wrap('echo "$SLURMD_NODENAME:$GREETING" >> "$DIR/log"', 2, 1);
      expect((await run(script, { GREETING: 'hello  there' })).exitCode).to.equal(0);
      expect((await bench.lines('log')).sort()).to.deep.equal(['n1:hello  there', 'n2:hello  there']);
    });

    it('gives overrides to srun, with variables expanded, and shows what srun says to them', async () => {
      const good = new Launcher({ overrides: '-c $CPUS\n --gres=gpu:4' }).wrap('true', 2, 1);
      expect((await run(good, { CPUS: '80' })).exitCode).to.equal(0);
      const bad = await run(new Launcher({ overrides: '--no-such' }).wrap('true', 2, 1));
      expect(bad.exitCode).to.equal(1);
      expect(bad.output).to.include("srun: unrecognized option '--no-such'");
    });

    it('fails when the job has fewer nodes than the block', async () => {
      const { exitCode, output } = await run(new Launcher().wrap('true', 3, 1));
      expect(exitCode).to.equal(1);
      expect(output).to.match(/has 2: n1 n2; ask the scheduler|Only allocated 2 nodes/);
    });

    it('lets a failing node end without the others', async () => {
      const failFirst = '[ "$SLURMD_NODENAME" = n1 ] && exit 9\nwhile [ ! -e "$DIR/told" ]; do sleep 0.02; done; echo stayed >> "$DIR/log"';
      const failed = 'echo "failed $SLURMD_NODENAME" >> "$DIR/log"';
      const started = await bench.start(
        new Launcher().wrap(failFirst.replace('exit 9', `{ ${failed}; touch "$DIR/told"; exit 9; }`), 2, 1),
        [],
        await environment(bench.dir),
      );
      expect((await started.ended).exitCode).to.equal(9);
      expect(await bench.lines('log')).to.deep.equal(['failed n1', 'stayed']);
    });

    const takeLeave = `trap 'echo told >> "$DIR/log"; sleep 0.3; echo left >> "$DIR/log"; exit 4' TERM`;
    const manager = `bash -c '${takeLeave.replaceAll("'", "'\\''")}; echo $$ >> "$DIR/pids"; while :; do sleep 0.02; done'`;
    for (const [title, signal, overrides] of [
      ['told to end, lets each manager take its leave', 'SIGTERM', ''],
      ['killed, ends the managers too', 'SIGKILL', ''],
      ['told to end where overrides would take stdin away', 'SIGTERM', '--input=none'],
    ] as const) {
      it(`is a block that, ${title}, although srun itself would kill them`, async () => {
        const started = await bench.start(new Launcher({ overrides }).wrap(manager, 2, 1), [], await environment(bench.dir));
        await eventually('both managers run', async () => (await bench.lines('pids')).length === 2);
        process.kill(started.pid, signal);
        expect(await started.ended).to.deep.equal(signal === 'SIGTERM' ? { exitCode: 4, signal: null } : { exitCode: null, signal });
        await eventually('both have left', async () => (await bench.lines('log')).length === 4);
        expect((await bench.lines('log')).sort()).to.deep.equal(['left', 'left', 'told', 'told']);
      });
    }

    it('is frozen data that refuses unknown options', () => {
      expect(new Launcher({ overrides: '-c 2', debug: false })).to.be.frozen.and.to.deep.include({
        options: { overrides: '-c 2', debug: false },
      });
      expect(() => new Launcher({ override: '-c 2' } as object)).to.throw("Did you mean 'overrides'?");
    });
  });
}

describe('SrunLauncher', () => {
  it('labels what nodes print with the number of the node', async () => {
    const bench = await ScriptBench.open();
    const started = await bench.start(new SrunLauncher().wrap('echo broken >&2; exit 1', 2, 1), [], await environment(bench.dir));
    await started.ended;
    expect(started.output()).to.include('0: broken').and.include('1: broken');
    await bench.close();
  });

  it('says with debug what it starts, and nothing else', async () => {
    const bench = await ScriptBench.open();
    for (const debug of [true, false]) {
      const started = await bench.start(new SrunLauncher({ debug }).wrap('true', 2, 1), [], await environment(bench.dir));
      await started.ended;
      expect(started.output()).to.match(
        debug ? /^flotilla: started copy 1 of 1 as process \d+\nflotilla: process \d+ ended with exit code 0\n$/ : /^$/,
      );
    }
    await bench.close();
  });
});
