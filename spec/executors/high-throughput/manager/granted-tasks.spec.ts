import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { readNodeFacts } from '../../../../executors/high-throughput/node-facts.ts';
import { unpackWireError } from '../../../../lib/errors/wire.ts';
import type { Definition } from '../../../../lib/task-spec.ts';
import { encodePythonCall } from '../../../../lib/wire/python-codec.ts';
import { type ResultRecord, ResultStatus } from '../../../../lib/wire/records.ts';
import { decodeValue, encodeValue } from '../../../../lib/wire/value-codec.ts';
import { eventually } from '../../../support/eventually.ts';
import { isAlive } from '../../../support/leftovers.ts';
import type { TaskToMake } from '../../../support/task-records.ts';
import { LoneManager } from './lone-manager.ts';

const [CPU = 0, OTHER = 0] = readNodeFacts().cpus;

const NAMES = ['FLOTILLA_CPUS', 'FLOTILLA_GPUS', 'CUDA_VISIBLE_DEVICES', 'OMP_NUM_THREADS', 'FLOTILLA_RESOURCE_PORT', 'FLOTILLA_MEMORY'];

const BASH: Definition = { kind: 'bash', name: 'sh' };
const JS: Definition = {
  kind: 'js',
  name: 'look',
  form: 'source',
  source: `async (names, file) => {
    const { readFileSync, existsSync } = await import('node:fs');
    while (file && !existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 5));
    const allowed = /Cpus_allowed_list:\\s*(\\S+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1];
    return [process.pid, allowed, ...names.map((name) => process.env[name] ?? null)];
  }`,
};
const PYTHON: Definition = {
  kind: 'python',
  name: 'look',
  form: 'source',
  function: 'look',
  source: `
import os, re
def look(names):
    allowed = re.search(r'Cpus_allowed_list:\\s*(\\S+)', open('/proc/self/status').read()).group(1)
    return [os.getpid(), allowed, *[os.environ.get(name) for name in names]]
`,
};
const FN = { bash: 1, js: 2, python: 3 } as const;

async function start(...options: Parameters<typeof LoneManager.start>): Promise<LoneManager> {
  const manager = await LoneManager.start(...options);
  manager.define(FN.bash, BASH);
  manager.define(FN.js, JS);
  manager.define(FN.python, PYTHON);
  return manager;
}

const command = (taskId: number, text: string, context: TaskToMake['context'] = {}): TaskToMake => ({
  taskId,
  fnId: FN.bash,
  context,
  encoded: encodeValue(text),
});
const look = (taskId: number, file = ''): TaskToMake => ({ taskId, fnId: FN.js, args: [NAMES, file] });

type Seen = [pid: number, cpus: string, ...env: (string | null)[]];
const seen = (result: ResultRecord): Seen => {
  if (result.status !== ResultStatus.Ok) throw new Error(JSON.stringify(unpackWireError(result.body)));
  return decodeValue(result.body) as Seen;
};

