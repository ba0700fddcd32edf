/**
 * Messages of managers as events of the core. Whoever has the run's key may send anything: nothing here throws.
 */
import { FrameType } from '../../../lib/wire/frames.ts';
import type { FromManagerMessage } from '../link-messages.ts';
import type { CoreEvent } from './core-events.ts';
import { decodeRegistration } from './registration.ts';

/** @returns what is wrong with it, if something is. */
export function toManagerEvent(manager: string, { type, sequence, parts }: FromManagerMessage, at: number): CoreEvent | string {
  switch (type) {
    case FrameType.Results:
      return { kind: 'resultsArrived', manager, sequence, records: parts, at };
    case FrameType.Heartbeat:
      return { kind: 'heartbeat', manager, sequence, at };
    case FrameType.Left:
      return { kind: 'left', manager, at };
    case FrameType.Drain:
      return { kind: 'managerDrains', manager, at };
    case FrameType.Register: {
      const registration = decodeRegistration(parts[0] ?? Buffer.alloc(0));
      return typeof registration === 'string'
        ? `its registration is wrong: ${registration}`
        : { kind: 'registered', manager, registration, at };
    }
    default:
      return `it has type ${type}`;
  }
}
