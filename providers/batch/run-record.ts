/**
 * What a later driver must know to clear up after this one, should it be killed: its run tag, its jobs, and who it is. One small
 * file per running provider, in the user's state folder; it is there from before the first submission until no job is left.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type DriverIdentity, identifyDriver } from './driver-identity.ts';

const VERSION = 1;

export interface RunRecord {
  readonly version: typeof VERSION;
  readonly scheduler: string;
  readonly channel: string;
  /** Names of all jobs of the run begin so. */
  readonly prefix: string;
  readonly scriptDir: string;
  readonly driver: DriverIdentity;
  /** How long its jobs are left to a successor after its death, ms. */
  readonly graceMs: number;
  /** Job id → name; also those that it took over from another run, and whose names do not begin so. */
  readonly jobs: Readonly<Record<string, string>>;
}

/** XDG Base Directory Specification 0.8: state that outlives a program. */
export const stateFolder = (): string =>
  join(process.env['XDG_STATE_HOME'] || join(homedir(), '.local', 'state'), 'flotilla', 'batch-jobs');

export class OwnRecord {
  readonly path: string;
  #record: RunRecord;

  /** Writes it. @throws what the file system throws. */
  constructor(folder: string, about: Omit<RunRecord, 'version' | 'driver' | 'jobs'>) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#record = { version: VERSION, ...about, driver: identifyDriver(), jobs: {} };
    this.path = join(folder, `${about.prefix}${process.pid}-${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 8)}.json`);
    this.#write();
  }

  add(jobId: string, name: string): void {
    this.#record = { ...this.#record, jobs: { ...this.#record.jobs, [jobId]: name } };
    this.#write();
  }

  /** It has ended. Written with the next one: what is listed and not there harms nobody. */
  forget(jobId: string): void {
    const { [jobId]: _, ...jobs } = this.#record.jobs;
    this.#record = { ...this.#record, jobs };
  }

  /** Its driver lives: for those who look from another machine. */
  touch(): void {
    try {
      utimesSync(this.path, new Date(), new Date());
    } catch {
      this.#write(); // Somebody has removed it.
    }
  }

  remove(): void {
    rmSync(this.path, { force: true });
  }

  #write(): void {
    const beside = `${this.path}.new`;
    writeFileSync(beside, `${JSON.stringify(this.#record, undefined, 1)}\n`, { mode: 0o600 });
    renameSync(beside, this.path);
  }
}

export interface StoredRecord {
  readonly path: string;
  /** When its driver last said that it lives; ms since the epoch. */
  readonly touchedAt: number;
  readonly record: RunRecord;
}

/** Files that cannot be read as records are passed over. */
export function readRecords(folder: string): StoredRecord[] {
  let names: string[];
  try {
    names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  } catch {
    return []; // There has been no batch job here yet.
  }
  return names.flatMap((name) => readRecord(join(folder, name)));
}

function readRecord(path: string): StoredRecord[] {
  try {
    const record: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return isRecord(record) ? [{ path, touchedAt: statSync(path).mtimeMs, record }] : [];
  } catch {
    return []; // Removed meanwhile, cut short, or not ours.
  }
}

function isRecord(value: unknown): value is RunRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { version, scheduler, channel, prefix, driver, graceMs, jobs } = value as Partial<RunRecord>;
  const texts = [scheduler, channel, prefix].every((text) => typeof text === 'string');
  const isComplete = typeof driver?.pid === 'number' && typeof graceMs === 'number' && typeof jobs === 'object' && jobs !== null;
  return version === VERSION && texts && isComplete && /^flotilla\..+\.$/.test(prefix ?? '');
}
