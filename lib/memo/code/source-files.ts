/**
 * The files that code consists of: a file, and through its imports of local files everything that it loads. Packages count by their
 * version. What cannot be found counts by its name.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, extname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { digestOf } from '../memo-key.ts';
import { findJsImports } from './js-imports.ts';
import { findPythonImports, type PythonImport } from './python-imports.ts';

/** A text and the folder from which its imports are resolved. */
export interface SourceText {
  readonly text: string;
  readonly folder: string;
}

type Resolver = (source: SourceText) => Iterable<{ readonly name: string; readonly paths: readonly string[] }>;

/** @param searched folders in which Python looks for modules, besides that of the file itself. */
export const jsDigest = (root: SourceText): string => digestOfAll(root, resolveJs, /^\.[cm]?[jt]sx?$/);
export const pythonDigest = (root: SourceText, searched: readonly string[]): string =>
  digestOfAll(root, (source) => resolvePython(source, root.folder, searched), /^\.py$/);

/** Where the code lies does not count, only what it is and how its parts lie to each other. */
function digestOfAll(root: SourceText, resolveImports: Resolver, isSource: RegExp): string {
  const parts = new Map<string, string>([['', digestOf(root.text)]]);
  const queue: SourceText[] = [root];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    for (const { name, paths } of resolveImports(next)) {
      if (paths.length === 0) parts.set(name, '');
      for (const path of paths) {
        const label = relative(root.folder, path);
        if (parts.has(label)) continue;
        const content = readFileSync(path);
        parts.set(label, digestOf(content));
        if (isSource.test(extname(path))) queue.push({ text: content.toString(), folder: dirname(path) });
      }
    }
  }
  return digestOf(JSON.stringify([...parts].sort(([a], [b]) => (a < b ? -1 : 1))));
}

function* resolveJs({ text, folder }: SourceText): Iterable<{ name: string; paths: string[] }> {
  for (const specifier of findJsImports(text)) {
    if (specifier.startsWith('node:')) continue;
    const local = localPath(specifier, folder);
    if (local === undefined) yield { name: nameOfPackage(specifier, folder), paths: [] };
    else yield { name: specifier, paths: [fileAt(local)].filter((path) => path !== undefined) };
  }
}

/** `require` adds them by itself. */
const JS_ENDINGS = ['', '.js', '.ts', '.json', '.cjs', '.mjs', '/index.js', '/index.ts'];

/** The file that an import of `local` loads, if there is one. */
export const fileAt = (local: string): string | undefined => JS_ENDINGS.map((ending) => local + ending).find(isFile);

/** Where a specifier leads that names no package. @returns absolute path, which may lack its ending. */
export function localPath(specifier: string, folder: string): string | undefined {
  if (specifier.startsWith('file:')) return fileURLToPath(specifier);
  return /^\.{0,2}\//.test(specifier) ? resolve(folder, specifier.replace(/[?#].*$/, '')) : undefined;
}

/** 'lodash@4.17.21', or the bare name where no such package is installed. */
function nameOfPackage(specifier: string, folder: string): string {
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
  for (let at = folder; ; at = dirname(at)) {
    const manifest = join(at, 'node_modules', name, 'package.json');
    if (existsSync(manifest)) return `${name}@${versionIn(manifest)}`;
    if (dirname(at) === at) return name;
  }
}

function versionIn(manifest: string): string {
  try {
    return String((JSON.parse(readFileSync(manifest, 'utf8')) as { version?: unknown }).version);
  } catch {
    return 'unknown'; // being installed, or broken: whoever imports it will say so
  }
}

function* resolvePython(
  { text, folder }: SourceText,
  rootFolder: string,
  searched: readonly string[],
): Iterable<{ name: string; paths: string[] }> {
  for (const each of findPythonImports(text)) {
    const from = each.level === 0 ? [rootFolder, ...searched] : [resolve(folder, ...Array<string>(each.level - 1).fill('..'))];
    const paths = from.map((base) => pythonFiles(each, base)).find((found) => found.length > 0) ?? [];
    // A module of the interpreter's own, or one that is installed: it counts by its name, and that is in the text.
    if (paths.length > 0) yield { name: each.module, paths };
  }
}

/** The module's file, the `__init__` of each package on the way, and the modules among its names. */
export function pythonFiles({ module, names }: PythonImport, base: string): string[] {
  const steps = module === '' ? [] : module.split('.');
  const packages = steps.map((_, i) => join(base, ...steps.slice(0, i + 1)));
  const last = packages.at(-1) ?? base;
  const candidates = [
    ...packages.map((path) => join(path, '__init__.py')),
    `${last}.py`,
    ...names.flatMap((name) => [join(last, `${name}.py`), join(last, name, '__init__.py')]),
  ];
  return candidates.filter(isFile);
}

export const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
