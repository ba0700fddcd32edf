/**
 * The project's own source files and what each imports, for specs about the house.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, extname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'acorn';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Folders with code that is in the package, lowest first: each may import those before it. */
export const LAYERS = ['lib', 'launchers', 'providers', 'executors', 'configs', 'bin'] as const;

const OTHERS = ['spec', 'bench', 'examples', 'scripts'];
const KINDS = ['.ts', '.mjs', '.py', '.pl', '.c', '.h', '.sh', '.yaml'];

/** Paths from the root. */
export function sourceFiles(folders: readonly string[] = [...LAYERS, ...OTHERS]): string[] {
  return folders
    .filter((folder) => existsSync(join(ROOT, folder)))
    .flatMap((folder) => readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && KINDS.includes(extname(entry.name)) && !entry.parentPath.includes('/runinfo'))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .sort();
}

export const readSource = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** What a TypeScript file names in imports of ours, types among them, as paths from the root. */
export function namedImports(path: string, text: string): string[] {
  const code = text.replace(/^\s*(\*|\/\/|\/\*).*$/gm, '');
  return [...code.matchAll(/\b(?:from|import)\s*\(?\s*'(\.{1,2}\/[^']+)'/g)].map(([, specifier = '']) => resolveFrom(path, specifier));
}

/** What is loaded before the file itself runs: its imports once the types are gone, without `import()`. */
export function loadedImports(path: string, text: string): string[] {
  const { body } = parse(stripTypeScriptTypes(text), { ecmaVersion: 'latest', sourceType: 'module', allowHashBang: true });
  return body.flatMap((statement) => {
    const specifier = 'source' in statement ? statement.source?.value : undefined;
    return typeof specifier === 'string' && specifier.startsWith('.') ? [resolveFrom(path, specifier)] : [];
  });
}

const resolveFrom = (path: string, specifier: string): string => join(dirname(path), specifier);
