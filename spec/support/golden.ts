/**
 * Generated text, compared with a file that people have read. `UPDATE_GOLDEN=1` writes the file instead: read it before committing.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect } from 'chai';

/** @param file such as new URL('./golden/two-nodes.pbs', import.meta.url) */
export function expectGolden(text: string, file: URL): void {
  if (process.env['UPDATE_GOLDEN'] === '1') {
    mkdirSync(dirname(file.pathname), { recursive: true });
    writeFileSync(file, text);
  }
  expect(text, `differs from ${file.pathname}`).to.equal(readFileSync(file, 'utf8'));
}