describe('a task that was given something', function () {
  this.timeout(60_000);

  const GRANT = {
    cpus: [[CPU, 1]],
    gpus: [[1, 0.5]],
    custom: { port: ['b'] },
    memoryBytes: 2 ** 30,
  } as const;
  const EXPECTED = [String(CPU), '7', '7', '1', 'b', String(2 ** 30)];

  it('runs on its CPUs and finds the rest in its environment, in JavaScript, Python and bash', async () => {
    await using manager = await start({ accelerators: ['6', '7'], coresPerWorker: 0.1 });
    manager.grant(look(1), GRANT);
    const python = encodePythonCall([NAMES]);
    manager.grant({ taskId: 2, fnId: FN.python, encoded: python }, GRANT);
    const print = NAMES.map((name) => `"$${name}"`).join(' ');
    manager.grant(
      command(3, `sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/self/status; printf '%s\\n' ${print}`, { returns: 'lines' }),
      GRANT,
    );
    for (const taskId of [1, 2]) expect(seen(await manager.result(taskId)).slice(1)).to.deep.equal([String(CPU), ...EXPECTED]);
    expect(seen(await manager.result(3))).to.deep.equal([String(CPU), ...EXPECTED]);
  });

  it('runs beside whatever runs in slots, and at once', async () => {
    await using manager = await start({ maxWorkersPerNode: 1 });
    manager.submit(command(1, 'until [ -e go ]; do sleep 0.01; done'), command(2, 'true'));
    manager.grant(look(3), { cpus: [[CPU, 1]] });
    await manager.result(3);
    expect(manager.said).to.deep.equal(['3 ok']);
    writeFileSync(manager.path('go'), '');
    await manager.result(2);
  });

  it('finds the worker of the last equal grant, and another grant a worker of its own', async () => {
    await using manager = await start();
    const pids: number[] = [];
    const grants = [[[CPU, 0.5]], [[CPU, 0.5]], [[CPU, 0.25]], [[CPU, 0.5]]] as const;
    for (const [i, cpus] of grants.entries()) {
      manager.grant(look(i), { cpus });
      pids.push(seen(await manager.result(i))[0]);
    }
    const [first, second, third, fourth] = pids;
    expect([second, fourth]).to.deep.equal([first, first]);
    expect(third).not.to.equal(first);
  });

  it('has no worker beside it that may have its device open, nor one that would have its CPU', async () => {
    await using manager = await start({ accelerators: ['0', '1'], coresPerWorker: 0.1 });
    manager.grant(look(1), { gpus: [[0, 1]] });
    const [first] = seen(await manager.result(1));
    expect(isAlive(first)).to.equal(true);
    manager.grant(command(2, `kill -0 ${first}`), { gpus: [[0, 0.5]], cpus: [[CPU, 1]] });
    const { status, body } = await manager.result(2);
    expect(status, 'the worker was still alive').to.equal(ResultStatus.Failed);
    expect(unpackWireError(body).name).to.equal('BashExitError');
    manager.grant(look(3), { cpus: [[CPU, 1]] });
    const [third] = seen(await manager.result(3));
    manager.grant(look(4), {
      cpus: [
        [CPU, 1],
        [OTHER, 1],
      ],
    });
    await manager.result(4);
    await eventually('the worker whose CPU it was is gone', () => !isAlive(third));
  });

  it('is held with its grant, and no more once it has ended, when the manager registers again', async () => {
    await using manager = await start();
    manager.grant(look(1, manager.path('go')), { cpus: [[CPU, 0.5]] });
    manager.lease({ reclaim: 1 });
    await eventually('a slot is released', () => manager.said.includes('slot 0 released') || manager.said.includes('slot 1 released'));
    const registration = await manager.loseFrame();
    expect(registration.held).to.deep.equal([[1, 1]]);
    expect(registration.grants).to.deep.equal([
      { taskId: 1, tryNumber: 1, grant: { variant: 0, cpus: [[CPU, 0.5]], gpus: [], memoryBytes: 0, custom: {} } },
    ]);
    expect(registration.leased).to.have.length(1);
    writeFileSync(manager.path('go'), '');
    await manager.result(1);
    expect((await manager.loseFrame()).grants).to.deep.equal([]);
  });

  it('is cancelled with everything that it has started, and its slot is of use again', async () => {
    await using manager = await start();
    manager.grant(command(1, 'sleep 600 & echo $! > pid; wait', { killGraceMs: 500 }), { cpus: [[CPU, 1]] });
    const pid = await eventually('it has begun', () => existsSync(manager.path('pid')) && Number(manager.read('pid').trim() || Number.NaN));
    manager.cancel(1);
    expect((await manager.result(1)).status).to.equal(ResultStatus.Cancelled);
    expect(isAlive(pid)).to.equal(false);
    manager.grant(command(2, 'true'), { cpus: [[CPU, 1]] });
    expect((await manager.result(2)).status).to.equal(ResultStatus.Ok);
  });

  it('runs past its walltime, and loses its worker, as any other', async () => {
    await using manager = await start();
    manager.grant(command(1, 'exec sleep 600', { walltimeMs: 200 }), { cpus: [[CPU, 0.5]] });
    manager.grant({ ...look(2, '/nowhere'), context: {} }, { cpus: [[CPU, 0.5]], custom: { n: 1 } });
    expect((await manager.result(1)).status).to.equal(ResultStatus.Walltime);
    const worker = await eventually('its worker', () => workerOf(manager));
    process.kill(worker, 'SIGKILL');
    const { status, body } = await manager.result(2);
    expect(status).to.equal(ResultStatus.Lost);
    expect(unpackWireError(body)).to.deep.include({ kind: 'worker-lost' });
  });

  it('is warned, and sent back expired if it does not end in time, when its block ends', async () => {
    const end = String(Math.ceil(Date.now() / 1000) + 8);
    await using manager = await start({}, { FLOTILLA_BLOCK_END: end });
    const trap = command(1, "trap 'echo warned > warned' USR1; while :; do sleep 0.05; done");
    manager.grant(trap, { cpus: [[CPU, 1]] });
    const { status, body } = await manager.result(1);
    expect(status).to.equal(ResultStatus.Lost);
    expect(unpackWireError(body).fields).to.include({ blockExpired: true });
    expect(manager.read('warned')).to.equal('warned\n');
  });
});

