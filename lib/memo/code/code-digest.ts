/**
 * What an app's code is, as a digest: its source, or the module or file that it is in, with the local files that it imports. Read
 * once for a kernel, when the app is first called: who edits a file during a run gets what the workers have loaded.
 */
import { readFileSync } from 'node:fs';
import { delimiter, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AppEntry } from '../../apps/app-entry.ts';
import type { JsDefinition, PythonDefinition } from '../../task-spec.ts';
import { unpack } from '../../wire/value-codec.ts';
import { digestOf } from '../memo-key.ts';
import { jsDigest, pythonDigest, pythonFiles } from './source-files.ts';

/** @throws Error of the file system if a module or file cannot be read. */
export function codeDigest(entry: AppEntry, cwd: string): string {
  switch (entry.kind) {
    case 'js':
      return digestOfJs(definitionOf<JsDefinition>(entry), cwd);
    case 'python':
      return digestOfPython(definitionOf<PythonDefinition>(entry), cwd);
    default:
      // What a body runs in the driver imports, it imports as values: text is all there is to see.
      return digestOf(`${'prefix' in entry ? entry.prefix : ''}${entry.body.toString()}`);
  }
}

export const definitionOf = <D>(entry: AppEntry & { kind: 'js' | 'python' }): D => unpack(entry.fn.definition) as D;

function digestOfJs({ form, source = '', filename, url = '', exportName = '' }: JsDefinition, cwd: string): string {
  if (form === 'source') return jsDigest({ text: source, folder: filename === undefined ? cwd : dirname(filename) });
  if (!url.startsWith('file:')) return digestOf(`${url}\0${exportName}`);
  const path = fileURLToPath(url);
  return digestOf(`${jsDigest({ text: readFileSync(path, 'utf8'), folder: dirname(path) })}\0${exportName}`);
}

function digestOfPython(definition: PythonDefinition, cwd: string): string {
  const { form, source = '', path = '', module = '', function: name, python = '' } = definition;
  const searched = [cwd, ...(process.env.PYTHONPATH ?? '').split(delimiter).filter((folder) => folder !== '')];
  const withName = (digest: string): string => digestOf(`${digest}\0${name}\0${python}`);
  if (form === 'source') return withName(pythonDigest({ text: source, folder: cwd }, searched));
  if (form === 'file') return withName(pythonDigest({ text: readFileSync(path, 'utf8'), folder: dirname(path) }, searched));
  const base = searched.find((folder) => pythonFiles({ level: 0, module, names: [] }, folder).length > 0) ?? cwd;
  return withName(pythonDigest({ text: `import ${module}\n`, folder: base }, searched));
}
