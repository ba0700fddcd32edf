/** The interchange as a process, with real sockets, and everybody who may come to its port. A failure names its seed. */
import { execFileSync } from 'node:child_process';
import { expect } from 'chai';
import { pack } from 'msgpackr';
import type { Socket } from 'node:net';
import { Dealer } from 'zeromq';
import { connectDealer, endpointOf } from '../../executors/high-throughput/dealer.ts';
import { encodeFromManager } from '../../executors/high-throughput/link-messages.ts';
import { createRunKeys, managerKeysOf } from '../../executors/high-throughput/security.ts';
import { FrameType } from '../../lib/wire/frames.ts';
import { PACKAGE_VERSION, PROTOCOL_VERSION } from '../../lib/wire/protocol.ts';
import { createRandom } from '../executors/high-throughput/interchange/simulation/random.ts';
import { encodeTasks } from '../executors/high-throughput/interchange/simulation/simulated-driver.ts';
import { TestDriver, TestManager } from '../executors/high-throughput/interchange/support/test-driver.ts';
import { waitUntil } from '../executors/high-throughput/interchange/support/wait-until.ts';
import { eventually } from '../support/eventually.ts';
import { mutate, noise } from './mutate.ts';
import { packAnything } from './odd-values.ts';
import { descriptorsOf, hold, oversized, recordHandshake, residentMiB, sayAsManager, sayRaw, wildMessage } from './strangers.ts';
import { RESULTS } from './targets/wire.ts';

const PATIENCE_MS = 50;
const LEFT = encodeFromManager(FrameType.Left, 0);
/** Of a kind, in ten seconds; a spec may see the begin of two such stretches. */
const FEW_LINES = 10;
const KINDS_OF_LINES = 8;

