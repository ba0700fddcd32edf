/**
 * Who drives a durable run, and who has taken it over: files in the run directory, so that two drivers never go on with one run. Each
 * appears whole or not at all, since its writer may be killed at any moment.
 */
import { existsSync, readFileSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import { ConfigError } from '../errors/config-error.ts';
import { identify, isAlive, type ProcessIdentity } from '../process-identity.ts';
import { writePrivateFile } from '../private-file.ts';
import { DURABLE_FOLDER } from './journal.ts';

interface Driver extends ProcessIdentity {
  readonly host: string;
  /** Labels of the executors whose managers outlive it. */
  readonly executors: readonly string[];
  /** Absolute path of the run directory that this run goes on with, durable or not. */
  readonly previous: string | undefined;
}

const driverPath = (runDir: string): string => join(runDir, DURABLE_FOLDER, 'driver.json');
const heirPath = (runDir: string): string => join(runDir, DURABLE_FOLDER, 'taken-over-by');

/** Whether another driver can go on with what this run has left. */
export const isDurable = (runDir: string): boolean => existsSync(driverPath(runDir));

/** This process drives the run: said before anything of the run is to be seen, and before it claims another. */
export function announceDriver(runDir: string, plan: Pick<Driver, 'executors' | 'previous'>): void {
  const driver: Driver = { ...identify(process.pid), host: hostname(), ...plan };
  writePrivateFile(driverPath(runDir), JSON.stringify(driver));
}

/**
 * From here on the run is the heir's alone.
 * @param heir run directory of the one that goes on with it. @param labels of the heir's executors.
 * @throws ConfigError if it is driven by another process, was taken over by another run, can only be taken over on another machine, or
 * has managers that none of these executors could take over.
 */
export function takeOverRun(runDir: string, heir: string, labels: readonly string[]): void {
  const run = `run ${basename(runDir)}`;
  const driver = readDriver(runDir);
  if (driver) refuseDriver(run, driver, labels);
  try {
    // A link has its content from the moment that it is there.
    symlinkSync(basename(heir), heirPath(runDir));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const other = readlinkSync(heirPath(runDir));
    if (other !== basename(heir)) throw new ConfigError(`${run} was taken over by run ${other}; resume that one`);
  }
}

function refuseDriver(run: string, driver: Driver, labels: readonly string[]): void {
  if (driver.host !== hostname())
    throw new ConfigError(
      `${run} was started on ${driver.host}, where its managers look for a driver, and this is ${hostname()}; resume it on ${driver.host}`,
    );
  if (isAlive(driver))
    throw new ConfigError(
      `${run} goes on: its driver is process ${driver.pid}; wait for its end, or end it (kill ${driver.pid}), and resume then`,
    );
  const gone = driver.executors.filter((label) => !labels.includes(label));
  if (gone.length > 0)
    throw new ConfigError(
      `${run} had the executor${gone.length > 1 ? 's' : ''} ${gone.map((label) => `'${label}'`).join(', ')}, whose managers may still be at work, and this config has none of that label; resume it with the executors that it had (maxBlocks: 0 for one that is to start nothing new)`,
    );
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

/** This run and those that it goes on with, the latest first. */
export function chainOf(runDir: string | undefined): string[] {
  const chain: string[] = [];
  for (let run = runDir; run !== undefined && !chain.includes(run); run = readDriver(run)?.previous) chain.push(run);
  return chain;
}