describe('the memory of a granted task', function () {
  this.timeout(60_000);
  const LIMIT = { cpus: [[CPU, 0.1]], memoryBytes: 200 * 2 ** 20 } as const;
  const GREEDY = `exec python3 -c "held = []
while True: held.append(bytearray(1 << 22))"`;

  it('is bounded: it alone is ended, with what it had', async () => {
    await using manager = await start();
    manager.grant(look(1, manager.path('go')), { ...LIMIT, memoryBytes: 2 ** 30 });
    manager.grant(command(2, `(${GREEDY}); echo 'the shell goes on'`), LIMIT);
    const { status, body, usage } = await manager.result(2);
    expect(status).to.equal(ResultStatus.Failed);
    const { name, fields = {} } = unpackWireError(body);
    expect([name, fields['limitBytes']]).to.deep.equal(['MemoryLimitError', LIMIT.memoryBytes]);
    expect(fields['usedBytes']).to.be.greaterThan(LIMIT.memoryBytes);
    expect(fields, 'a command has no worker of its own').to.not.have.property('workerBytes');
    expect(usage?.peakMemoryKiB).to.equal(Math.round(Number(fields['usedBytes']) / 1024));
    expect(manager.said, 'the other one goes on').to.deep.equal(['2 failed']);
    writeFileSync(manager.path('go'), '');
    expect((await manager.result(1)).status).to.equal(ResultStatus.Ok);
  });

  it('is that of the worker itself too, in JavaScript, and the next task with the same grant runs', async () => {
    await using manager = await start();
    const source = `async () => { const held = []; for (;;) { held.push(Buffer.alloc(4 << 20, 1)); await null; } }`;
    manager.define(4, { kind: 'js', name: 'greedy', form: 'source', source });
    manager.grant({ taskId: 1, fnId: 4, args: [] }, LIMIT);
    expect(unpackWireError((await manager.result(1)).body).name).to.equal('MemoryLimitError');
    manager.grant(look(2), LIMIT);
    expect((await manager.result(2)).status).to.equal(ResultStatus.Ok);
  });

  it('is said to be taken by the worker alone where that is most of it', async () => {
    await using manager = await start();
    manager.grant(look(1), { ...LIMIT, memoryBytes: 24 * 2 ** 20 });
    const { name, fields = {} } = unpackWireError((await manager.result(1)).body);
    expect([name, fields['limitBytes']]).to.deep.equal(['MemoryLimitError', 24 * 2 ** 20]);
    expect(fields['workerBytes']).to.be.greaterThan(24 * 2 ** 20);
  });
});

