/**
 * Space and speed of the folders that a run writes to. Writes a file in each, and removes it.
 */
import { closeSync, existsSync, fsyncSync, mkdtempSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { type Check, formatBytes, type Wanted } from './check.ts';

const WRITTEN_BYTES = 16 * 2 ** 20;
const LITTLE_SPACE = 2 ** 30;
const LITTLE_SHARED_MEMORY = 64 * 2 ** 20;

export function checkDisk({ runDir }: Wanted): Check[] {
  return [
    checkFolder('run directory', existingAbove(resolve(runDir)), {
      little: LITTLE_SPACE,
      neededFor: 'logs, results and output of tasks',
      required: true,
    }),
    checkFolder('temporary folder', tmpdir(), {
      little: LITTLE_SHARED_MEMORY,
      neededFor: 'sockets and scratch files of workers',
      required: true,
    }),
    ...(existsSync('/dev/shm')
      ? [
          checkFolder('shared memory', '/dev/shm', {
            little: LITTLE_SHARED_MEMORY,
            neededFor: 'exchange with workers at the speed of memory',
            required: false,
          }),
        ]
      : []),
  ];
}

interface FolderNeeds {
  /** Bytes below which a word is due. */
  readonly little: number;
  readonly neededFor: string;
  readonly required: boolean;
}

export function checkFolder(name: string, path: string, { little, neededFor, required }: FolderNeeds): Check {
  const check = { group: 'disk', name } as const;
  try {
    const { bavail, bsize } = statfsSync(path);
    const free = bavail * bsize;
    const { bytesPerSecond, createMs } = measureWriting(path, Math.min(WRITTEN_BYTES, free / 4));
    const found = `${path}: ${formatBytes(free)} free, writes ${formatBytes(bytesPerSecond)}/s, a file in ${createMs.toFixed(1)} ms`;
    if (free >= little) return { ...check, status: 'ok', found };
    return { ...check, status: 'optional', found, neededFor, remedy: `make room: less than ${formatBytes(little)} is soon full` };
  } catch (error) {
    const found = `${path}: ${error instanceof Error ? error.message : String(error)}`;
    const remedy = name === 'run directory' ? 'choose another with the option runDir' : 'make it writable, or choose another with TMPDIR';
    return { ...check, status: required ? 'problem' : 'optional', found, neededFor, remedy };
  }
}

/** To the disk itself, not only into the system's memory. */
function measureWriting(path: string, bytes: number): { bytesPerSecond: number; createMs: number } {
  const begin = performance.now();
  const folder = mkdtempSync(join(path, '.flotilla-doctor-'));
  try {
    const fd = openSync(join(folder, 'file'), 'w');
    try {
      writeSync(fd, 'x');
      const created = performance.now();
      const block = Buffer.alloc(2 ** 20, 'flotilla');
      let written = 0;
      while (written < bytes) written += writeSync(fd, block);
      fsyncSync(fd);
      return { bytesPerSecond: (written * 1000) / (performance.now() - created), createMs: created - begin };
    } finally {
      closeSync(fd);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The run directory is made at the first run; until then the disk is that of what is there. */
function existingAbove(path: string): string {
  return existsSync(path) || path === dirname(path) ? path : existingAbove(dirname(path));
}
