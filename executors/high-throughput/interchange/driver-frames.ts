/**
 * Frames from the driver as events of the core. See docs/decisions/002 for their layouts.
 */
import { unpack } from 'msgpackr/unpack';
import type { ResourceRequest } from '../../../lib/resources/request.ts';
import { FrameType } from '../../../lib/wire/frames.ts';
import type { CoreEvent } from './core-events.ts';

/** Results that a block's managers sent before it ended may take this long to come in. */
const BLOCK_ENDED_GRACE_MS = 500;

interface DrainBody {
  readonly manager?: string;
  readonly block?: string;
  readonly graceMs?: number;
}

interface RecoverBody {
  /** Ids of the managers that were registered. */
  readonly managers: readonly string[];
  /** How many task records follow that were outstanding. */
  readonly tasks: number;
  readonly graceMs: number;
  readonly keepHeld?: boolean;
}

interface PausedBody {
  readonly kind: 'paused';
  readonly isPaused: boolean;
}

interface BlockEndedBody {
  readonly kind: 'blockEnded';
  readonly block: string;
  readonly graceMs?: number;
  readonly awaited?: readonly string[];
}

/** @returns what is wrong with it, if something is. */
export function toDriverEvent(type: number, body: Buffer, at: number): CoreEvent | string {
  switch (type) {
    case FrameType.Tasks:
      return { kind: 'tasksArrived', priority: body.readInt16LE(0), records: body.subarray(2), at };
    case FrameType.DefineRequest:
      return { kind: 'requestDefined', requestId: body.readUInt32LE(0), request: unpack(body.subarray(4)) as ResourceRequest };
    case FrameType.Define:
      return { kind: 'defined', fnId: body.readUInt32LE(0), bytes: Buffer.from(body.subarray(4)) };
    case FrameType.Cancel:
      return { kind: 'cancel', pairs: body };
    case FrameType.Drain:
      return { kind: 'drain', ...(unpack(body) as DrainBody), at };
    case FrameType.Recover:
      return { kind: 'recover', ...(unpack(body) as RecoverBody), at };
    case FrameType.Event: {
      const event = unpack(body) as BlockEndedBody | PausedBody;
      if (event.kind === 'paused') return event;
      if (event.kind !== 'blockEnded')
        return `the driver sent an event of an unknown kind: ${JSON.stringify((event as { kind?: unknown }).kind)}`;
      return { graceMs: BLOCK_ENDED_GRACE_MS, ...event, at };
    }
    default:
      return `the driver sent a frame of an unknown type: ${type}`;
  }
}
