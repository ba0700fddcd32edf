/** A real run, one of whose managers has the key and means no good: it takes tasks, and answers with what no worker writes. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { ManagerLink } from '../../executors/high-throughput/manager-link.ts';
import { readSettings } from '../../executors/high-throughput/manager/settings.ts';
import { jsApp } from '../../index.ts';
import { packWireError } from '../../lib/errors/index.ts';
import { readEvents } from '../../lib/events/reader.ts';
import { PACKAGE_VERSION, PROTOCOL_VERSION } from '../../lib/wire/protocol.ts';
import { encodeResult, readTaskHeader, recordEnd, type ResultHeader, ResultStatus } from '../../lib/wire/records.ts';
import { encodeStored, encodeValue } from '../../lib/wire/value-codec.ts';
import { createRandom, type Random } from '../executors/high-throughput/interchange/simulation/random.ts';
import { silentEvents } from '../executors/high-throughput/interchange/support/test-driver.ts';
import { eventually } from '../support/eventually.ts';
import { TestRun } from '../support/high-throughput.ts';
import { mutate, pick } from './mutate.ts';
import { distort, packAnything } from './odd-values.ts';

const TASKS = 600;
const FLOTILLA = join(import.meta.dirname, '../../bin/flotilla.ts');

const square = jsApp((x: number) => x * x);
/** Long enough not to be packed: each goes to a slot of its own. */
const slowSquare = jsApp(async (x: number) => {
  await new Promise((resolve) => setTimeout(resolve, 20));
  return x * x;
});

const ERROR = {
  kind: 'bash',
  name: 'X',
  message: 'm',
  stack: 's',
  fields: { exitCode: 1, stdoutTail: 'o' },
  cause: { kind: 'js', name: 'Y', message: '' },
};
const BODIES = [
  encodeValue(49),
  encodeValue({ a: [new Map([[1, 2]])] }),
  encodeValue('no file is named here'),
  packWireError({ kind: 'python', name: 'ValueError', message: 'no', stack: 'Traceback' }),
];

function wildBody(random: Random): Buffer {
  return random.chance(0.5) ? mutate(BODIES, random) : packAnything(distort(ERROR, random));
}

interface Answer {
  readonly status: ResultStatus;
  readonly body: Buffer;
  readonly head?: Partial<Omit<ResultHeader, 'status'>>;
}

/** Lost and unstarted tasks are tried again, and would come here again. */
const wildly = (random: Random) => (): Answer => ({
  status: pick(random, [0, 0, 0, 1, 1, 1, 3, 4, 77, 255]) as ResultStatus,
  body: wildBody(random),
  head: {
    durationUs: pick(random, [0, 5, 2 ** 32 - 1]),
    startMs: pick(random, [Date.now(), Number.NaN, Number.POSITIVE_INFINITY, -1e300]),
    worker: pick(random, [0, 63, 64, 2 ** 32 - 1]),
    ...(random.chance(0.2) ? { usage: { cpuMs: 2 ** 32 - 1, peakMemoryKiB: 0 } } : {}),
  },
});

class Rogue {
  readonly #link: ManagerLink;
  readonly #answer: () => Answer;
  answered = 0;

  constructor(run: TestRun, identity: string, answer: () => Answer) {
    const { port, curve, addresses } = readSettings(join(run.folder(), 'keys', 'manager.json'));
    this.#answer = answer;
    this.#link = new ManagerLink({
      addresses,
      port,
      ...(curve ? { curve } : {}),
      identity,
      probeTimeoutMs: 10_000,
      heartbeatPeriodMs: 500,
      heartbeatThresholdMs: 30_000,
      registration: () => ({ protocol: PROTOCOL_VERSION, version: PACKAGE_VERSION, blockId: 'none', host: 'rogue', slots: 64, held: [] }),
      on: { ...silentEvents, tasks: (records) => this.#end(records) },
    });
  }

  start(): Promise<void> {
    return this.#link.start();
  }

  leave(): Promise<void> {
    return this.#link.close();
  }

  #end(records: Buffer): void {
    for (let at = 0; at < records.length; at = recordEnd(records, at)) {
      const { taskId, tryNumber, fnId } = readTaskHeader(records, at);
      const { status, body, head } = this.#answer();
      this.answered++;
      this.#link.sendResults([encodeResult({ taskId, tryNumber, fnId, status, durationUs: 5, startMs: 1, worker: 0, ...head }, body)]);
    }
  }
}

/** Nobody else's: should the driver ever believe one, it would remove it. */
const namesFile = (path: string) => (): Answer => ({ status: ResultStatus.Ok, body: encodeStored({ store: 'file', key: path, size: 10 }) });

describe('a manager that answers with what no worker writes', function () {
  this.timeout(60_000);
  const seed = Number(process.env['FLOTILLA_SEED'] ?? Date.now() % 2 ** 31);

  it('cannot have the driver read or remove a file by naming it as a result', async () => {
    await using run = await TestRun.open({ executor: { maxWorkersPerNode: 1 } });
    await run.managers(1);
    const store = join(run.kernel.runDir, 'store');
    for (const [i, path] of [
      run.path('victim'),
      join(store, '..', 'victim'),
      `${store}/../../../victim`,
      'victim',
      `${store}/sub/victim`,
    ].entries()) {
      const rogue = new Rogue(run, `rogue-${i}`, namesFile(path));
      await rogue.start();
      const settled = await Promise.allSettled(Array.from({ length: 20 }, (_, x) => slowSquare(x).result({ timeout: '50s' })));
      expect(rogue.answered).to.be.above(0);
      const failed = settled.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[];
      expect(failed).to.have.length(rogue.answered);
      for (const { reason } of failed) expect(String(reason), path).to.match(/none of the run’s store; it is left alone/);
      await rogue.leave();
    }
  });

  it('costs the tasks that it was given, and nobody else anything', async () => {
    await using run = await TestRun.open({ executor: { maxWorkersPerNode: 1 } });
    await run.managers(1);
    const rogue = new Rogue(run, 'rogue', wildly(createRandom(seed)));
    await rogue.start();
    const futures = Array.from({ length: TASKS }, (_, x) => square(x));
    const settled = await Promise.allSettled(futures.map((future) => future.result({ timeout: '50s' })));
    const about = `FLOTILLA_SEED=${seed}`;
    const timedOut = settled.filter(
      ({ status, ...rest }) => status === 'rejected' && (rest as { reason: Error }).reason.name === 'ResultTimeoutError',
    );
    expect(timedOut, about).to.deep.equal([]);
    expect(rogue.answered, about).to.be.above(50);
    await rogue.leave();
    await eventually('its departure', () => /left|lost/.test(run.logText()));
    expect(await square(12).result(), about).to.equal(144);
    for (const future of futures) expect(future.tries.length, about).to.be.at.least(1);
    await run.kernel.close();
    let events = 0;
    for await (const batch of readEvents(join(run.kernel.runDir, 'events.log'))) events += batch.length;
    expect(events, about).to.be.above(4 * TASKS);
    // What reads logs later reads this one.
    for (const command of [
      ['show', run.kernel.runDir],
      ['show', run.kernel.runDir, '--json'],
      ['logs', run.kernel.runDir],
    ]) {
      const { stdout } = await promisify(execFile)(process.execPath, [FLOTILLA, ...command], { maxBuffer: 1 << 28 }).catch(
        (error: Error) => {
          throw new Error(`${about}: ${error.message.slice(0, 3000)}`);
        },
      );
      expect(stdout.length).to.be.above(10);
    }
  });
});
