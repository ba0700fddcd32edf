/**
 * What the interchange tells its driver, besides results, given to whom it concerns. Owns the names of the events; decides nothing.
 */
import type { ExecutorEvents } from '../../lib/executor.ts';
import type { BlockLoad } from '../blocks/scaler-types.ts';
import type { Report, WaitingLane } from './interchange/core-events.ts';
import type { InterchangeEvent } from './interchange-process.ts';
import type { LostManager } from './manager-loss.ts';

type ReportOf<K extends Report['kind']> = Extract<Report, { readonly kind: K }>;

export type Recovered = ReportOf<'recovered'>;
export type RegisteredManager = Omit<ReportOf<'managerRegistered'>, 'kind' | 'info'>;
export type InterchangeLoad = Pick<BlockLoad, 'perBlock' | 'timeless'> & { readonly waiting?: readonly WaitingLane[] };
type GrantedTries = ReportOf<'granted'>;
export type Quarantined = Omit<ReportOf<'managerQuarantined'>, 'kind'>;
export type Released = Omit<ReportOf<'managerReleased'>, 'kind'>;

export interface ReportEvents {
  registered(manager: RegisteredManager): void;
  lost(lost: LostManager): void;
  left(index: number): void;
  refused(message: string): void;
  quarantined(manager: Quarantined): void;
  released(manager: Released): void;
  /** A manager says something of its workers. */
  told(told: { readonly managerId: string; readonly fact: Buffer }): void;
  load(load: InterchangeLoad): void;
  granted(granted: GrantedTries): void;
  recovered(recovered: Recovered): void;
  log: ExecutorEvents['log'];
}

/** The interchange is of this release, so that an event of a kind has its fields. */
export function dispatchReport(event: InterchangeEvent, on: ReportEvents): void {
  switch (event.kind) {
    case 'managerRegistered':
      return on.registered(event as unknown as RegisteredManager);
    case 'managerLost':
      return on.lost(event as unknown as LostManager);
    case 'managerLeft':
      return on.left(event.index as number);
    case 'managerRefused':
      return on.refused(String(event.message));
    case 'managerQuarantined':
      return on.quarantined(event as unknown as Quarantined);
    case 'managerReleased':
      return on.released(event as unknown as Released);
    case 'managerTold':
      return on.told(event as unknown as { managerId: string; fact: Buffer });
    case 'load':
      return on.load(toLoad(event as unknown as ReportOf<'load'>));
    case 'granted':
      return on.granted(event as unknown as GrantedTries);
    case 'recovered':
      return on.recovered(event as unknown as Recovered);
    case 'log':
      return on.log(event.level as 'info', String(event.message), event.fields as Record<string, unknown>);
    default:
      return on.log('info', JSON.stringify(event));
  }
}

const toLoad = ({ perBlock, timeless, waiting }: ReportOf<'load'>): InterchangeLoad => ({
  perBlock: new Map(Object.entries(perBlock)),
  timeless,
  waiting,
});
