/** What the options of a HighThroughputExecutor do, seen from outside: addresses, encryption, labels, logs, files. */
import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Dealer } from 'zeromq';
import { endpointOf } from '../../../../executors/high-throughput/dealer.ts';
import { encodeFromManager } from '../../../../executors/high-throughput/link-messages.ts';
import { readSettings, writeSettings } from '../../../../executors/high-throughput/manager/settings.ts';
import { Config, HighThroughputExecutor, jsApp, LocalProvider, SimpleLauncher } from '../../../../index.ts';
import { FrameType } from '../../../../lib/wire/frames.ts';
import type { ProviderDescription } from '../../../../lib/provider.ts';
import { eventually } from '../../../support/eventually.ts';
import { gone, QUICK, TestRun } from '../../../support/high-throughput.ts';
import { failureOf } from '../../../support/kernel.ts';

const ROOT = join(import.meta.dirname, '../../../..');
const MANAGER = join(ROOT, 'executors/high-throughput/manager/manager-entry.ts');

const whereAmI = jsApp(() => ({
  manager: process.env.FLOTILLA_MANAGER_ID ?? '',
  block: process.env.FLOTILLA_BLOCK_ID ?? '',
  cwd: process.cwd(),
  own: process.env.SPEC_OWN ?? '',
}));

const hold = jsApp(async (diary: string, go: string) => {
  const { appendFileSync, existsSync } = await import('node:fs');
  appendFileSync(diary, 'begun\n');
  while (!existsSync(go)) await new Promise((resolve) => setTimeout(resolve, 5));
});

/** Its blocks could be on any machine: managers get all addresses of this one. */
function remoteProvider(): ProviderDescription {
  const local = new LocalProvider();
  const { type, limits, launcher, statusPollMs } = local;
  return { type, limits, launcher, statusPollMs, isLocal: false, start: (context) => local.start(context) };
}

const settingsPath = (run: TestRun): string => join(run.folder(), 'keys', 'manager.json');

describe('addresses', () => {
  it('of this machine are tried by managers elsewhere, without being told any', async () => {
    await using run = await TestRun.open({ executor: { provider: remoteProvider() } });
    const { addresses } = readSettings(settingsPath(run));
    if (addresses.length === 0) return;
    expect(addresses).not.to.include('127.0.0.1');
    expect((await whereAmI()).block).to.equal('0');
  });

  it('are tried all at once, and the one that works is kept', async () => {
    await using run = await TestRun.open({ provider: { initBlocks: 0 } });
    const changed = run.path('several.json');
    const settings = readSettings(settingsPath(run));
    // Those that the run itself starts need no port.
    expect(settings.addresses.join()).to.match(/^@flotilla-[0-9a-f]{32}$/);
    expect(readFileSync('/proc/net/unix', 'utf8')).to.include(settings.addresses[0]);
    writeSettings(changed, {
      ...settings,
      addresses: ['192.0.2.1', '198.51.100.7', '127.0.0.1'],
      probeTimeoutMs: 5000,
    });
    const manager = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MANAGER, changed], {
      stdio: 'ignore',
      env: { ...process.env, FLOTILLA_BLOCK_ID: 'by-hand' },
    });
    const startedAt = Date.now();
    await run.logged(/ registered with 2 worker/);
    expect(Date.now() - startedAt).to.be.below(4000);
    expect((await whereAmI()).block).to.equal('by-hand');
    await run.kernel.close();
    await gone('the manager that was started by hand', [manager.pid ?? 0], 5000);
  });

  it('address and loopbackAddress are what managers dial', async () => {
    for (const options of [{ address: '127.0.0.3' }, { loopbackAddress: '127.0.0.2' }]) {
      await using run = await TestRun.open({ executor: options });
      expect(readSettings(settingsPath(run)).addresses).to.deep.equal(Object.values(options));
      expect((await whereAmI()).block).to.equal('0');
    }
  });
});

