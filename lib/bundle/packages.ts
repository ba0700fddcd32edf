/**
 * Which installed packages go into a bundle, and where in its node_modules each lies, so that every one finds its own dependencies
 * as it does here. Copies nothing.
 */
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { BundleError } from '../errors/bundle-error.ts';
import { type Manifest, readManifest } from './own-imports.ts';
import type { Target } from './target.ts';

export interface PlacedPackage {
  readonly name: string;
  readonly version: string;
  /** Absolute, without symlinks. */
  readonly from: string;
  /** In the bundle: 'node_modules/a/node_modules/b'. */
  readonly to: string;
}

/** Used while something is compiled, and never after that. */
const FOR_BUILDING = new Set(['node-addon-api', 'nan', 'node-gyp', 'prebuild-install']);

/** Of packages within packages; real ones stay far below. */
const DEEPEST = 30;

export class PackageTree {
  readonly #placed = new Map<string, PlacedPackage>();
  readonly #target: Target;
  readonly warnings: string[] = [];

  constructor(target: Target) {
    this.#target = target;
  }

  get packages(): readonly PlacedPackage[] {
    return [...this.#placed.values()];
  }

  /** Takes the package that an import of `name` in `folder` would find, with all that it depends on. */
  add(name: string, folder: string): void {
    if (name.startsWith('@types/')) return;
    const from = findInstalled(name, folder);
    if (from === undefined) this.warnings.push(`package ${name}, imported in ${folder}, is not installed`);
    else this.place(name, from, '');
  }

  /** @param from its folder. @param requester where in the bundle the package lies that needs it; '' for the user's own files. */
  place(name: string, from: string, requester: string): void {
    const found = this.#visibleFrom(requester, name);
    if (found?.from === from) return;
    const manifest = readManifest(from);
    const to = `${found === undefined || requester === '' ? '' : `${requester}/`}node_modules/${name}`;
    if (to.split('/node_modules/').length > DEEPEST) throw new BundleError(`packages need each other in a circle of versions: ${to}`);
    this.#placed.set(to, { name, version: manifest.version ?? 'unknown', from, to });
    if (!from.includes('/node_modules/') && name !== 'flotilla')
      this.warnings.push(`package ${name} is linked from ${from}; TypeScript in it cannot be run from node_modules`);
    for (const dependency of this.#dependenciesOf(manifest, from)) this.place(dependency.name, dependency.from, to);
  }

  /** As Node looks for it: in the requester's own node_modules, then in those around it. */
  #visibleFrom(requester: string, name: string): PlacedPackage | undefined {
    for (let at = requester; at !== ''; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
      const nested = this.#placed.get(`${at}/node_modules/${name}`);
      if (nested !== undefined) return nested;
    }
    return this.#placed.get(`node_modules/${name}`);
  }

  *#dependenciesOf(manifest: Manifest, from: string): Iterable<{ name: string; from: string }> {
    const { dependencies = {}, optionalDependencies = {}, peerDependencies = {} } = manifest;
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })) {
      if (FOR_BUILDING.has(name) || name.startsWith('@types/')) continue;
      const found = findInstalled(name, from);
      if (found !== undefined && isFor(readManifest(found), this.#target)) yield { name, from: found };
      else if (found === undefined && name in dependencies && !(name in optionalDependencies))
        this.warnings.push(`package ${name}, which ${manifest.name ?? from} needs, is not installed`);
    }
  }
}

/** @returns the folder itself, behind symlinks. */
function findInstalled(name: string, folder: string): string | undefined {
  for (let at = folder; ; at = dirname(at)) {
    const candidate = join(at, 'node_modules', name);
    if (existsSync(join(candidate, 'package.json'))) return realpathSync(candidate);
    if (dirname(at) === at) return undefined;
  }
}

/** npm installs what is for this machine; the bundle's may be another. */
function isFor({ os, cpu, libc }: Manifest, target: Target): boolean {
  return allows(os, target.platform) && allows(cpu, target.arch) && allows(libc, target.libc);
}

function allows(list: readonly string[] | undefined, value: string | undefined): boolean {
  if (list === undefined || list.length === 0 || value === undefined) return true;
  const [only, not] = [list.filter((each) => !each.startsWith('!')), list.filter((each) => each.startsWith('!'))];
  return !not.includes(`!${value}`) && (only.length === 0 || only.includes(value));
}
