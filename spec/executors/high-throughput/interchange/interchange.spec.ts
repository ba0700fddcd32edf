/** The interchange as a process, with real sockets; managers are real links in this process. */
import { createConnection } from 'node:net';
import { expect } from 'chai';
import { pack, unpack } from 'msgpackr';
import { connectDealer, endpointOf } from '../../../../executors/high-throughput/dealer.ts';
import { encodeFromManager, encodeToManager } from '../../../../executors/high-throughput/link-messages.ts';
import { ManagerLink } from '../../../../executors/high-throughput/manager-link.ts';
import { createKeyPair, managerKeysOf } from '../../../../executors/high-throughput/security.ts';
import { FrameType } from '../../../../lib/wire/frames.ts';
import { ResultStatus } from '../../../../lib/wire/records.ts';
import { encodeTasks } from './simulation/simulated-driver.ts';
import { silentEvents, TestDriver, TestManager } from './support/test-driver.ts';
import { TcpProxy } from './support/tcp-proxy.ts';
import { waitUntil } from './support/wait-until.ts';

const tasks = (from: number, to: number, tryNumber = 1): Buffer =>
  encodeTasks(Array.from({ length: to - from + 1 }, (_, i) => ({ taskId: from + i, tryNumber, fnId: 1 })));

const pairsOf = (taskId: number, tryNumber: number): Buffer => {
  const pair = Buffer.alloc(8);
  pair.writeUInt32LE(taskId, 0);
  pair.writeUInt32LE(tryNumber, 4);
  return pair;
};

