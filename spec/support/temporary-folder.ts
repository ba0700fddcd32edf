/** A folder of a spec's own, with files in it. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export class TemporaryFolder {
  /** Absolute, without symlinks. */
  readonly path = realpathSync(mkdtempSync(join(tmpdir(), 'flotilla-spec-')));

  at(name: string): string {
    return join(this.path, name);
  }

  /** @returns its absolute path. */
  write(name: string, content: string | Uint8Array = '', mode = 0o644): string {
    const path = this.at(name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content, { mode });
    return path;
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
