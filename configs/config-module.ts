/**
 * A config that is a module: imports it and takes its default export. Such a module must not call load(), which would wait for the
 * module itself, for ever: that is refused.
 */
import { realpath } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { callerFile } from '../lib/apps/call-site.ts';
import { ConfigError } from '../lib/errors/config-error.ts';

/** Path of the module that is being read, on globalThis because that may import another copy of the package. */
const KEY = Symbol.for('flotilla.configBeingRead');
const holder = globalThis as { [KEY]?: string | undefined };

/** The module in which load() was called; to be called by load() at once. @throws ConfigError while a config module is being read. */
export function callerOfLoad(): string | undefined {
  if (holder[KEY] !== undefined) throw callsLoad(holder[KEY]);
  return callerFile()?.file;
}

/**
 * @param path Absolute.
 * @param loader The module that waits for it.
 * @returns its default export; where that is a function, what it returns.
 * @throws ConfigError if the module calls load(), as `loader` does; whatever it throws.
 */
export async function importDefault(path: string, loader: string | undefined): Promise<unknown> {
  if ((await realpath(path)) === loader) throw callsLoad(path);
  holder[KEY] = path;
  try {
    const module = (await import(pathToFileURL(path).href)) as { default?: unknown };
    return typeof module.default === 'function' ? await module.default() : module.default;
  } finally {
    holder[KEY] = undefined;
  }
}

const callsLoad = (path: string): ConfigError =>
  new ConfigError(
    `${path}: load() was called by a config module, or while one was being read, and would wait for itself. ` +
      'A config module exports a Config and must not call load(): keep the config in a file of its own',
  );
