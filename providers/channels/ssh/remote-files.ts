/** Files on the other side, by SFTP. */
import { randomBytes } from 'node:crypto';
import { posix } from 'node:path';
import type { SFTPWrapper, Stats } from 'ssh2';
import { sshError } from './errors.ts';

/** SSH_FX_NO_SUCH_FILE of draft-ietf-secsh-filexfer-02, which is what OpenSSH speaks. */
const NO_SUCH_FILE = 2;

type Done<T> = (error: Error | null | undefined, value: T) => void;

/** @throws ProviderError with what was wanted and the server's words. */
async function ask<T>(what: string, start: (done: Done<T>) => unknown): Promise<T> {
  try {
    return await new Promise<T>((resolve, reject) => start((error, value) => (error ? reject(error) : resolve(value))));
  } catch (error) {
    const { code, message } = error as { code?: unknown; message: string };
    // Statuses have numbers; what has none is the connection's.
    throw Object.assign(sshError(`${what}: ${message}`, { retryable: typeof code !== 'number', cause: error }), { status: code });
  }
}

const isMissing = (error: unknown): boolean => (error as { status?: unknown }).status === NO_SUCH_FILE;

/** Replaces the file, whole or not at all. */
export async function replaceFile(sftp: SFTPWrapper, path: string, content: string | Uint8Array, mode: number): Promise<void> {
  const beside = `${path}.${randomBytes(4).toString('hex')}`;
  const bytes = typeof content === 'string' ? Buffer.from(content) : Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  const handle = await ask<Buffer>(`${path} cannot be written`, (done) => sftp.open(beside, 'wx', mode, done));
  try {
    for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
      const length = Math.min(CHUNK_BYTES, bytes.length - at);
      await ask<unknown>(`${path} cannot be written`, (done) =>
        sftp.write(handle, bytes, at, length, at, (error) => done(error, undefined)),
      );
    }
    // The server's umask took its share.
    await ask<unknown>(`${path} cannot be given its mode`, (done) => sftp.fchmod(handle, mode, (error) => done(error, undefined)));
  } finally {
    await ask<unknown>(`${path} cannot be closed`, (done) => sftp.close(handle, (error) => done(error, undefined)));
  }
  await rename(sftp, beside, path);
}

const CHUNK_BYTES = 32 * 1024;

/** Takes the place of what is there. */
async function rename(sftp: SFTPWrapper, from: string, to: string): Promise<void> {
  await ask<unknown>(`${to} cannot be put in its place`, (done) => sftp.ext_openssh_rename(from, to, (error) => done(error, undefined)));
}

/** With its parents. */
export async function makeFolder(sftp: SFTPWrapper, path: string, mode: number): Promise<void> {
  if (await isFolder(sftp, path)) return;
  const parent = posix.dirname(path);
  if (parent !== path) await makeFolder(sftp, parent, mode);
  try {
    await ask<unknown>(`folder ${path} cannot be made`, (done) => sftp.mkdir(path, { mode }, (error) => done(error, undefined)));
  } catch (error) {
    if (!(await isFolder(sftp, path))) throw error; // Else somebody else has made it meanwhile.
  }
}

async function isFolder(sftp: SFTPWrapper, path: string): Promise<boolean> {
  return (await statOf(sftp, path))?.isDirectory() ?? false;
}

async function statOf(sftp: SFTPWrapper, path: string): Promise<Stats | undefined> {
  try {
    return await ask<Stats>(`${path} cannot be looked at`, (done) => sftp.stat(path, done));
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** At most the last `bytes`; undefined when there is no such file. */
export async function readEnd(sftp: SFTPWrapper, path: string, bytes: number): Promise<Buffer | undefined> {
  const handle = await ask<Buffer>(`${path} cannot be read`, (done) => sftp.open(path, 'r', done)).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  if (handle === undefined) return undefined;
  try {
    const { size } = await ask<Stats>(`${path} cannot be looked at`, (done) => sftp.fstat(handle, done));
    return await readFrom(sftp, handle, Math.max(0, size - bytes), size);
  } finally {
    await ask<unknown>(`${path} cannot be closed`, (done) => sftp.close(handle, (error) => done(error, undefined)));
  }
}

async function readFrom(sftp: SFTPWrapper, handle: Buffer, from: number, to: number): Promise<Buffer> {
  const buffer = Buffer.alloc(to - from);
  let at = 0;
  while (at < buffer.length) {
    const length = Math.min(CHUNK_BYTES, buffer.length - at);
    const got = await ask<number>('a file cannot be read', (done) => {
      sftp.read(handle, buffer, at, length, from + at, (error, read) => done(error && !isEndOfFile(error) ? error : undefined, read ?? 0));
    });
    if (got === 0) break; // It has become shorter meanwhile.
    at += got;
  }
  return buffer.subarray(0, at);
}

/** SSH_FX_EOF */
const isEndOfFile = (error: unknown): boolean => (error as { code?: unknown }).code === 1;

/** Absolute. */
export const realPath = (sftp: SFTPWrapper, path: string): Promise<string> =>
  ask<string>(`${path} cannot be looked up`, (done) => sftp.realpath(path, done));