describe('encrypted: false', () => {
  it('works, makes no keys, and lets in whoever speaks the protocol', async () => {
    await using run = await TestRun.open({ executor: { encrypted: false } });
    expect((await whereAmI()).block).to.equal('0');
    const settings = readSettings(settingsPath(run));
    expect(settings.curve).to.equal(null);
    const dealer = new Dealer({ linger: 200 });
    dealer.connect(endpointOf('127.0.0.1', settings.port));
    await dealer.send(encodeFromManager(FrameType.Heartbeat, 0));
    await run.logged(/was asked who it is/);
    dealer.close();
  });
});

describe('two executors in one kernel', () => {
  it('take the tasks that name their label, each with its own environment and directory', async () => {
    const make = (label: string, options: object) =>
      new HighThroughputExecutor({ label, maxWorkersPerNode: 1, env: { SPEC_OWN: label }, ...options });
    const executors = [make('left', {}), make('right', { workingDir: '/usr' })];
    await using run = await TestRun.open({ config: { executors } });
    const left = whereAmI.with({ executors: ['left'] });
    const right = whereAmI.with({ executors: ['right'] });
    const futures = [left(), right(), left(), right()] as const;
    const seen = await Promise.all(futures);
    expect(seen.map(({ own }) => own)).to.deep.equal(['left', 'right', 'left', 'right']);
    expect(seen.map(({ manager }) => manager.split('.')[1])).to.deep.equal(['left', 'right', 'left', 'right']);
    expect(seen[0]?.cwd).to.equal(process.cwd());
    expect(futures.map(({ tries }) => tries[0]?.executor)).to.deep.equal(['left', 'right', 'left', 'right']);
    const all = await Promise.all(Array.from({ length: 40 }, () => whereAmI()));
    expect(new Set(all.map(({ own }) => own))).to.deep.equal(new Set(['left', 'right']));
    expect(run.managerPids('left')).to.have.length(1);
    expect(run.managerPids('right')).to.have.length(1);
  });
});

describe('explain', () => {
  it('says what a task waits for: blocks, others, cancellation', async () => {
    const workerInit = 'while [ ! -e "$SPEC_GATE" ]; do sleep 0.05; done';
    const gate = join(ROOT, 'node_modules', `.spec-gate-${process.pid}`);
    await using run = await TestRun.open({
      executor: { maxWorkersPerNode: 1 },
      provider: { workerInit: workerInit.replaceAll('$SPEC_GATE', gate), launcher: new SimpleLauncher() },
    });
    try {
      const explain = (task: { taskId: number }): string => run.kernel.explain(task.taskId);
      const first = hold(run.path('diary'), run.path('go'));
      await run.logged(/block 0 is running/);
      expect(explain(first)).to.match(
        /at executor 'htex': no manager is registered; block 0 runs since .* \(job local-\d+\), but no manager has registered/,
      );
      writeFileSync(gate, '');
      await eventually('the task at work', () => run.lines('diary').length === 1);
      const second = hold(run.path('diary'), run.path('go'));
      const third = hold.with({ priority: 3 })(run.path('diary'), run.path('go'));
      expect(explain(first)).to.match(/it runs, or is on its way to a worker; 3 task\(s\) are at 1 worker\(s\)/);
      expect(explain(second)).to.match(/it waits for a worker, behind 2 other\(s\); 3 task/);
      expect(explain(third)).to.match(/it waits for a worker and is next; 3 task/);
      first.cancel();
      expect(explain(first)).to.match(/it is being cancelled|has ended/);
      for (const other of [second, third]) other.cancel();
      await Promise.all([first, second, third].map((future) => failureOf(future)));
    } finally {
      const { rmSync } = await import('node:fs');
      rmSync(gate, { force: true });
    }
  });

  it('says that blocks fail and when the next one comes', async () => {
    await using run = await TestRun.open({ executor: { blockErrorHandler: false }, provider: { workerInit: 'exit 6' } });
    const future = whereAmI();
    const said = await eventually('a back-off', () => {
      const text = run.kernel.explain(future.taskId);
      return /the next is submitted in/.test(text) && text;
    });
    expect(said).to.match(/the next is submitted in \d+ s, after \d+ blocks? went wrong \(the last: failed, exit code 6\)/);
    future.cancel();
    await failureOf(future);
  });
});

