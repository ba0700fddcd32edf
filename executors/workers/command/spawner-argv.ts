/**
 * How the two spawners are started, from source and from the build, and what of the environment would disturb them.
 */
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Processors whose system calls spawner.pl knows by number. */
const PERL_ARCHITECTURES = ['x64', 'arm64', 'ppc64'];

export const HAS_PERL_SPAWNER = process.platform === 'linux' && PERL_ARCHITECTURES.includes(process.arch);

export function perlSpawnerArgv(groupFile: string): string[] {
  return ['perl', fileURLToPath(new URL('./spawner.pl', import.meta.url)), process.arch, groupFile];
}

export function nodeSpawnerArgv(groupFile: string): string[] {
  const entry = new URL(`./node-spawner-entry${extname(import.meta.url)}`, import.meta.url);
  return [process.execPath, fileURLToPath(entry), groupFile];
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
