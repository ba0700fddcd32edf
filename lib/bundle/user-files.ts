/**
 * What a script consists of: its modules, Python files and configs, and the packages that they import. Reads texts, runs nothing.
 *
 * It keeps files apart from packages: files go as they are, packages whole.
 */
import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, extname, isAbsolute, relative } from 'node:path';
import { findJsImports } from '../memo/code/js-imports.ts';
import { findPythonImports } from '../memo/code/python-imports.ts';
import { fileAt, isFile, localPath, pythonFiles } from '../memo/code/source-files.ts';
import { findComputedImports } from './computed-imports.ts';
import { findNamedFiles } from './named-files.ts';
import { scopeOf, targetsOfOwnImport } from './own-imports.ts';

export interface UserFiles {
  /** Absolute paths, in the order in which they were found. */
  readonly files: readonly string[];
  /** Name → a folder from which it is imported. */
  readonly packages: ReadonlyMap<string, string>;
  /** What could not be followed. */
  readonly warnings: readonly string[];
}

const SCRIPT = /^\.[cm]?[jt]sx?$/;
const PACKAGE = /^(@[a-z\d~-][\w.~-]*\/)?[a-z\d~-][\w.~-]*(\/|$)/i;
/** These come with every bundle. */
const OURS = /^flotilla(\/|$)/;

/** @param roots absolute paths of files. @param cwd where the user is: relative paths in options of apps lead from there. */
export function findUserFiles(roots: readonly string[], cwd: string): UserFiles {
  const search = new Search(cwd);
  for (const root of roots) search.add(root);
  search.run();
  return search;
}

class Search implements UserFiles {
  readonly packages = new Map<string, string>();
  readonly warnings: string[] = [];
  readonly #seen = new Set<string>();
  readonly #queue: string[] = [];
  readonly #cwd: string;

  constructor(cwd: string) {
    this.#cwd = cwd;
  }

  get files(): readonly string[] {
    return [...this.#seen];
  }

  add(path: string): void {
    if (this.#seen.has(path)) return;
    this.#seen.add(path);
    this.#queue.push(path);
  }

  run(): void {
    for (let path = this.#queue.shift(); path !== undefined; path = this.#queue.shift()) {
      const ending = extname(path);
      if (SCRIPT.test(ending)) this.#readScript(path, readFileSync(path, 'utf8'));
      else if (ending === '.py') this.#readPython(path, readFileSync(path, 'utf8'));
    }
  }

  #readScript(path: string, text: string): void {
    const folder = dirname(path);
    for (const specifier of findJsImports(text)) this.#follow(specifier, path);
    for (const named of findNamedFiles(text, [this.#cwd, folder])) this.add(named);
    for (const { line, text: what } of findComputedImports(text)) {
      this.#warn(`${this.#show(path)}:${line} loads ${what}, a computed name: --include what it may be`);
    }
    // Modules that Python source within the script imports.
    if (text.includes('pythonApp')) this.#addPython(text, folder, [this.#cwd]);
  }

  #follow(specifier: string, from: string): void {
    // A template that computes its name is warned of by what finds those.
    if (specifier.includes('${')) return;
    if (isBuiltin(specifier) || OURS.test(specifier) || /^(https?|data):/.test(specifier)) return;
    const folder = dirname(from);
    if (isAbsolute(specifier) || specifier.startsWith('file:')) {
      this.#warn(`${this.#show(from)} names ${specifier}, an absolute path: it is not taken along, and looked for there`);
    } else if (specifier.startsWith('#')) {
      const scope = scopeOf(folder);
      const targets = scope === undefined ? [] : targetsOfOwnImport(specifier, scope);
      for (const target of targets) {
        if (isAbsolute(target)) this.#addLocal(target, specifier, from);
        else this.#follow(target, from);
      }
    } else {
      const local = localPath(specifier, folder);
      if (local !== undefined) this.#addLocal(local, specifier, from);
      else if (PACKAGE.test(specifier)) this.#addPackage(specifier, folder);
    }
  }

  #addLocal(local: string, specifier: string, from: string): void {
    const path = fileAt(local);
    if (path !== undefined) this.add(path);
    else if (SCRIPT.test(extname(local))) this.#warn(`${this.#show(from)} names ${specifier}, which is not there`);
  }

  #addPackage(specifier: string, folder: string): void {
    const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
    if (!this.packages.has(name)) this.packages.set(name, folder);
  }

  #readPython(path: string, text: string): void {
    this.#addPython(text, dirname(path), [dirname(path), this.#cwd]);
  }

  #addPython(text: string, folder: string, searched: readonly string[]): void {
    for (const each of findPythonImports(text)) {
      const bases = each.level === 0 ? searched : [parentOf(folder, each.level - 1)];
      const found = bases.map((base) => pythonFiles(each, base)).find((paths) => paths.length > 0) ?? [];
      for (const path of found.filter(isFile)) this.add(path);
    }
  }

  #warn(text: string): void {
    if (!this.warnings.includes(text)) this.warnings.push(text);
  }

  #show(path: string): string {
    const shown = relative(this.#cwd, path);
    return shown.startsWith('..') ? path : shown;
  }
}

const parentOf = (folder: string, steps: number): string => (steps === 0 ? folder : parentOf(dirname(folder), steps - 1));
