import { existsSync, readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { MpiExecLauncher } from '../../launchers/mpiexec-launcher.ts';
import { MpiRunLauncher } from '../../launchers/mpirun-launcher.ts';
import type { Launcher } from '../../lib/provider.ts';
import { emulatePals, hydraOverNodes, openMpiOverNodes } from '../support/launch/stand-ins.ts';
import { launcherContract } from './contract.ts';
import { ScriptBench } from './run-script.ts';

const NODES = ['n1', 'n2'];
const openMpi = (dir: string) => openMpiOverNodes(dir, NODES);
const hydra = (dir: string) => hydraOverNodes(dir, NODES);
const pals = (dir: string) => emulatePals(dir, NODES);
/** As ALCF's guide to Parsl on Polaris has it. */
const forPolaris = { bindCmd: '--cpu-bind', overrides: '--depth=64 --ppn 1' };

const contracts: [title: string, make: () => Launcher, environment: typeof pals, needs?: string][] = [
  ['MpiExecLauncher with Open MPI', () => new MpiExecLauncher(), openMpi, 'mpiexec'],
  ['MpiRunLauncher with Open MPI', () => new MpiRunLauncher(), openMpi, 'mpirun'],
  ['MpiExecLauncher with Hydra', () => new MpiExecLauncher(), hydra, 'mpiexec.hydra'],
  ['MpiExecLauncher with Cray PALS', () => new MpiExecLauncher(forPolaris), pals],
];
for (const [title, make, environment, needs] of contracts) {
  for (const [nodesPerBlock, tasksPerNode] of [
    [1, 1],
    [2, 2],
  ] as const) {
    const copies = nodesPerBlock * tasksPerNode;
    const under = `${title}, nodes: ${nodesPerBlock}, copies on each: ${tasksPerNode}`;
    launcherContract(under, { make, nodesPerBlock, tasksPerNode, copies, environment, ...(needs !== undefined && { needs }) });
  }
}

const hasHydra = existsSync('/usr/bin/mpiexec.hydra');
const ownCpus = (): string | undefined => /^Cpus_allowed_list:.*/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[0];

describe('launchers of MPI programs', function () {
  this.timeout(60_000);
  let bench: ScriptBench;
  beforeEach(async () => {
    bench = await ScriptBench.open();
  });
  afterEach(() => bench.close());

  async function run(launcher: Launcher, environment: typeof pals, command: string, { nodes = 2, env = {} } = {}) {
    const started = await bench.start(launcher.wrap(command, nodes, 1), [], { ...(await environment(bench.dir)), ...env });
    return { ...(await started.ended), output: started.output() };
  }

  describe('with Open MPI', () => {
    for (const launcher of [new MpiExecLauncher(), new MpiRunLauncher()]) {
      it(`${launcher.type} starts one manager on each node, with the environment and the directory of the job`, async () => {
        const odd = `quo'te "double" $HOME; new\nline`;
        const print = 'printf "%s|%s\\0" "$PWD" "$ODD" > "$DIR/of-$PPID"; echo "$PPID" >> "$DIR/daemons"';
        expect((await run(launcher, openMpi, print, { env: { ODD: odd } })).exitCode).to.equal(0);
        const daemons = await bench.lines('daemons');
        expect(new Set(daemons)).to.have.property('size', 2);
        for (const daemon of daemons) expect((await bench.lines(`of-${daemon}`)).join('\n')).to.equal(`${bench.dir}|${odd}\0`);
      });

      it(`${launcher.type} binds no manager to a CPU`, async () => {
        await run(launcher, openMpi, 'grep ^Cpus_allowed_list: /proc/self/status >> "$DIR/cpus"');
        expect(await bench.lines('cpus')).to.deep.equal([ownCpus(), ownCpus()]);
      });
    }

    it('lets a task run an mpirun of its own', async () => {
      const { exitCode, output } = await run(new MpiExecLauncher(), openMpi, 'mpirun --host localhost -n 1 echo "from within"', {
        nodes: 1,
      });
      expect(output).to.include('from within');
      expect(exitCode).to.equal(0);
    });
  });

  for (const [title, launcher, environment] of [
    ['Open MPI', new MpiExecLauncher(), openMpi],
    ['Cray PALS', new MpiExecLauncher(forPolaris), pals],
  ] as const) {
    it(`a failing node does not end the others, and is named with its exit code: ${title}`, async () => {
      const fail = 'mkdir "$DIR/taken" 2>/dev/null && { touch "$DIR/failed"; exit 9; }';
      const stay = 'while [ ! -e "$DIR/failed" ]; do sleep 0.02; done; sleep 1; echo stayed >> "$DIR/log"';
      const { exitCode, output } = await run(launcher, environment, `${fail}\n${stay}`);
      expect(exitCode).to.equal(9);
      expect(output).to.match(/flotilla: node \S+ ended with exit code 9/);
      expect(await bench.lines('log')).to.deep.equal(['stayed']);
    });

    it(`keeps what the job set of MPI and takes away what would make a task a rank: ${title}`, async () => {
      const env = { OMPI_MCA_btl: 'self,tcp', PALS_LABEL: '0' };
      await run(launcher, environment, 'env | grep -E "^(OMPI|PMIX?|PALS)_" | sort > "$DIR/env.$$"; cat "$DIR/env.$$" >> "$DIR/log"', {
        nodes: 1,
        env,
      });
      const names = (await bench.lines('log')).map((line) => line.split('=')[0] ?? '');
      expect(names).to.include.members(Object.keys(env));
      expect(names.filter((name) => /RANK|SIZE|APID|NAMESPACE/.test(name))).to.deep.equal([]);
    });
  }

  it('with Hydra starts one manager on each node, bound to no CPU, as no rank, with environment and directory of the job', async function () {
    if (!hasHydra) this.skip();
    const print = `grep ^Cpus_allowed_list: /proc/self/status >> "$DIR/cpus"; echo "$PPID $PWD $ODD \${PMI_RANK-no rank}" >> "$DIR/log"`;
    expect((await run(new MpiExecLauncher(), hydra, print, { env: { ODD: `a 'b"; $c` } })).exitCode).to.equal(0);
    const seen = (await bench.lines('log')).map((line) => /^(\d+) (.*)$/.exec(line));
    expect(new Set(seen.map((match) => match?.[1])).size).to.equal(2);
    expect(seen.map((match) => match?.[2])).to.deep.equal(Array(2).fill(`${bench.dir} a 'b"; $c no rank`));
    expect(await bench.lines('cpus')).to.deep.equal([ownCpus(), ownCpus()]);
  });

  describe('with Cray PALS', () => {
    it('starts a process on each node, as the ranks of one application', async () => {
      const env = { EMULATED_LOG: join(bench.dir, 'ranks') };
      await run(new MpiExecLauncher(forPolaris), pals, 'echo "$EMULATED_HOST $EMULATED_RANK" >> "$DIR/log"', { env });
      expect((await bench.lines('log')).sort()).to.deep.equal(['n1 0', 'n2 1']);
      const [first, second] = JSON.parse((await bench.lines('ranks')).join('')) as Record<string, string>[];
      expect(first).to.include({ PALS_RANKID: '0', PALS_NODEID: '0', PALS_LOCAL_RANKID: '0', PMI_RANK: '0', PMI_SIZE: '2' });
      expect(second).to.include({ PALS_RANKID: '1', PALS_NODEID: '1', PALS_LOCAL_RANKID: '0', PMI_RANK: '1', PMI_SIZE: '2' });
    });

    it('has one process on each node even where overrides do not say so', async () => {
      await run(new MpiExecLauncher({ bindCmd: '--cpu-bind' }), pals, 'echo "$EMULATED_HOST" >> "$DIR/log"');
      expect((await bench.lines('log')).sort()).to.deep.equal(NODES);
    });

    for (const [overrides, complaint] of [
      ['--map-by ppr:1:node', "mpiexec: unrecognized option '--map-by'"],
      ['--depth=65 --ppn 1', 'mpiexec: 1 rank(s) of depth 65 do not fit 64 CPUs'],
      ['--depth=many', "mpiexec: invalid argument for '--depth': 'many'"],
    ] as const) {
      it(`shows what mpiexec says to ${overrides}, and fails`, async () => {
        const { exitCode, output } = await run(new MpiExecLauncher({ bindCmd: '--cpu-bind', overrides }), pals, 'true');
        expect(exitCode).to.equal(1);
        expect(output).to.include(complaint);
      });
    }

    it("refuses Open MPI's option for binding, which is the default", async () => {
      const { exitCode, output } = await run(new MpiExecLauncher(), pals, 'true');
      expect(exitCode).to.equal(1);
      expect(output).to.include("unrecognized option '--bind-to'");
    });
  });

  it('fails when the job has fewer hosts than the block, and says what to ask for', async () => {
    const { exitCode, output } = await run(new MpiExecLauncher(forPolaris), pals, 'true', { nodes: 3 });
    expect(exitCode).to.equal(1);
    expect(output).to.include(
      'the block needs 3 host(s) but the job has 2: n1 n2; ask the scheduler for whole nodes (PBS: -l place=scatter)',
    );
  });

  it('leaves no file behind', async () => {
    await run(new MpiExecLauncher(forPolaris), pals, 'exit 2', { env: { TMPDIR: bench.dir } });
    expect((await readdir(bench.dir)).filter((name) => name.startsWith('flotilla-hosts.'))).to.deep.equal([]);
  });

  it('takes the hosts that overrides name instead', async () => {
    const launcher = new MpiExecLauncher({ bindCmd: '--cpu-bind', overrides: '--ppn 1 --hosts a,b,c' });
    await run(launcher, pals, 'echo "$EMULATED_HOST" >> "$DIR/log"', { nodes: 3 });
    expect((await bench.lines('log')).sort()).to.deep.equal(['a', 'b', 'c']);
  });

  it('names no binding with an empty bindCmd', () => {
    expect(new MpiExecLauncher({ bindCmd: '' }).wrap('true', 1, 1)).to.include(`\nmpiexec "\${flotilla_given[@]}" bash -c`);
  });

  it('runs the bash that bashLocation names', async () => {
    const { exitCode, output } = await run(new MpiRunLauncher({ bashLocation: '/no/such bash' }), openMpi, 'true');
    expect(exitCode).to.not.equal(0);
    expect(output).to.include('/no/such bash');
  });
});
