/**
 * Whether a run has come to its end, goes on, or was broken off.
 */
import { hostname } from 'node:os';
import type { RunStarted } from '../../lib/events/events.ts';
import type { RunSummary } from '../../lib/events/projections/run-summary.ts';

/** 'open': not closed, and its driver is on another machine, so nobody here can tell. */
export type RunState = 'running' | 'closed' | 'broken off' | 'open';

export function runStateOf({ kernelState, started }: RunSummary): RunState {
  if (kernelState === 'closed') return 'closed';
  if (!started || !isHere(started)) return 'open';
  return isAlive(started.pid) ? 'running' : 'broken off';
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
