/**
 * What a manager is told: a file in the run directory, readable by its owner alone, since it holds the run's keys.
 */
import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { readPrivateFile, writePrivateFile } from '../../../lib/private-file.ts';
import type { MpiChoice } from '../../mpi/mpi-choice.ts';
import type { CpuAffinity } from '../affinity-option.ts';
import type { ManagerKeys } from '../security.ts';

export interface ManagerSettings {
  readonly runId: string;
  readonly label: string;
  /** Of the driver's machine; all are tried. */
  readonly addresses: readonly string[];
  readonly port: number;
  /** null: not encrypted. */
  readonly curve: ManagerKeys | null;
  readonly heartbeatPeriodMs: number;
  readonly heartbeatThresholdMs: number;
  /** Age at which it takes no more tasks and leaves; null: never. */
  readonly drainPeriodMs: number | null;
  /** Before its block ends: when running tasks are told. */
  readonly walltimeWarningMs: number;
  /** Before its block ends: when what still runs is ended. */
  readonly leaveMs: number;
  readonly probeTimeoutMs: number;
  readonly coresPerWorker: number;
  readonly memPerWorkerBytes: number | null;
  /** null: no cap. */
  readonly maxWorkersPerNode: number | null;
  readonly cpuAffinity: CpuAffinity;
  readonly accelerators: number | readonly string[];
  /** Kinds of the config's own that a node has: an amount, or names. */
  readonly resources: Readonly<Record<string, number | readonly string[]>>;
  /** What starts MPI programs. */
  readonly mpi: MpiChoice;
  /** Where workers start. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** null: values travel inline. */
  readonly storeDir: string | null;
  /** Managers make a folder of their own in it. */
  readonly logRoot: string;
  readonly nodePath: string;
  readonly python: string | null;
  /** Log every task, every result, and the workers' comings and goings. */
  readonly debug: boolean;
}

/** Whole or not at all: a manager may be waiting for it. Its folder is the owner's alone. @throws Error of the file system. */
export const writeSettings = (path: string, settings: ManagerSettings): void => writePrivateFile(path, JSON.stringify(settings));

const POLL_MS = 5;

/**
 * As readSettings, once the file is there: the interchange may still be starting. Waits `timeoutMs` at most.
 * @throws Error naming the file if it cannot be read.
 */
export async function awaitSettings(path: string, timeoutMs: number): Promise<ManagerSettings> {
  const deadline = performance.now() + timeoutMs;
  while (!existsSync(path) && performance.now() < deadline) await delay(POLL_MS);
  return readSettings(path);
}

/**
 * Whoever could write them could have managers run whatever they like, so that those of others are refused.
 * @throws Error naming the file if it cannot be read.
 */
export function readSettings(path: string): ManagerSettings {
  let text: string;
  try {
    text = readPrivateFile(path);
  } catch (cause) {
    throw new Error(
      `the manager's settings ${path} cannot be read: ${String(cause)}; is the run directory on a disk that this node shares with the driver?`,
      { cause },
    );
  }
  const settings: unknown = parse(text);
  // What is in it is not repeated: there are keys among it.
  if (!isSettings(settings)) throw new Error(`the manager's settings ${path} are not what a driver of this release writes`);
  return settings;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The driver is of the same installation: what it writes is whole. */
function isSettings(value: unknown): value is ManagerSettings {
  if (typeof value !== 'object' || value === null) return false;
  const { addresses, port, curve } = value as Partial<Record<keyof ManagerSettings, unknown>>;
  return Array.isArray(addresses) && Number.isInteger(port) && typeof curve === 'object';
}
