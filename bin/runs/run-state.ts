/**
 * Whether a run has come to its end, goes on, or was broken off.
 */
import { hostname } from 'node:os';
import type { RunStarted } from '../../lib/events/events.ts';
import type { RunSummary } from '../../lib/events/projections/run-summary.ts';

/**
 * 'open': not closed, and its driver is on another machine, so nobody here can tell. 'unknown': its driver has ended, and how cannot be
 * told, since its event log is damaged; or nothing can be told, since that has not even its first event.
 */
export type RunState = 'running' | 'closed' | 'broken off' | 'open' | 'unknown';

export function runStateOf({ kernelState, started, log }: RunSummary): RunState {
  if (kernelState === 'closed' || log.hasClosed) return 'closed';
  if (!started) return 'unknown';
  if (!isHere(started)) return 'open';
  return isAlive(started.pid) ? 'running' : log.isDamaged ? 'unknown' : 'broken off';
}

/** What is missing of a run's events, in a sentence; undefined: nothing, as far as can be told. */
export function describeGaps(summary: RunSummary): string | undefined {
  const { lostEvents, log } = summary;
  // A write that found no room may have left a part of it.
  if (log.unreadBytes > 0 && !log.hasLost && (log.isDamaged || runStateOf(summary) !== 'running'))
    return `the event log is ${log.isDamaged ? 'damaged' : 'cut off, or damaged'}: its last ${log.unreadBytes} bytes cannot be read, and what happened then is missing here`;
  if (lostEvents > 0) return `${lostEvents} events are missing here: the disk could not take them`;
  return log.hasLost ? 'the last events are missing here: the disk could not take them' : undefined;
}

/** Whether the driver's machine is this one. */
export const isHere = ({ host }: RunStarted): boolean => host === hostname();

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
