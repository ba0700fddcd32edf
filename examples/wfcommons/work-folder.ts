/**
 * The folder in which a workflow runs: `files/` with all its files, `lists/` with what each task reads and writes.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { folderName } from './file-name.ts';
import { UsageError } from './usage.ts';

export class WorkFolder {
  readonly path: string;
  readonly #keep: boolean;
  readonly #remove = (): void => rmSync(this.path, { recursive: true, force: true });

  private constructor(path: string, keep: boolean) {
    this.path = path;
    this.#keep = keep;
    mkdirSync(this.files, { recursive: true });
    mkdirSync(join(path, 'lists'), { recursive: true });
    // An interrupted run ends without coming back to the script.
    if (!keep) process.once('exit', this.#remove);
  }

  /**
   * In the working directory, which workers on other nodes see too.
   * @param keep the folder to use, and to leave there. @throws UsageError if it has something in it.
   */
  static create(keep: string | undefined): WorkFolder {
    if (keep === undefined) return new WorkFolder(resolve(`wfcommons-${randomBytes(4).toString('hex')}`), false);
    if (!isEmpty(keep))
      throw new UsageError(`--keep ${keep}: the folder is not empty, and files of an earlier run would pass for this one's`);
    return new WorkFolder(resolve(keep), true);
  }

  get files(): string {
    return join(this.path, 'files');
  }

  fileOf(file: string): string {
    return join(this.files, folderName(file));
  }

  /** Files of their full size that take no room: holes. */
  async createSparse(file: string, bytes: number): Promise<void> {
    await using handle = await open(this.fileOf(file), 'w');
    await handle.truncate(bytes);
  }

  /** What task.sh reads. @returns its path. */
  writeList(index: number, inputs: readonly string[], outputs: readonly string[], sizes: ReadonlyMap<string, number>): string {
    const path = join(this.path, 'lists', String(index));
    const line = (kind: 'in' | 'out', file: string): string => `${kind}/${sizes.get(file) ?? 0}/${folderName(file)}\n`;
    writeFileSync(path, [...inputs.map((file) => line('in', file)), ...outputs.map((file) => line('out', file))].join(''));
    return path;
  }

  [Symbol.dispose](): void {
    if (this.#keep) return;
    process.off('exit', this.#remove);
    this.#remove();
  }
}

function isEmpty(folder: string): boolean {
  try {
    return readdirSync(folder).length === 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true;
    throw new UsageError(`--keep ${folder}: ${(error as Error).message}`);
  }
}
