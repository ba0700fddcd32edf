/** Behaviours 49 and 50: what comes to the interchange's port and is none of ours, and managers of another version. */
import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Dealer } from 'zeromq';
import { connectDealer, endpointOf } from '../../../../executors/high-throughput/dealer.ts';
import { encodeFromManager } from '../../../../executors/high-throughput/link-messages.ts';
import { readSettings, type ManagerSettings } from '../../../../executors/high-throughput/manager/settings.ts';
import { createRunKeys, managerKeysOf } from '../../../../executors/high-throughput/security.ts';
import { ExecutorFailed, jsApp, SimpleLauncher } from '../../../../index.ts';
import { FrameType } from '../../../../lib/wire/frames.ts';
import { QUICK, TestRun } from '../../../support/high-throughput.ts';
import { failureOf } from '../../../support/kernel.ts';

const ROOT = join(import.meta.dirname, '../../../..');

const square = jsApp((x: number) => x * x);

const settingsOf = (run: TestRun): ManagerSettings => readSettings(join(run.folder(), 'keys', 'manager.json'));

const noise = (length: number): Buffer => Buffer.from(Array.from({ length }, (_, i) => (i * 167 + 13) % 256));

/** What strangers do; each closes what it opens. */
const strangers: { title: string; come: (settings: ManagerSettings) => Promise<void>; logged: RegExp | undefined }[] = [
  // libzmq hangs up on it without telling anybody.
  { title: 'a client that speaks no ZeroMQ', come: ({ port }) => send(port, Buffer.from('GET / HTTP/1.1\r\n\r\n')), logged: undefined },
  {
    title: 'a client that begins like ZeroMQ and goes on with noise',
    come: ({ port }) => send(port, Buffer.concat([Buffer.from([0xff]), noise(5000)])),
    logged: /turned away in its handshake/,
  },
  {
    title: 'a client without encryption',
    come: async (settings) => {
      const dealer = new Dealer({ linger: 0, sendTimeout: 200 });
      const handshake = failedHandshake(dealer);
      dealer.connect(endpointOf('127.0.0.1', settings.port));
      await dealer.send(encodeFromManager(FrameType.Heartbeat, 0));
      await handshake;
      dealer.close();
    },
    logged: /turned away in its handshake/,
  },
  {
    title: 'a client with the wrong key',
    come: async (settings) => {
      const curve = { ...managerKeysOf(createRunKeys()), serverKey: settings.curve?.serverKey ?? '' };
      const dealer = connectDealer({ address: '127.0.0.1', port: settings.port, curve });
      const handshake = failedHandshake(dealer);
      dealer.connect(endpointOf('127.0.0.1', settings.port));
      await dealer.send(encodeFromManager(FrameType.Heartbeat, 0));
      await handshake;
      dealer.close();
    },
    logged: /a connection with a key that is not of this run was turned away/,
  },
  {
    title: 'a heartbeat from an unknown identity',
    come: (settings) => say(settings, encodeFromManager(FrameType.Heartbeat, 7)),
    logged: /was asked who it is/,
  },
  {
    title: 'results from an unknown identity',
    come: (settings) => say(settings, encodeFromManager(FrameType.Results, 1, [noise(200)])),
    logged: /was asked who it is/,
  },
  { title: 'bytes that are no message', come: (settings) => say(settings, [noise(3)]), logged: /makes no sense: too short for a message/ },
  { title: 'a message of an unknown type', come: (settings) => say(settings, [noise(500)]), logged: /makes no sense: it has type/ },
  {
    title: 'a registration that is none',
    come: (settings) => say(settings, encodeFromManager(FrameType.Register, 0, [noise(50)])),
    logged: /makes no sense: its registration is wrong/,
  },
];

function send(port: number, bytes: Buffer): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined); // It is hung up on.
  socket.end(bytes);
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

