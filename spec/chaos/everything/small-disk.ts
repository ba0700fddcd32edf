/** A file system of a few MB that can be filled; none where only root may mount. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Below what a run wants to have free. */
const LEFT_BYTES = 4 << 20;
const MEBIBYTE = Buffer.alloc(1 << 20);

export class SmallDisk implements AsyncDisposable {
  readonly path: string | undefined;

  private constructor(path: string | undefined) {
    this.path = path;
  }

  static async mount(size: string): Promise<SmallDisk> {
    const path = mkdtempSync(join(tmpdir(), 'flotilla-disk-'));
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path], { stdio: 'ignore' });
      return new SmallDisk(path);
    } catch {
      console.log('      without a full disk: file systems are mounted by root only');
      rmSync(path, { recursive: true });
      return new SmallDisk(undefined);
    }
  }

  /** Until `empty`. */
  fill(): void {
    if (this.path === undefined) return;
    const filler = join(this.path, 'filler');
    try {
      while (this.#free > LEFT_BYTES) writeFileSync(filler, MEBIBYTE, { flag: 'a' });
    } catch {
      // Others write there too: fuller than it was to be.
    }
  }

  get #free(): number {
    const { bavail, bsize } = statfsSync(this.path as string);
    return bavail * bsize;
  }

  empty(): void {
    if (this.path !== undefined) rmSync(join(this.path, 'filler'), { force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.path === undefined) return;
    execFileSync('umount', ['-l', this.path], { stdio: 'ignore' });
    rmSync(this.path, { recursive: true, force: true });
  }
}