describe('a task on whole nodes', function () {
  this.timeout(60_000);
  const NODES = {
    cpus: [[CPU, 1]],
    nodes: [
      { managerId: 'm1', host: 'n1' },
      { managerId: 'm2', host: 'n2' },
    ],
    ranks: { ranksPerNode: 2, threadsPerRank: 3, gpusPerRank: 0 },
  } as const;
  const SHOW =
    'echo "$FLOTILLA_MPI_PREFIX|$FLOTILLA_MPI_PROBLEM"; echo "$FLOTILLA_HOSTS $FLOTILLA_NODES $OMP_NUM_THREADS"; cat "$FLOTILLA_HOSTFILE"; echo "$FLOTILLA_HOSTFILE"';

  it('finds its hosts, a file of them for as long as it runs, and the words that start an MPI program', async () => {
    await using manager = await start({ mpi: { commands: ['true'], flavour: 'pals', overrides: '--label' } });
    manager.grant(command(1, SHOW, { returns: 'lines' }), NODES);
    const [prefix, hosts, first, second, file = ''] = seen(await manager.result(1)) as unknown as string[];
    expect(prefix).to.equal('true -n 4 --ppn 2 --hosts n1,n2 --depth 3 --cpu-bind depth --label|');
    expect([hosts, first, second]).to.deep.equal(['n1,n2 2 3', 'n1', 'n2']);
    await eventually('the file is gone', () => !existsSync(file));
  });

  it('has a word that fails, and a reason, where nothing was found', async () => {
    await using manager = await start({ mpi: { commands: ['no-such-mpiexec'], overrides: '' } });
    manager.grant(command(1, SHOW, { returns: 'lines' }), NODES);
    expect((seen(await manager.result(1)) as unknown as string[])[0]).to.match(
      /^flotilla-found-no-mpi-launcher\|no program was found .* no-such-mpiexec: is (not on PATH|not there)/,
    );
  });
});

describe('slots of a manager', function () {
  this.timeout(60_000);

  it('are released when they are idle, and serve again when they are leased; what comes in between goes back', async () => {
    await using manager = await start();
    expect(manager.registration.leased).to.deep.equal([0, 1]);
    manager.lease({ reclaim: 2 });
    manager.submit(command(1, 'true'));
    await manager.result(1);
    expect(manager.said.toSorted()).to.deep.equal(['1 unstarted', 'slot 0 released', 'slot 1 released']);
    manager.lease({ add: [1] });
    manager.submit(command(2, 'true'));
    expect(await manager.result(2)).to.include({ status: ResultStatus.Ok, worker: 1 });
  });

  it('that have an accelerator are released without a worker, and serve again when none of a grant may have it open', async () => {
    await using manager = await start({ accelerators: ['0'], coresPerWorker: 0.5 });
    manager.submit(look(1));
    const [first] = seen(await manager.result(1));
    manager.lease({ reclaim: 1 });
    await eventually('the slot is released', () => manager.said.includes('slot 0 released'));
    expect(isAlive(first)).to.equal(false);
    manager.grant(look(2), { gpus: [[0, 1]] });
    const [second] = seen(await manager.result(2));
    manager.lease({ add: [0] });
    manager.submit(command(3, `! kill -0 ${second}`));
    expect((await manager.result(3)).status).to.equal(ResultStatus.Ok);
  });
});

/** The JavaScript worker that waits for its file. */
function workerOf(manager: LoneManager): number | undefined {
  const pids = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8').trim().split(' ').map(Number);
  for (const pid of pids) {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    for (const child of children === '' ? [] : children.split(' ').map(Number)) {
      const environment = readFileSync(`/proc/${child}/environ`, 'latin1');
      const isWorker = readFileSync(`/proc/${child}/cmdline`, 'latin1').includes('process-entry');
      if (isWorker && environment.includes(`FLOTILLA_RUN_ID=${manager.runId}`) && environment.includes('FLOTILLA_RESOURCE_N=1'))
        return child;
    }
  }
  return undefined;
}