describe('interchange process', () => {
  const drivers: TestDriver[] = [];
  const managers: TestManager[] = [];

  const startDriver = async (settings: ConstructorParameters<typeof TestDriver>[0] = {}): Promise<TestDriver> => {
    const driver = await TestDriver.start(settings);
    drivers.push(driver);
    return driver;
  };
  const startManager = async (driver: TestDriver, options: ConstructorParameters<typeof TestManager>[1] = {}): Promise<TestManager> => {
    const manager = new TestManager(driver, options);
    managers.push(manager);
    await manager.link.start();
    return manager;
  };
  /** It still passes tasks and results. */
  const expectWorking = async (driver: TestDriver, manager: TestManager, taskId: number): Promise<void> => {
    driver.define(1);
    driver.tasks(tasks(taskId, taskId));
    await waitUntil(() => manager.held.some((task) => task.taskId === taskId));
    manager.answer(manager.held.length);
    await waitUntil(() => driver.results.some((result) => result.taskId === taskId));
  };

  afterEach(async () => {
    await Promise.all(managers.splice(0).map((manager) => manager.link.close()));
    await Promise.all(drivers.splice(0).map((driver) => driver.close()));
  });

  it('forwards what a manager tells, and nothing from a stranger', async () => {
    const driver = await startDriver();
    const manager = await startManager(driver, { identity: 'm-tells' });
    const stranger = connectDealer({ address: '127.0.0.1', port: driver.port, identity: 'stranger', curve: managerKeysOf(driver.keys) });
    stranger.connect(endpointOf('127.0.0.1', driver.port));
    try {
      await stranger.send(encodeFromManager(FrameType.Event, 0, [Buffer.from('lies')]));
      await stranger.send(encodeFromManager(FrameType.Probe, 0));
      await stranger.receive();
      manager.link.tell({ kind: 'workerStarted', pid: 7 });
      const { managerId, fact } = await driver.event('managerTold');
      expect(managerId).to.equal('m-tells');
      expect(unpack(fact as Buffer)).to.deep.equal({ kind: 'workerStarted', pid: 7 });
    } finally {
      stranger.close();
    }
  });

  for (const encrypted of [true, false]) {
    it(`passes tasks to a manager and results back, ${encrypted ? 'encrypted' : 'plain'}`, async () => {
      const driver = await startDriver({ encrypted });
      const manager = await startManager(driver);
      driver.define(1);
      driver.tasks(tasks(1, 2));
      await waitUntil(() => manager.held.length === 2);
      manager.answer(2, { body: Buffer.from('an answer') });
      await waitUntil(() => driver.results.length === 2);
      expect(driver.results.map(({ taskId, body, status, manager: index }) => [taskId, body.toString(), status, index])).to.deep.equal([
        [1, 'an answer', ResultStatus.Ok, 0],
        [2, 'an answer', ResultStatus.Ok, 0],
      ]);
      const registered = await driver.event('managerRegistered');
      expect(registered).to.deep.include({
        managerId: manager.identity,
        index: 0,
        host: 'here',
        blockId: '0',
        slots: 2,
        info: { pid: process.pid },
      });
    });
  }

  it('defines a function once per manager, however many tasks name it', async () => {
    const driver = await startDriver();
    const manager = await startManager(driver);
    await expectWorking(driver, manager, 1);
    await expectWorking(driver, manager, 2);
    expect(manager.defined).to.deep.equal([1]);
  });

  it('carries a task and a result of 100 MB whole', async () => {
    const driver = await startDriver({ heartbeatThresholdMs: 20_000 });
    const manager = await startManager(driver, { heartbeatThresholdMs: 20_000 });
    const large = encodeTasks([{ taskId: 1, tryNumber: 1, fnId: 1 }], 100 << 20);
    large.fill('ab', 1000);
    driver.define(1);
    driver.tasks(Buffer.concat([tasks(7, 7), large]));
    await waitUntil(() => manager.held.length === 2, undefined, 20_000);
    const body = manager.held[1]?.body as Buffer;
    expect(body.equals(large.subarray(20))).to.equal(true);
    manager.answer(2, { body });
    await waitUntil(() => driver.results.length === 2, undefined, 20_000);
    expect(driver.results[1]?.body.equals(body)).to.equal(true);
  });

  it('keeps priorities, first-in first-out within one', async () => {
    const driver = await startDriver({ prefetchCapacity: 0 });
    driver.define(1);
    driver.tasks(tasks(1, 2), 0);
    driver.tasks(tasks(3, 4), 10);
    driver.tasks(tasks(5, 5), 0);
    const manager = await startManager(driver, { slots: 1 });
    const order: number[] = [];
    while (order.length < 5) {
      await waitUntil(() => manager.held.length === 1);
      order.push(manager.held[0]?.taskId as number);
      manager.answer(1, { durationUs: 1_000_000 });
    }
    expect(order).to.deep.equal([3, 4, 1, 2, 5]);
  });

  it('cancels waiting tasks itself and running ones at their manager', async () => {
    const driver = await startDriver({ prefetchCapacity: 0 });
    const manager = await startManager(driver, { slots: 1 });
    driver.define(1);
    driver.tasks(tasks(1, 2));
    await waitUntil(() => manager.held.length === 1);
    driver.send(FrameType.Cancel, pairsOf(2, 1), pairsOf(1, 1));
    await waitUntil(() => driver.results.length === 1 && manager.cancelled.length === 1);
    expect(driver.results[0]).to.include({ taskId: 2, status: ResultStatus.Cancelled, manager: 0xffffffff });
    expect(manager.cancelled).to.deep.equal([[1, 1]]);
  });

  it('drains a manager: running tasks end, new ones go elsewhere, the manager is let go', async () => {
    const driver = await startDriver({ prefetchCapacity: 0 });
    const leaving = await startManager(driver, { slots: 1 });
    driver.define(1);
    driver.tasks(tasks(1, 1));
    await waitUntil(() => leaving.held.length === 1);
    driver.send(FrameType.Drain, pack({ manager: leaving.identity }));
    await waitUntil(() => leaving.heard.includes('drain'));
    driver.tasks(tasks(2, 2));
    const staying = await startManager(driver, { slots: 1 });
    await waitUntil(() => staying.held.length === 1);
    leaving.answer(1);
    await waitUntil(() => leaving.heard.includes('shutdown: drained'));
    await driver.event('managerLeft', (event) => event['managerId'] === leaving.identity);
    expect(driver.results.map(({ taskId }) => taskId)).to.deep.equal([1]);
  });

  it('refuses a manager of another version alone, naming both versions and the remedy', async () => {
    const driver = await startDriver();
    const old = await startManager(driver, { version: '0.0.1' });
    const good = await startManager(driver);
    expect(old.heard).to.have.length(1);
    expect(old.heard[0]).to.include('0.0.1').and.include(driver.settings.packageVersion).and.include('install');
    expect(await driver.event('managerRefused')).to.include({ managerId: old.identity, host: 'here' });
    await expectWorking(driver, good, 1);
  });

  it('loses a manager that falls silent, with the tries that were there', async () => {
    const driver = await startDriver({ heartbeatThresholdMs: 400 });
    const silent = connectDealer({ address: '127.0.0.1', port: driver.port, identity: 'silent', curve: managerKeysOf(driver.keys) });
    silent.connect(endpointOf('127.0.0.1', driver.port));
    const { registration } = driver.linkOptions();
    await silent.send(
      encodeFromManager(FrameType.Register, 0, [pack({ ...registration(), attempt: 1, firstSequence: 1, defined: [], info: {} })]),
    );
    await driver.event('managerRegistered');
    driver.define(1);
    driver.tasks(tasks(1, 1));
    const lost = await driver.event('managerLost');
    silent.close();
    expect(lost).to.deep.include({ managerId: 'silent', tasks: [[1, 1]] });
    expect(lost['reason']).to.match(/nothing was heard from it for \d+ ms/);
  });

  it('keeps a manager that only beats', async () => {
    const driver = await startDriver({ heartbeatThresholdMs: 300, heartbeatPeriodMs: 50 });
    const manager = await startManager(driver, { heartbeatPeriodMs: 50, heartbeatThresholdMs: 300 });
    const until = performance.now() + 900;
    await waitUntil(() => performance.now() > until);
    expect(manager.heard).to.deep.equal([]);
    expect(driver.events.map(({ kind }) => kind)).to.not.include('managerLost');
  });

  describe('strangers', () => {
    it('turns away a client with a key that is not of the run, with a log line', async () => {
      const driver = await startDriver();
      const stranger = new ManagerLink(
        driver.linkOptions({ curve: { ...managerKeysOf(driver.keys), ...createKeyPair() }, probeTimeoutMs: 300 }),
      );
      expect(await stranger.start().catch((error: Error) => error.message)).to.include(`tcp://127.0.0.1:${driver.port}`);
      await stranger.close();
      await driver.event('log', (event) => String(event['message']).includes('key that is not of this run'));
      await expectWorking(driver, await startManager(driver), 1);
    });

    it('turns away a client that takes it for another server', async () => {
      const driver = await startDriver();
      const mistaken = new ManagerLink(
        driver.linkOptions({ curve: { ...managerKeysOf(driver.keys), serverKey: createKeyPair().publicKey }, probeTimeoutMs: 300 }),
      );
      expect(await mistaken.start().catch((error: Error) => error.message)).to.include('no answer from the interchange within 300 ms');
      await mistaken.close();
      await expectWorking(driver, await startManager(driver), 1);
    });

    it('turns away a client that does not encrypt', async () => {
      const driver = await startDriver();
      const { curve: _, ...plain } = driver.linkOptions({ probeTimeoutMs: 300 });
      const link = new ManagerLink(plain);
      expect(await link.start().catch((error: Error) => error.message)).to.include('no answer');
      await link.close();
      await driver.event('log', (event) => String(event['message']).includes('turned away in its handshake'));
      await expectWorking(driver, await startManager(driver), 1);
    });

    for (const encrypted of [true, false]) {
      it(`survives bytes that are not ZeroMQ, ${encrypted ? 'encrypted' : 'plain'}`, async () => {
        const driver = await startDriver({ encrypted });
        for (const bytes of [Buffer.from('GET / HTTP/1.1\r\n\r\n'), Buffer.alloc(5000, 0xff), Buffer.alloc(3)]) {
          const socket = createConnection(driver.port, '127.0.0.1', () => socket.end(bytes));
          socket.on('error', () => undefined).resume();
          await new Promise((resolve) => socket.once('close', resolve));
        }
        await expectWorking(driver, await startManager(driver), 1);
      });
    }

    it('asks an unknown identity that sends heartbeats or results who it is, and nothing else happens', async () => {
      const driver = await startDriver();
      const stranger = connectDealer({ address: '127.0.0.1', port: driver.port, identity: 'nobody', curve: managerKeysOf(driver.keys) });
      stranger.connect(endpointOf('127.0.0.1', driver.port));
      for (const type of [FrameType.Heartbeat, FrameType.Results]) {
        await stranger.send(encodeFromManager(type, 3));
        expect(await stranger.receive()).to.deep.equal(encodeToManager(FrameType.WhoAreYou, 0, 0));
      }
      stranger.close();
      await driver.event('log', (event) => (event['fields'] as { manager?: string }).manager === 'nobody');
      await expectWorking(driver, await startManager(driver), 1);
      expect(driver.results).to.have.length(1);
    });

    it('logs messages that make no sense, a few of them, and goes on', async () => {
      const driver = await startDriver();
      const odd = connectDealer({ address: '127.0.0.1', port: driver.port, identity: 'odd', curve: managerKeysOf(driver.keys) });
      odd.connect(endpointOf('127.0.0.1', driver.port));
      for (let i = 0; i < 50; i++) {
        await odd.send([Buffer.from([1])]);
        await odd.send(encodeFromManager(200 as FrameType, 0));
        await odd.send(encodeFromManager(FrameType.Register, 0, [Buffer.from('not a registration')]));
      }
      await driver.event('log', (event) => String(event['message']).includes('makes no sense'));
      await expectWorking(driver, await startManager(driver), 1);
      odd.close();
      expect(driver.events.filter(({ kind }) => kind === 'log').length).to.be.lessThan(20);
    });
  });

  describe('finding an address', () => {
    it('takes the first address that answers and registers there', async () => {
      const driver = await startDriver();
      // 192.0.2.1 is reserved for documentation and never answers.
      const manager = await startManager(driver, { addresses: ['192.0.2.1', '127.0.0.1'], probeTimeoutMs: 5000 });
      await expectWorking(driver, manager, 1);
    });

    it('names every address that it tried when none answers', async () => {
      const driver = await startDriver();
      const manager = new TestManager(driver, { addresses: ['192.0.2.1', '127.0.0.2'], probeTimeoutMs: 200, port: 1 });
      const message = await manager.link.start().catch((error: Error) => error.message);
      expect(message).to.include('tcp://192.0.2.1:1').and.include('tcp://127.0.0.2:1').and.include('200 ms');
    });

    it('binds a free port of its range, and says so if there is none', async () => {
      const first = await startDriver({ portRange: [56_310, 56_311] });
      const second = await startDriver({ portRange: [56_310, 56_311] });
      expect([first.port, second.port].sort()).to.deep.equal([56_310, 56_311]);
      const third = new TestDriver({ portRange: [56_310, 56_311] });
      drivers.push(third);
      expect((await third.event('failed'))['message']).to.include('workerPortRange');
      expect(await third.exit()).to.equal(1);
    });
  });

  describe('the end of the driver', () => {
    it('tells the managers to leave and ends when the driver is gone', async () => {
      const driver = await startDriver();
      const manager = await startManager(driver);
      const start = performance.now();
      driver.disconnect();
      await waitUntil(() => manager.heard.length === 1);
      expect(manager.heard[0]).to.equal('shutdown: the driver is gone');
      await manager.link.close();
      expect(await driver.exit()).to.equal(0);
      expect(performance.now() - start).to.be.lessThan(450);
    });

    it('does not wait for a manager that does not answer', async () => {
      const driver = await startDriver();
      await startManager(driver);
      const start = performance.now();
      driver.send(FrameType.Shutdown);
      expect(await driver.exit()).to.equal(0);
      expect(performance.now() - start).to.be.lessThan(1500);
    });
  });

  describe('the end of the interchange', () => {
    it('loses nothing: a new one takes over its port and keys, managers return with what they hold', async () => {
      const first = await startDriver({ prefetchCapacity: 0 });
      const manager = await startManager(first, { slots: 2 });
      first.define(1);
      first.tasks(tasks(1, 4));
      await waitUntil(() => manager.held.length === 2);
      first.process.kill('SIGKILL');
      await first.exit();
      manager.answer(1, { body: Buffer.from('while nobody listened') });

      const second = await startDriver({ prefetchCapacity: 0, port: first.port, keys: first.keys });
      second.send(FrameType.Recover, pack({ managers: [manager.identity], tasks: 4, graceMs: 5000 }));
      second.define(1);
      second.tasks(tasks(1, 4));
      await second.event('recovered');
      await waitUntil(() => second.results.length === 1);
      expect(second.results[0]?.body.toString()).to.equal('while nobody listened');
      await waitUntil(() => manager.held.length === 2);
      expect(manager.held.map(({ taskId }) => taskId)).to.deep.equal([2, 3]);
      manager.answer(2, { durationUs: 1_000_000 });
      await waitUntil(() => manager.held.length === 1);
      manager.answer(1);
      await waitUntil(() => second.results.length === 4);
      expect(second.results.map(({ taskId }) => taskId).sort()).to.deep.equal([1, 2, 3, 4]);
      expect(manager.defined.length).to.be.lessThan(3);
    });

    it('is noticed by its managers when no other takes over', async () => {
      const driver = await startDriver();
      const manager = await startManager(driver, { heartbeatThresholdMs: 300, heartbeatPeriodMs: 50 });
      driver.process.kill('SIGKILL');
      await waitUntil(() => manager.heard.length === 1);
      expect(manager.heard[0]).to.match(/^lost: nothing was heard from the interchange for \d+ ms/);
    });
  });

  it('hands a try back when the connection broke before it arrived at its manager', async () => {
    const driver = await startDriver({ prefetchCapacity: 0 });
    const proxy = await TcpProxy.start(driver.port);
    const manager = await startManager(driver, { slots: 2, port: proxy.port });
    await expectWorking(driver, manager, 1);
    driver.tasks(tasks(2, 2));
    await waitUntil(() => manager.held.length === 1);
    proxy.swallow();
    driver.tasks(encodeTasks([{ taskId: 3, tryNumber: 1, fnId: 1 }], 10_000));
    await waitUntil(() => proxy.swallowed > 10_000);
    proxy.cut();
    await waitUntil(() => driver.results.length === 2);
    expect(driver.results[1]).to.include({ taskId: 3, status: ResultStatus.Unstarted });
    manager.answer(1);
    await waitUntil(() => driver.results.length === 3);
    expect(driver.results[2]).to.include({ taskId: 2, status: ResultStatus.Ok });
    expect(manager.defined).to.deep.equal([1]);
    expect(driver.events.map(({ kind }) => kind)).to.not.include('managerLost');
    await manager.link.close();
    await proxy.close();
  });

  it('answers heartbeats and probes while a million tasks wait', async () => {
    const driver = await startDriver({ prefetchCapacity: 0 });
    const manager = await startManager(driver, { slots: 1, heartbeatThresholdMs: 1000 });
    driver.define(1);
    for (let i = 0; i < 100; i++) driver.tasks(tasks(i * 10_000 + 1, (i + 1) * 10_000));
    await waitUntil(() => manager.held.length === 1);
    const pairs = Buffer.concat(Array.from({ length: 10_000 }, (_, i) => pairsOf(500_000 + i, 1)));
    driver.send(FrameType.Cancel, pairs);
    await waitUntil(
      () => driver.results.length === 10_000,
      () => `${driver.results.length} results`,
      5000,
    );
    const other = new ManagerLink(driver.linkOptions({ addresses: ['127.0.0.1', '127.0.0.1'], on: silentEvents, probeTimeoutMs: 2000 }));
    await other.start();
    await other.close();
    expect(manager.heard).to.deep.equal([]);
  });
});
