/**
 * Who a driver is, so that another one can tell whether it still lives. Knows nothing of jobs.
 */
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { identify, isAlive, type ProcessIdentity } from '../../lib/process-identity.ts';

export interface DriverIdentity extends ProcessIdentity {
  /** Machine, boot and process table: a process id means something only among equals. */
  readonly machine: string;
}

export const identifyDriver = (): DriverIdentity => ({ ...identify(process.pid), machine: thisMachine() });

/** @returns undefined when it ran on another machine, or before this one was booted: nothing can be said from here. */
export function isDriverAlive(driver: DriverIdentity): boolean | undefined {
  return driver.machine === thisMachine() ? isAlive(driver) : undefined;
}

function thisMachine(): string {
  const boot = attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
  return [hostname(), boot, attempt(() => readlinkSync('/proc/self/ns/pid'))].join(' ');
}

function attempt(read: () => string): string {
  try {
    return read();
  } catch {
    return ''; // Not Linux.
  }
}
