import { expect } from 'chai';
import { packagedNames } from '../../configs/packaged.ts';
import { readConfig } from '../../configs/read.ts';
import { listAccelerators } from '../../executors/high-throughput/accelerators.ts';
import { planSlots } from '../../executors/high-throughput/slots.ts';
import type { HighThroughputExecutor } from '../../index.ts';
import { type Machine, neededVariables, type Node, readConfigText, readMachines } from '../../scripts/machine-tables.ts';
import { configErrorOf } from '../support/configs.ts';
import { ScriptBench } from '../launchers/run-script.ts';
import { expectGolden } from '../support/golden.ts';
import { emulatePals } from '../support/launch/stand-ins.ts';
import {
  isOfQueue,
  providerOf,
  readExecutor,
  requestOf,
  secondsOf,
  submitScript,
  violations,
  withEnvironment,
} from '../support/machine-configs.ts';

const machines = readMachines();
const GENERIC = ['in-allocation', 'local', 'local-threads', 'pbspro', 'slurm'];

/** What must be set, set. */
const needed = (config: string): Record<string, string> =>
  Object.fromEntries(neededVariables(config).map((name) => [name, name === 'FLOTILLA_CPUS_PER_NODE' ? '64' : 'PROJECT']));

/** Ids of the CPUs of a node that a job may use. */
function cpusOf({ cores, threads = cores, reserved = [] }: Node): number[] {
  return Array.from({ length: threads }, (_, id) => id).filter((id) => !reserved.includes(id % cores));
}

function slotsOf({ compiled }: HighThroughputExecutor, node: Node) {
  return planSlots({ ...compiled, cpus: cpusOf(node), memoryBytes: 2 ** 38, memPerWorkerBytes: compiled.memPerWorkerBytes });
}

/** The launcher's own script, with Cray PALS as it is documented, which knows no other option. */
async function runWithPals(config: string, nodes: readonly string[]): Promise<{ exitCode: number | null; hosts: string[] }> {
  const bench = await ScriptBench.open();
  try {
    const { launcher } = providerOf(await readExecutor(config, { ...needed(config), FLOTILLA_NODES: String(nodes.length) }));
    const script = launcher.wrap('echo "$EMULATED_HOST" >> "$DIR/hosts"', nodes.length, 1);
    const run = await bench.start(script, [], await emulatePals(bench.dir, nodes));
    const { exitCode } = await run.ended;
    return { exitCode, hosts: (await bench.lines('hosts')).toSorted() };
  } finally {
    await bench.close();
  }
}

describe('configs of machines', () => {
  it('are those of which limits and nodes are known', () => {
    expect(packagedNames().filter((name) => !GENERIC.includes(name))).to.deep.equal([...machines.keys()].sort());
  });

  for (const [config, machine] of machines) {
    describe(config, () => machineSpecs(config, machine));
  }
  for (const config of ['slurm', 'pbspro']) {
    describe(config, () => scriptSpecs(config));
  }

  for (const config of ['polaris', 'aurora', 'crux']) {
    it(`start a manager on each node with Cray's mpiexec: ${config}`, async () => {
      expect(await runWithPals(config, ['x1', 'x2'])).to.deep.equal({ exitCode: 0, hosts: ['x1', 'x2'] });
    }).timeout(60_000);
  }

  it('are held against limits that would be noticed', async () => {
    const script = async (config: string, set: Record<string, string>): Promise<string> =>
      submitScript(await readExecutor(config, { ...needed(config), ...set }));
    const polaris = machines.get('polaris') as Machine;
    expect(violations(await script('polaris', { FLOTILLA_NODES: '3' }), polaris)).to.deep.equal(['3 node(s) for 1800 s']);
    expect(violations(await script('polaris', { FLOTILLA_WALLTIME: '2h' }), polaris)).to.deep.equal(['1 node(s) for 7200 s']);
    expect(violations(await script('polaris', { FLOTILLA_WALLTIME: '1m' }), polaris)).to.deep.equal(['less than 00:05:00']);
    expect(violations(await script('polaris', { FLOTILLA_QUEUE: 'debugg' }), polaris)).to.deep.equal(['no known queue']);
    const gpp = machines.get('marenostrum5-gpp') as Machine;
    expect(violations(`${await script('marenostrum5-gpp', {})}\n#SBATCH --mem=1G`, gpp)).to.deep.equal(['mem']);
  });
});

