/**
 * A limit of processes and threads that holds for root too: a control group of the machine, where this process may make one.
 */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from './eventually.ts';

/** cgroups(7): version 1 mounts each controller by itself; in version 2 the root has to hand it on. */
const ROOTS = ['/sys/fs/cgroup/pids', '/sys/fs/cgroup'];

export class PidsLimit {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** @returns undefined where that is not allowed. */
  static make(name: string): PidsLimit | undefined {
    for (const root of ROOTS) {
      const folder = join(root, name);
      try {
        mkdirSync(folder);
      } catch {
        // No such controller here, or not ours to use.
        continue;
      }
      if (existsSync(join(folder, 'pids.max'))) return new PidsLimit(folder);
      rmdirSync(folder);
    }
    return undefined;
  }

  /** With what it starts from now on. */
  add(pid: number): void {
    writeFileSync(join(this.#folder, 'cgroup.procs'), String(pid));
  }

  /** Not one more than there are. */
  allowNoMore(): void {
    writeFileSync(join(this.#folder, 'pids.max'), readFileSync(join(this.#folder, 'pids.current')));
  }

  lift(): void {
    writeFileSync(join(this.#folder, 'pids.max'), 'max');
  }

  /** How often something could not be started. */
  get refusals(): number {
    return Number(/max (\d+)/.exec(readFileSync(join(this.#folder, 'pids.events'), 'utf8'))?.[1] ?? 0);
  }

  /** Once all of its processes are gone. */
  async remove(): Promise<void> {
    await eventually('the end of all in the control group', () => {
      try {
        rmdirSync(this.#folder);
        return true;
      } catch {
        // EBUSY: somebody is still in it.
        return false;
      }
    });
  }
}
