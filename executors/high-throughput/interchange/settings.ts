/**
 * What the driver tells its interchange first: an Event frame `{ kind: 'settings', settings }`. Over the socket, because keys
 * are in it.
 */
import type { CurveKeyPair } from '../security.ts';

export interface InterchangeSettings {
  readonly runId: string;
  /** Addresses to bind; `0.0.0.0` or `::` for all. */
  readonly addresses: readonly string[];
  /** One of the two; neither: any free port. */
  readonly port?: number;
  readonly portRange?: readonly [first: number, last: number];
  /** A socket on this machine to be bound beside the addresses; see local-name.ts. */
  readonly localName?: string;
  /** Absent: not encrypted. */
  readonly curve?: {
    readonly server: CurveKeyPair;
    /** Public keys of the clients that are let in. */
    readonly clients: readonly string[];
  };
  readonly heartbeatPeriodMs: number;
  readonly heartbeatThresholdMs: number;
  /** How long to go on when the driver has died. Default 0. */
  readonly orphanGraceMs?: number;
  /** Results are acknowledged to managers when the driver says that it has kept them, not when they are on their way to it. */
  readonly driverKeeps?: boolean;
  readonly prefetchCapacity: number | 'auto';
  /** For how long a manager is left alone that fails what works elsewhere, ms; 0: never. */
  readonly quarantineMs: number;
  readonly managerSelector: 'random' | 'blockId';
  readonly maxGangsPerBlock?: number;
  readonly protocol: number;
  readonly packageVersion: string;
}