function machineSpecs(config: string, machine: Machine): void {
  scriptSpecs(config);

  it('says what it is, where it is from and when that was, and that it was not run there', () => {
    const text = readConfigText(config);
    expect(text).to.match(new RegExp(`^# [^.\\n]+ at ${machine.site} \\(${machine.scheduler}\\), [^.\\n]+\\.`));
    expect(text)
      .to.match(/^#.* https:\/\/\S+.*20\d\d/m)
      .and.include('has not been run on the machine');
  });

  it("asks for what the machine's queue allows", async () => {
    expect(violations(submitScript(await readExecutor(config, needed(config))), machine)).to.deep.equal([]);
  });

  for (const queue of machine.queues) {
    const { set, minNodes = 1, maxNodes = minNodes, walltime = '00:30:00' } = queue;
    it(`can ask for as much as ${set} allows: ${minNodes} to ${maxNodes} node(s), ${walltime}`, async () => {
      const [variable = '', value = ''] = set.split('=');
      for (const nodes of config === 'sophia' ? [1] : [minNodes, maxNodes]) {
        const wanted = { FLOTILLA_NODES: String(nodes), FLOTILLA_WALLTIME: walltime, [variable]: value };
        const script = submitScript(await readExecutor(config, { ...needed(config), ...wanted }));
        expect(violations(script, machine)).to.deep.equal([]);
        expect(isOfQueue(script, queue)).to.equal(true);
        if (variable !== 'FLOTILLA_WALLTIME') expect(requestOf(script)).to.deep.equal({ nodes, walltimeS: secondsOf(walltime) });
      }
    });
  }

  it('gives each worker of a node CPUs that are there and an accelerator of its own', async () => {
    const { cores, usable = cores, accelerators } = machine.node;
    const executor = await readExecutor(config, needed(config));
    const slots = slotsOf(executor, machine.node);
    expect(slots).to.have.length(accelerators ?? usable);
    expect(slots.map(({ accelerator }) => accelerator)).to.deep.equal(
      accelerators === undefined ? slots.map(() => undefined) : listAccelerators(executor.compiled.accelerators, undefined),
    );
    const pinned = slots.flatMap(({ cpus = [] }) => cpus);
    expect(new Set(pinned)).to.have.property('size', pinned.length);
  });

  it("asks for the node's accelerators, and for no more CPUs than it has", async () => {
    const executor = await readExecutor(config, needed(config));
    const { cores, threads = cores, usable = threads, accelerators } = machine.node;
    expect(listAccelerators(executor.compiled.accelerators, undefined)).to.have.length(accelerators ?? 0);
    const script = submitScript(executor);
    const asked = /ngpus=(\d+)/.exec(script) ?? /--(?:gpus-per-node|gres)=(?:gpu:)?(?:\w+:)?(\d+)/.exec(script);
    if (asked !== null) expect(Number(asked[1])).to.equal(accelerators);
    const cpus = Number((/:ncpus=(\d+)/.exec(script) ?? /--cpus-per-task=(\d+)/.exec(script))?.[1]);
    expect(cpus).to.be.at.least(Math.min(cores, usable)).and.at.most(usable);
  });

  if (machine.node.coresPerAccelerator !== undefined) {
    it(`binds each worker to the ${machine.node.coresPerAccelerator} cores that its accelerator must come with`, async () => {
      const slots = slotsOf(await readExecutor(config, needed(config)), machine.node);
      for (const { cpus } of slots) expect(cpus).to.have.length(machine.node.coresPerAccelerator as number);
    });
  }
}

function scriptSpecs(config: string): void {
  it('has the submit script that people have read', async () => {
    expectGolden(submitScript(await readExecutor(config, needed(config))), new URL(`./golden/${config}.sh`, import.meta.url));
  });

  it('leaves no option without effect', async () => {
    const executor = await readExecutor(config, needed(config));
    expect([...executor.warnings, ...providerOf(executor).warnings]).to.deep.equal([]);
  });

  const names = neededVariables(config);
  it(`names ${names.join(' and ') || 'nothing'} as missing, at line and column`, async () => {
    if (names.length === 0) return void (await readExecutor(config, {}));
    const error = await configErrorOf(() => withEnvironment({}, () => readConfig(config)));
    const lines = readConfigText(config).split('\n');
    expect(error.problems.map(({ message, place }) => ({ message, at: [place?.line, place?.column] }))).to.deep.equal(
      names.map((name) => {
        const line = lines.findIndex((text) => new RegExp(`!env ${name}$`).test(text));
        return {
          message: `the environment variable ${name} is not set; set it, or write a default: !env ${name}:default`,
          at: [line + 1, (lines[line]?.indexOf('!env') ?? 0) + 1],
        };
      }),
    );
  });
}
