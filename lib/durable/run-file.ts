/**
 * Who drives a durable run, and who has taken it over: files in the run directory, so that two drivers never go on with one run.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import { ConfigError } from '../errors/config-error.ts';
import { identify, isAlive, type ProcessIdentity } from '../process-identity.ts';
import { DURABLE_FOLDER, journalPathOf } from './journal.ts';

interface Driver extends ProcessIdentity {
  readonly host: string;
}

const driverPath = (runDir: string): string => join(runDir, DURABLE_FOLDER, 'driver.json');
const heirPath = (runDir: string): string => join(runDir, DURABLE_FOLDER, 'taken-over-by');

/** Whether another driver can go on with what this run has left. */
export const isDurable = (runDir: string): boolean => existsSync(journalPathOf(runDir)) || existsSync(driverPath(runDir));

/** This process drives the run. */
export function announceDriver(runDir: string): void {
  mkdirSync(join(runDir, DURABLE_FOLDER), { recursive: true, mode: 0o700 });
  const driver: Driver = { ...identify(process.pid), host: hostname() };
  writeFileSync(driverPath(runDir), JSON.stringify(driver), { mode: 0o600 });
}

/**
 * From here on the run is the heir's alone.
 * @param heir run directory of the one that goes on with it.
 * @throws ConfigError if it is driven by another process, was taken over before, or can only be taken over on another machine.
 */
export function takeOverRun(runDir: string, heir: string): void {
  const run = `run ${basename(runDir)}`;
  const driver = readDriver(runDir);
  if (driver && driver.host !== hostname())
    throw new ConfigError(
      `${run} was started on ${driver.host}, where its managers look for a driver, and this is ${hostname()}; resume it on ${driver.host}`,
    );
  if (driver && isAlive(driver))
    throw new ConfigError(
      `${run} goes on: its driver is process ${driver.pid}; wait for its end, or end it (kill ${driver.pid}), and resume then`,
    );
  try {
    writeFileSync(heirPath(runDir), basename(heir), { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new ConfigError(`${run} was taken over by run ${readFileSync(heirPath(runDir), 'utf8')}; resume that one`);
  }
}

/** The heir could not begin: another may try. */
export function giveBackRun(runDir: string): void {
  rmSync(heirPath(runDir), { force: true });
}

function readDriver(runDir: string): Driver | undefined {
  try {
    return JSON.parse(readFileSync(driverPath(runDir), 'utf8')) as Driver;
  } catch {
    return undefined; // It was killed before it could say so: then it has begun nothing either.
  }
}
