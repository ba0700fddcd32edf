/** Behaviour 58: launchers start real managers, one on each node of a block; a node that cannot start says why. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { bashApp, type ExecutorFailed, MpiExecLauncher, SrunLauncher, SshLauncher } from '../../../../index.ts';
import type { Launcher } from '../../../../lib/provider.ts';
import { quoteForShell } from '../../../../lib/shell-quote.ts';
import { TestRun } from '../../../support/high-throughput.ts';
import { failureOf } from '../../../support/kernel.ts';
import { emulatePals, emulateSlurm, openMpiOverNodes } from '../../../support/launch/stand-ins.ts';
import { hasSshd, Sshd } from '../../../support/sshd.ts';

const NODES = ['n1', 'n2'];
const HOSTS = ['127.0.0.1', '127.0.0.2'];

const whose = bashApp(() => 'sleep 0.2; echo "$GREETING $FLOTILLA_MANAGER_ID"', { returns: 'stdout' });

/** A block of two nodes; `job` is what a scheduler and a module system would have put into its environment. */
const openRun = (launcher: Launcher, job: Readonly<Record<string, string>>) => {
  const workerInit = Object.entries({ ...job, GREETING: 'good day' }).map(([name, value]) => `export ${name}=${quoteForShell(value)}`);
  return TestRun.open({ executor: { maxWorkersPerNode: 1 }, provider: { nodesPerBlock: 2, launcher, workerInit: workerInit.join('\n') } });
};

async function runOnTwoManagers(launcher: Launcher, job: Readonly<Record<string, string>>): Promise<void> {
  const run = await openRun(launcher, job);
  try {
    await run.logged(/ registered with /, 2);
    const answers = await Promise.all(Array.from({ length: 8 }, () => whose()));
    expect(new Set(answers)).to.have.property('size', 2);
    for (const answer of answers) expect(answer).to.match(/^good day \S+/);
  } finally {
    await run[Symbol.asyncDispose]();
  }
  expect(run.managerPids()).to.deep.equal([]);
}

describe('managers that launchers start', function () {
  this.timeout(60_000);
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'flotilla-launch-'));
  });
  afterEach(() => rm(dir, { recursive: true }));

  const rows: [title: string, launcher: Launcher, job: (dir: string) => Promise<Record<string, string>>][] = [
    ['srun, emulated', new SrunLauncher(), (at) => emulateSlurm(at, NODES)],
    ['mpiexec of Open MPI', new MpiExecLauncher(), (at) => openMpiOverNodes(at, NODES)],
    [
      "mpiexec of Cray PALS, emulated, with Polaris's options",
      new MpiExecLauncher({ bindCmd: '--cpu-bind', overrides: '--depth=64 --ppn 1' }),
      (at) => emulatePals(at, NODES),
    ],
  ];
  for (const [title, launcher, job] of rows) {
    it(`run tasks on both nodes, and are gone when the kernel is closed: ${title}`, async () => runOnTwoManagers(launcher, await job(dir)));
  }

  it('run tasks on both hosts, and are gone when the kernel is closed: ssh', async function () {
    if (!hasSshd) this.skip();
    const sshd = await Sshd.start({ addresses: HOSTS });
    try {
      await runOnTwoManagers(new SshLauncher({ hosts: HOSTS, overrides: sshd.clientOptions }), {});
    } finally {
      await sshd.close();
    }
  });

  it('that cannot be launched fail the tasks with the words of the launcher', async () => {
    await using run = await openRun(new SrunLauncher({ overrides: '--no-such-option' }), await emulateSlurm(dir, NODES));
    const error = await failureOf<ExecutorFailed>(whose());
    expect(error.message).to.include("srun: unrecognized option '--no-such-option'");
    expect(run.managerPids()).to.deep.equal([]);
  });
});
