/**
 * Files that are nobody else's business: keys, settings, what a driver leaves for the one that takes over. Owns their modes, whatever the
 * umask is, and that what others could have written is not believed. Knows nothing of what is in them.
 */
import { chmodSync, closeSync, fstatSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, type Stats, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Of the kernel's "nobody": an NFS server that cannot tell who owns a file shows it as this one's. */
const OVERFLOW_UID = 65_534;

/**
 * Whole or not at all, of mode 0600 in a folder of mode 0700, which is made where it is missing.
 * @throws Error of the file system, or naming one that keeps no modes.
 */
export function writePrivateFile(path: string, text: string): void {
  makePrivateFolder(dirname(path));
  const part = `${path}.part`;
  // A writer that was killed may have left one.
  rmSync(part, { force: true });
  writeFileSync(part, text, { mode: 0o600, flag: 'wx' });
  const fd = openSync(part, 'r');
  try {
    const problem = problemWith(fstatSync(fd));
    if (problem !== undefined)
      throw new Error(`${path} cannot be kept from others (${problem}): its file system keeps no modes; ${REMEDY}`);
  } finally {
    closeSync(fd);
  }
  renameSync(part, path);
}

const REMEDY = 'choose a run directory elsewhere (runDir in the config, or --set runDir=PATH)';

function makePrivateFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  chmodSync(path, 0o700);
}

/** @throws Error of the file system, or one that says why the file is not to be believed. */
export function readPrivateFile(path: string): string {
  const fd = openSync(path, 'r');
  try {
    // Of what is open, not of the path: that may lead elsewhere in the next moment.
    const problem = problemWith(fstatSync(fd));
    if (problem !== undefined) throw new Error(`${path} is not believed: ${problem}. If it is yours, chmod 600 it, or start a new run`);
    return readFileSync(fd, 'utf8');
  } finally {
    closeSync(fd);
  }
}

/** @returns why others may have read or written it; undefined: they have not. */
export function problemWith({ mode, uid }: Pick<Stats, 'mode' | 'uid'>, me = process.geteuid?.() ?? uid): string | undefined {
  if (uid !== me && uid !== 0 && uid !== OVERFLOW_UID) return `it belongs to user ${uid}, and this is ${me}`;
  if ((mode & 0o077) !== 0) return `its mode is ${(mode & 0o777).toString(8)}, so that others can reach it`;
  return undefined;
}