describe('the run directory', () => {
  it('holds log, keys for the owner alone, interchange log and the output of managers and workers', async () => {
    const talk = jsApp(() => void console.log('said by a task'));
    await using run = await TestRun.open({ executor: QUICK });
    await talk();
    const folder = run.folder();
    const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8);
    expect(mode(join(folder, 'keys'))).to.equal('700');
    expect(readdirSync(join(folder, 'keys')).map((name) => mode(join(folder, 'keys', name)))).to.deep.equal(['600']);
    expect(existsSync(join(folder, 'interchange.log'))).to.equal(true);
    const [manager = ''] = readdirSync(folder).filter((name) => name.startsWith('manager-'));
    expect(manager).to.match(/^manager-0-.*-\d+$/);
    const outputs = readdirSync(join(folder, manager)).map((name) => readFileSync(join(folder, manager, name), 'utf8'));
    expect(outputs.join('')).to.contain('said by a task');
    const log = (): string => readFileSync(join(run.kernel.runDir, 'flotilla.log'), 'utf8');
    expect(log())
      .to.match(/Z info {2}htex {2}.*block 0 is running/)
      .and.match(/manager .* registered with 2 worker\(s\)/);
    const script = readFileSync(
      join(
        run.kernel.runDir,
        'blocks/htex',
        readdirSync(join(run.kernel.runDir, 'blocks/htex')).find((name) => name.endsWith('.sh')) ?? '',
      ),
      'utf8',
    );
    for (const key of Object.values(readSettings(settingsPath(run)).curve ?? {})) expect(script).not.to.contain(key);
    await run.kernel.close();
    expect(log()).to.match(/kernel closed\n$/);
  });

  it('has no log with initializeLogging: false, and workers log elsewhere with workerLogdirRoot', async () => {
    await using run = await TestRun.open({ config: { initializeLogging: false } });
    expect(existsSync(join(run.kernel.runDir, 'flotilla.log'))).to.equal(false);
    const root = run.path('elsewhere');
    await run.kernel.close();
    await using other = await TestRun.open({ executor: { workerLogdirRoot: root } });
    await whereAmI();
    const folder = join(root, other.kernel.runId, 'htex');
    expect(readdirSync(folder).map((name) => name.replace(/-.*/, ''))).to.deep.equal(['manager']);
    expect(readdirSync(other.folder()).some((name) => name.startsWith('manager-'))).to.equal(false);
  });

  it('says in the blocks stdout what managers do, with workerDebug', async () => {
    await using run = await TestRun.open({ executor: { workerDebug: true } });
    const future = whereAmI();
    await future;
    const blocks = join(run.kernel.runDir, 'blocks/htex');
    const name = readdirSync(blocks).find((file) => file.endsWith('.stdout')) ?? '';
    const text = readFileSync(join(blocks, name), 'utf8');
    expect(text).to.match(/worker-\d-js is process \d+/);
    expect(text).to.match(/function \d+ was defined by \d+ bytes/);
    expect(text).to.contain(`arrived: task ${future.taskId} try 1`);
    expect(text).to.match(new RegExp(`ended: task ${future.taskId} try 1 ok at worker \\d after \\d+ µs`));
  });
});

describe('options that have no effect here', () => {
  it('are told when the config is made', () => {
    const executor = new HighThroughputExecutor({ interchangePortRange: [55000, 56000], pollPeriod: 10 });
    const { warnings } = new Config({ executors: [executor] });
    expect(warnings).to.have.length(2);
    expect(warnings[0]).to.match(/interchangePortRange has no effect: .*workerPortRange/);
    expect(warnings[1]).to.match(/pollPeriod has no effect: nothing is polled/);
  });
});
