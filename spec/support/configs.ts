/**
 * Config files in a folder of their own, and the problems that reading them brings to light.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '../../lib/errors/config-error.ts';

export interface ConfigFolder {
  readonly path: string;
  /** @returns absolute path. */
  write(name: string, text: string): Promise<string>;
  remove(): Promise<void>;
}

export async function makeConfigFolder(): Promise<ConfigFolder> {
  const path = await mkdtemp(join(tmpdir(), 'flotilla-config-'));
  return {
    path,
    async write(name, text) {
      await writeFile(join(path, name), text);
      return join(path, name);
    },
    remove: () => rm(path, { recursive: true, force: true }),
  };
}

/** The ConfigError that `attempt` ends in; anything else fails the spec. */
export async function configErrorOf(attempt: () => unknown): Promise<ConfigError> {
  try {
    await attempt();
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('the config was not refused');
}
