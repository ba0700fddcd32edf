/**
 * An interchange with an honest manager and one that has the run's key and means no good: whatever that one says, in whatever order, the
 * honest one's tasks are its own, and what the driver is told can be told.
 */
import { pack } from 'msgpackr/pack';
import { type Core, createCore, step } from '../../../executors/high-throughput/interchange/core.ts';
import type { CoreEvent, Effect } from '../../../executors/high-throughput/interchange/core-events.ts';
import { toManagerEvent } from '../../../executors/high-throughput/interchange/from-manager.ts';
import { sendToManager } from '../../../executors/high-throughput/interchange/manager-frames.ts';
import { decodeRegistration, encodeRegistration } from '../../../executors/high-throughput/interchange/registration.ts';
import { decodeFromManager, encodeFromManager } from '../../../executors/high-throughput/link-messages.ts';
import { FrameType } from '../../../lib/wire/frames.ts';
import { encodeTasks } from '../../executors/high-throughput/interchange/simulation/simulated-driver.ts';
import { createRandom } from '../../executors/high-throughput/interchange/simulation/random.ts';
import { packAnything } from '../odd-values.ts';
import { demand, type FuzzTarget } from '../target.ts';
import { RESULTS } from './wire.ts';

const registration = {
  protocol: 1,
  version: '1',
  blockId: '0',
  host: 'here',
  slots: 4,
  timeLeftMs: 60_000,
  attempt: 1,
  firstSequence: 1,
  held: [[1, 1] as const, [2, 1] as const],
  defined: [1],
  info: { pid: 7, node: 'v24' },
};

const REGISTRATIONS = [
  encodeRegistration(registration),
  pack({ ...registration, held: [1, 1], slots: 2n ** 63n, timeLeftMs: -5 }),
  pack({ ...registration, held: [], blockId: '__proto__', host: 'constructor', info: { constructor: 1 } }),
];

/** As it is packed. */
const SAID = { ...registration, held: [1, 1, 2, 1] };

function readRegistration(bytes: Buffer): boolean {
  const seen = decodeRegistration(bytes);
  if (typeof seen !== 'string') packAnything(seen);
  else demand(seen.length < 500, `what is said of it has ${seen.length} characters`);
  return typeof seen !== 'string';
}

/** Messages before there is another interchange. */
const LIFE = 200;
const ROGUE = 'rogue';
const HONEST = 'honest';

class Scene {
  readonly #core: Core;
  readonly #random = createRandom(1);
  #rogueIndex = -1;
  #at = 0;
  #nextTask = 1;

  constructor() {
    this.#core = createCore({
      protocol: 1,
      packageVersion: '1',
      heartbeatPeriodMs: 1000,
      heartbeatThresholdMs: 2_000_000_000,
      prefetchCapacity: 'auto',
      quarantineMs: 60_000,
      managerSelector: 'random',
      pick: (n) => this.#random.below(n),
    });
    this.#tell({ kind: 'defined', fnId: 1, bytes: Buffer.from('a definition') });
    this.#tell({ kind: 'registered', manager: HONEST, registration: { ...registration, held: [] }, at: 0 });
  }

  say(bytes: Buffer): boolean {
    const message = decodeFromManager([bytes]);
    if (message === undefined) return false;
    const event = toManagerEvent(ROGUE, message, this.#at);
    if (typeof event === 'string') demand(event.length < 500, 'what is said of a message has no bound');
    else this.#tell(event);
    const taskId = this.#nextTask++;
    this.#tell({ kind: 'tasksArrived', priority: 0, records: encodeTasks([{ taskId, tryNumber: 1, fnId: 1 }]) });
    this.#at += 5;
    this.#tell({ kind: 'turnEnded', at: this.#at });
    if (taskId % 10 === 0) this.#tell({ kind: 'tick', at: this.#at });
    return typeof event !== 'string';
  }

  #tell(event: CoreEvent): void {
    const held = this.#core.managers.get(HONEST)?.inFlight.size ?? 0;
    const effects = step(this.#core, event);
    for (const effect of effects) this.#perform(effect);
    const now = this.#core.managers.get(HONEST);
    if (event.kind !== 'defined' && event.kind !== 'registered') demand(now !== undefined, 'the honest manager is gone');
    demand((now?.inFlight.size ?? 0) >= held, 'a task of the honest manager has ended');
  }

  #perform(effect: Effect): void {
    switch (effect.kind) {
      case 'forwardResults':
        demand(effect.managerIndex === this.#rogueIndex || effect.managerIndex === 0xffffffff, 'results in the name of another manager');
        return;
      case 'emit':
        if (effect.report.kind === 'managerRegistered' && effect.report.managerId === ROGUE) this.#rogueIndex = effect.report.index;
        return void packAnything(effect.report);
      case 'log':
        demand(JSON.stringify(effect.fields).length + effect.message.length < 2000, 'a line of the log has no bound');
        return;
      case 'acknowledgeWhenWritten':
      case 'lookAgain':
      case 'placeMore':
        return;
      default:
        sendToManager({ send: () => undefined }, effect);
    }
  }
}

let scene = new Scene();
let said = 0;

const message = (type: FrameType, sequence: number, ...parts: Buffer[]): Buffer => Buffer.concat(encodeFromManager(type, sequence, parts));

export const interchangeTargets: readonly FuzzTarget[] = [
  { name: 'registrations', seeds: REGISTRATIONS, made: { of: [SAID], from: packAnything }, read: readRegistration },
  {
    name: 'messages of a manager',
    seeds: [
      ...REGISTRATIONS.map((bytes) => message(FrameType.Register, 0, bytes)),
      ...[1, 2, 3].map((sequence) => message(FrameType.Results, sequence, RESULTS)),
      message(FrameType.Heartbeat, 1),
      message(FrameType.Drain, 0),
      message(FrameType.Left, 0),
    ],
    made: { of: [SAID], from: (value) => message(FrameType.Register, 0, packAnything(value)) },
    read(bytes) {
      if (said++ % LIFE === 0) scene = new Scene();
      return scene.say(bytes);
    },
  },
];
