/**
 * How the spawners are started, from source and from the build, and what of the environment would disturb them.
 */
import { readdirSync, statSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Best first; what cannot work on a machine is found out by starting it. */
export const SPAWNER_KINDS = ['native', 'perl', 'node'] as const;
export type SpawnerKind = (typeof SPAWNER_KINDS)[number];

/** Processors whose system calls spawner.pl knows by number. */
const PERL_ARCHITECTURES = ['x64', 'arm64', 'ppc64'];

const isFromSource = import.meta.url.endsWith('.ts');
const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Made by the build, beside spawner.pl there. In a checkout it is the build's too. */
export const NATIVE_SPAWNER = at(
  `${isFromSource ? '../../../dist/executors/workers/command' : '.'}/spawner-${process.platform}-${process.arch}`,
);

/** Whether there may be such a spawner here. */
export function hasSpawner(kind: SpawnerKind): boolean {
  if (kind === 'native') return hasNativeSpawner();
  return kind === 'node' || (process.platform === 'linux' && PERL_ARCHITECTURES.includes(process.arch));
}

/** In a checkout one that is older than its source may speak otherwise. */
function hasNativeSpawner(): boolean {
  const made = statSync(NATIVE_SPAWNER, { throwIfNoEntry: false });
  if (made === undefined || !isFromSource) return made !== undefined;
  const folder = at('./native/');
  return readdirSync(folder).every((file) => statSync(folder + file).mtimeMs <= made.mtimeMs);
}

export function spawnerArgv(kind: SpawnerKind, stateFile: string): string[] {
  switch (kind) {
    case 'native':
      return [NATIVE_SPAWNER, stateFile];
    case 'perl':
      return ['perl', at('./spawner.pl'), process.arch, stateFile];
    case 'node':
      return [process.execPath, at(`./node-spawner-entry${extname(import.meta.url)}`), stateFile];
  }
}

/** Variables that change how perl or Node start. They belong to the commands, not to the helper. */
const DISTURBING = ['PERL5OPT', 'PERL5LIB', 'PERLLIB', 'PERL_UNICODE', 'PERLIO', 'PERL5DB', 'NODE_OPTIONS', 'NODE_V8_COVERAGE'];

type Environment = Readonly<Record<string, string | undefined>>;

/** The environment for a helper. */
export function withhold(env: Environment): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !DISTURBING.includes(name)));
}

/** What {@link withhold} took away, to be given to each command. */
export function withheld(env: Environment): Record<string, string> {
  const taken: Record<string, string> = {};
  for (const name of DISTURBING) if (env[name] !== undefined) taken[name] = env[name];
  return taken;
}