/** With the run's own keys, by somebody who is no manager. */
async function say(settings: ManagerSettings, message: Buffer[]): Promise<void> {
  const dealer = connectDealer({ address: '127.0.0.1', port: settings.port, ...(settings.curve ? { curve: settings.curve } : {}) });
  dealer.linger = 500;
  dealer.connect(endpointOf('127.0.0.1', settings.port));
  await dealer.send(message);
  dealer.close();
}

function failedHandshake(dealer: Dealer): Promise<void> {
  return new Promise((resolve) => {
    for (const type of [
      'handshake:error:protocol',
      'handshake:error:auth',
      'handshake:error:other',
      'disconnect',
      'connect:retry',
    ] as const) {
      dealer.events.on(type, () => resolve());
    }
  });
}

describe('a stranger at the port for managers', () => {
  let run: TestRun;
  before(async () => {
    run = await TestRun.open({ executor: { ...QUICK, heartbeatThreshold: 5 } });
    await run.managers(1);
  });
  after(() => run[Symbol.asyncDispose]());

  for (const { title, come, logged } of strangers) {
    it(`leaves a line in the log, and nothing else happens: ${title}`, async () => {
      const interchange = run.interchangePid();
      const managers = run.managerPids();
      const before = run.logs.length;
      const earlier = run.logs.filter(({ message }) => logged?.test(message)).length;
      const futures = Array.from({ length: 500 }, (_, x) => square(x));
      await come(settingsOf(run));
      expect(await Promise.all(futures)).to.deep.equal(futures.map((_, x) => x * x));
      if (logged) await run.logged(logged, earlier + 1);
      expect(await square(12)).to.equal(144);
      expect(run.interchangePid()).to.equal(interchange);
      expect(run.managerPids()).to.deep.equal(managers);
      const said = run.logs.slice(before).filter(({ level }) => level === 'error');
      expect(said).to.deep.equal([]);
    });
  }
});

describe('a manager of another version', () => {
  /** The sources with another version, and Node's packages beside them. */
  async function otherVersion(folder: string): Promise<string> {
    await mkdir(folder);
    for (const name of ['lib', 'executors', 'providers', 'launchers', 'package.json'])
      await cp(join(ROOT, name), join(folder, name), { recursive: true });
    await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    const path = join(folder, 'lib/wire/protocol.ts');
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replace(/PACKAGE_VERSION = '[^']+'/, "PACKAGE_VERSION = '0.0.7'"));
    return join(folder, 'executors/high-throughput/manager/manager-entry.ts');
  }

  it('is refused, it alone, and both sides say why', async () => {
    await using run = await TestRun.open();
    await run.managers(1);
    const entry = await otherVersion(run.path('other'));
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', entry, join(run.folder(), 'keys', 'manager.json')], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, FLOTILLA_BLOCK_ID: 'other' },
    });
    let stderr = '';
    child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
    const [code] = (await once(child, 'close')) as [number];
    const reason =
      /runs Flotilla 0\.0\.7 \(protocol \d+\), the driver runs \d+\.\d+\.\d+ .*Start managers from the driver's own installation/;
    expect(code).to.equal(1);
    expect(stderr).to.match(reason);
    expect((await run.logged(/a manager was refused/)).message).to.match(reason);
    expect(await square(3)).to.equal(9);
    expect(run.managerPids()).to.have.length(1);
  });

  it('fails the executor with its reason, where there is no other', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'flotilla-other-'));
    try {
      const entry = await otherVersion(join(folder, 'other'));
      // In the place of ours; the script of a block lies in the run's directory.
      const workerInit = `exec ${process.execPath} ${entry} "$(dirname "$0")/../../htex/keys/manager.json"`;
      await using run = await TestRun.open({ provider: { workerInit, launcher: new SimpleLauncher() } });
      const error = await failureOf<ExecutorFailed>(square(2));
      expect(error).to.be.instanceOf(ExecutorFailed);
      expect(error.message)
        .to.match(/exit code 1/)
        .and.match(/runs Flotilla 0\.0\.7/);
      expect(run.managerPids()).to.deep.equal([]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
