/**
 * This package as it is installed: what of it goes into a bundle.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BundleError } from '../errors/bundle-error.ts';
import { readManifest, scopeOf } from './own-imports.ts';
import { filesOfPackage } from './package-files.ts';
import type { Target } from './target.ts';

/** Its folder. @throws BundleError in a checkout that has not been built. */
export function ownPackage(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  const root = scopeOf(here);
  if (root === undefined || readManifest(root).name !== 'flotilla') throw new BundleError(`the package of ${here} cannot be found`);
  if (!existsSync(join(root, 'dist/bin/flotilla.js')))
    throw new BundleError(`${root} has not been built, and a bundle takes what is built: run npm run build there`);
  return root;
}

/** What the build has compiled says in its name for which machine. */
const PROGRAM = /\/spawner-([a-z0-9]+-[a-z0-9]+)$/;

export const isOwnProgram = (file: string): boolean => PROGRAM.test(file);

/** Relative to its folder. */
export async function filesOfOwnPackage(root: string, target: Target): Promise<string[]> {
  const { files } = await filesOfPackage(join(root, 'dist'), target);
  return ['package.json', 'LICENSE', ...files.filter((file) => isFor(file, target)).map((file) => `dist/${file}`)].filter((file) =>
    existsSync(join(root, file)),
  );
}

function isFor(file: string, { platform, arch }: Target): boolean {
  const machine = PROGRAM.exec(file)?.[1];
  return machine === undefined || machine === `${platform}-${arch}`;
}
