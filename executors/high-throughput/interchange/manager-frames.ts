/** Effects of the core as messages to managers. */
import { pack } from 'msgpackr/pack';
import { FrameType } from '../../../lib/wire/frames.ts';
import { encodeToManager } from '../link-messages.ts';
import type { TaskGrant } from '../resources/grant.ts';
import type { Effect } from './core-events.ts';

type ManagerEffect = Extract<Effect, { kind: `send${string}` }>;

interface Sender {
  send(id: string, parts: Buffer[]): void;
}

export function sendToManager(socket: Sender, effect: ManagerEffect): void {
  socket.send(effect.manager, encodeEffect(effect));
}

function encodeEffect(effect: ManagerEffect): Buffer[] {
  switch (effect.kind) {
    case 'sendTasks':
      return encodeToManager(FrameType.Tasks, effect.number, effect.acknowledged, effect.parts);
    case 'sendGranted':
      return encodeToManager(FrameType.Granted, effect.number, effect.acknowledged, [encodeGrants(effect.grants), ...effect.parts]);
    case 'sendLease':
      return encodeToManager(FrameType.Lease, effect.number, effect.acknowledged, [pack(effect.lease)]);
    case 'sendDefine':
      return encodeToManager(FrameType.Define, effect.number, effect.acknowledged, [Buffer.concat([encodeU32(effect.fnId), effect.bytes])]);
    case 'sendCancel':
      return encodeToManager(FrameType.Cancel, effect.number, effect.acknowledged, [effect.pairs]);
    case 'sendClear':
      return encodeToManager(FrameType.Clear, effect.number, effect.acknowledged, [effect.pairs]);
    case 'sendRecall':
      return encodeToManager(FrameType.Recall, effect.number, effect.acknowledged, [encodeU32(effect.count)]);
    case 'sendDrain':
      return encodeToManager(FrameType.Drain, effect.number, effect.acknowledged);
    case 'sendHeartbeat':
      return encodeToManager(FrameType.Heartbeat, effect.number, effect.acknowledged);
    case 'sendRegistered': {
      const { index, attempt, received } = effect;
      return encodeToManager(FrameType.Registered, effect.number, effect.acknowledged, [pack({ index, attempt, received })]);
    }
    case 'sendRefused':
      return encodeToManager(FrameType.Refused, 0, 0, [Buffer.from(effect.message)]);
    case 'sendWhoAreYou':
      return encodeToManager(FrameType.WhoAreYou, 0, 0);
    case 'sendShutdown':
      return encodeToManager(FrameType.Shutdown, 0, 0, [Buffer.from(effect.reason)]);
  }
}

function encodeGrants(grants: readonly TaskGrant[]): Buffer {
  const body = pack(grants);
  return Buffer.concat([encodeU32(body.length), body]);
}

function encodeU32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