describe('the port of an interchange', function () {
  this.timeout(60_000);
  const seed = Number(process.env['FLOTILLA_SEED'] ?? Date.now() % 2 ** 31);
  let random: ReturnType<typeof createRandom>;
  let driver: TestDriver;
  let manager: TestManager;
  let nextTask = 1;

  beforeEach(async () => {
    random = createRandom(seed);
    driver = await TestDriver.start({ heartbeatThresholdMs: 30_000 });
    manager = await TestManager.start(driver, { heartbeatThresholdMs: 30_000, identity: 'honest' });
    driver.define(1);
    await work();
  });
  afterEach(async () => {
    await manager.link.close();
    await driver.close();
  });

  const pid = (): number => driver.process.pid as number;
  const lines = (): unknown[] => driver.events.filter(({ kind }) => kind === 'log');

  /** It still passes tasks and results, those of the honest manager. */
  async function work(): Promise<void> {
    const taskId = nextTask++;
    driver.tasks(encodeTasks([{ taskId, tryNumber: 1, fnId: 1 }]));
    await waitUntil(() => manager.held.some((task) => task.taskId === taskId), undefined, 20_000);
    manager.answer(manager.held.length);
    await waitUntil(() => driver.results.some((result) => result.taskId === taskId), undefined, 20_000);
  }

  async function expectUnharmed(before: { descriptors: number; mib: number }): Promise<void> {
    const about = `FLOTILLA_SEED=${seed}`;
    await work();
    expect(driver.process.exitCode, about).to.equal(null);
    await eventually(`descriptors as before, ${about}`, () => descriptorsOf(pid()) <= before.descriptors + 4, 20_000);
    expect(residentMiB(pid()), about).to.be.below(before.mib + 100);
    expect(lines().length, `${about}; ${JSON.stringify(lines().slice(0, 30))}`).to.be.at.most(FEW_LINES * KINDS_OF_LINES);
    expect(JSON.stringify(lines()).length, about).to.be.below(100_000);
    expect(driver.events.filter(({ kind }) => kind === 'failed')).to.deep.equal([]);
  }

  const state = () => ({ descriptors: descriptorsOf(pid()), mib: residentMiB(pid()) });

  it('is not harmed by noise, nor by handshakes that were right once', async () => {
    const handshake = await recordHandshake(driver.port, driver.keys);
    expect(handshake.length).to.be.above(200);
    await sayRaw(driver.port, handshake, PATIENCE_MS);
    const before = state();
    for (let round = 0; round < 20; round++) {
      await Promise.all(
        Array.from({ length: 20 }, () => {
          const bytes = random.chance(0.2) ? noise(random, random.below(300)) : mutate([handshake, handshake.subarray(0, 64)], random);
          return sayRaw(driver.port, bytes, PATIENCE_MS);
        }),
      );
    }
    await expectUnharmed(before);
  });

  it('hangs up on whoever announces more than any frame has, and keeps no memory for it', async () => {
    const before = state();
    for (const length of [2n ** 63n - 1n, 2n ** 62n, 2n ** 40n, 2n ** 31n, 2n ** 30n + 1n]) {
      const socket = await hold(driver.port, oversized(length));
      socket.resume();
      await eventually(`the end of a connection that announces ${length} bytes`, () => socket.destroyed || socket.readableEnded, 20_000);
      socket.destroy();
    }
    await expectUnharmed(before);
  });

  it('works while hundreds of connections say nothing, or half of what they should, and lets managers in', async () => {
    const handshake = await recordHandshake(driver.port, driver.keys);
    const before = state();
    const held: Socket[] = [];
    try {
      for (let i = 0; i < 300; i++) held.push(await hold(driver.port, handshake.subarray(0, random.below(200))));
      await work();
      const another = await TestManager.start(driver, { heartbeatThresholdMs: 30_000 });
      await another.link.close();
    } finally {
      for (const socket of held) socket.destroy();
    }
    await expectUnharmed(before);
  });

  it('goes on with the managers that it has when there are more connections than it may have descriptors', async () => {
    const before = state();
    execFileSync('prlimit', ['--pid', String(pid()), `--nofile=${before.descriptors + 50}:`]);
    const held: Socket[] = [];
    try {
      // What is not accepted waits with the kernel, which takes a hundred.
      for (let i = 0; i < 120; i++) held.push(await hold(driver.port, Buffer.from([0xff])));
      await eventually('descriptors to run out', () => descriptorsOf(pid()) >= before.descriptors + 45, 20_000);
      await work();
      expect(descriptorsOf(pid())).to.be.at.most(before.descriptors + 52);
    } finally {
      for (const socket of held) socket.destroy();
    }
    const another = await TestManager.start(driver, { heartbeatThresholdMs: 30_000, probeTimeoutMs: 20_000 });
    await another.link.close();
    await expectUnharmed(before);
  });

  it('turns away keys of others, plain ZeroMQ and passwords, as often as they come, in a few lines', async () => {
    const before = state();
    const serverKey = driver.keys.server.publicKey;
    const come = async (dealer: Dealer): Promise<void> => {
      dealer.connect(endpointOf('127.0.0.1', driver.port));
      await dealer.send(encodeFromManager(FrameType.Heartbeat, 0)).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
      dealer.close();
    };
    const plain = (): Dealer => new Dealer({ linger: 0, sendTimeout: 200 });
    const password = (): Dealer => Object.assign(plain(), { plainUsername: 'flotilla', plainPassword: 'flotilla' });
    const wrongKey = (): Dealer =>
      connectDealer({ address: '127.0.0.1', port: driver.port, curve: { ...managerKeysOf(createRunKeys()), serverKey } });
    for (let round = 0; round < 15; round++) await Promise.all([plain(), password(), wrongKey()].map(come));
    await eventually('a line of each', () => /not of this run/.test(JSON.stringify(lines())) && /handshake/.test(JSON.stringify(lines())));
    await expectUnharmed(before);
    expect(driver.events.filter(({ kind }) => kind === 'managerRegistered')).to.have.length(1);
  });

  const registration = {
    protocol: PROTOCOL_VERSION,
    version: PACKAGE_VERSION,
    blockId: '0',
    host: 'here',
    slots: 1,
    attempt: 1,
    firstSequence: 1,
    held: [],
    defined: [],
    info: {},
  };
  const register = (changes: object): Buffer[] => encodeFromManager(FrameType.Register, 0, [packAnything({ ...registration, ...changes })]);

  for (const [title, changes] of Object.entries<object>({
    'more workers than any node has': { slots: 4_000_000_000 },
    'a number that JSON does not have': { slots: 2n ** 62n },
    'less than no workers': { slots: -1 },
    'a host of a megabyte': { host: 'x'.repeat(1 << 20) },
    'a host that writes on a terminal': { host: '\u001b[2J' },
    'a block without an end': { blockId: new Array(10_000).fill('b') },
    'facts that call for a function': { info: { toJSON: 1 }, slots: 'many' },
    'facts without an end': { info: { list: Array.from({ length: 20_000 }, (_, i) => i) } },
    'no time': { timeLeftMs: 'none' },
  })) {
    it(`refuses a manager that says that it has ${title}, in a line that is short`, async () => {
      const before = state();
      await sayAsManager(driver.port, driver.keys, 'rogue', [register(changes)]);
      await driver.event('log', ({ message }) => /its registration is wrong/.test(String(message)));
      await expectUnharmed(before);
      expect(driver.events.filter(({ kind }) => kind === 'managerRegistered')).to.have.length(1);
    });
  }

  it('lets a manager call its block and its facts as it likes', async () => {
    const names = ['__proto__', 'constructor', 'toJSON'];
    for (const name of names)
      await sayAsManager(driver.port, driver.keys, `rogue-${name}`, [
        register({ blockId: name, info: { [name]: 1 } }),
        encodeFromManager(FrameType.Heartbeat, 0),
      ]);
    await eventually('their registrations', () => driver.events.filter(({ kind }) => kind === 'managerRegistered').length === 4);
    const load = await driver.event('load', ({ perBlock }) => names.slice(1).every((name) => Object.hasOwn(perBlock as object, name)));
    for (const count of Object.values(load['perBlock'] as object)) expect(count).to.be.a('number');
  });

  it('passes on no more of what a manager tells than a node can have to tell', async () => {
    const tell = encodeFromManager(FrameType.Event, 0, [pack({ kind: 'workerStarted', worker: 'w', pid: 1, output: '/x' })]);
    const large = encodeFromManager(FrameType.Event, 0, [Buffer.alloc(100_000)]);
    await sayAsManager(driver.port, driver.keys, 'rogue', [register({}), large, ...new Array<Buffer[]>(5000).fill(tell), LEFT]);
    await driver.event('log', ({ message }) => /tells too much/.test(String(message)));
    await work();
    expect(driver.events.filter(({ kind }) => kind === 'managerTold').length).to.be.within(1, 4000);
  });

  it('says of managers of other versions only so much', async () => {
    await sayAsManager(driver.port, driver.keys, 'rogue', new Array<Buffer[]>(500).fill(register({ version: '0.0.1' })));
    await work();
    expect(driver.events.filter(({ kind }) => kind === 'managerRefused').length).to.be.within(1, 40);
  });

  it('takes results from a manager for no task but its own, and stays as it is whatever one says', async () => {
    const before = state();
    const held = nextTask++;
    driver.tasks(encodeTasks([{ taskId: held, tryNumber: 1, fnId: 1 }]));
    await waitUntil(() => manager.held.some((task) => task.taskId === held), undefined, 20_000);
    const theirs = Buffer.from(RESULTS);
    theirs.writeUInt32LE(held, 4);
    const seeds = [
      ...[theirs, RESULTS].flatMap((records) => [1, 2, 3].map((n) => Buffer.concat(encodeFromManager(FrameType.Results, n, [records])))),
      Buffer.concat(register({ slots: 2, attempt: 2, held: [held, 1] })),
      Buffer.concat(encodeFromManager(FrameType.Heartbeat, 3)),
      Buffer.concat(encodeFromManager(FrameType.Drain, 0)),
    ];
    for (let round = 0; round < 5; round++) {
      const messages = Array.from({ length: 400 }, () => wildMessage(seeds, random));
      await sayAsManager(driver.port, driver.keys, `rogue-${round}`, [register({}), ...messages, LEFT]);
    }
    expect(driver.results.filter(({ taskId }) => taskId === held)).to.deep.equal([]);
    await expectUnharmed(before);
    expect(driver.results.filter(({ taskId }) => taskId === held)).to.have.length(1);
  });
});
