/**
 * Runs an example as a user does, in a folder of its own.
 */
import { fileURLToPath } from 'node:url';
import { makeScriptFolder, type RunResult, type StartedRun } from './flotilla-run.ts';

export interface ExampleFolder {
  readonly path: string;
  write(name: string, text: string): Promise<string>;
  /** @param args of the example. @param options of `flotilla run`. */
  run(name: string, args?: readonly string[], options?: readonly string[]): Promise<RunResult>;
  start(name: string, args?: readonly string[], options?: readonly string[]): StartedRun;
  remove(): Promise<void>;
}

const FROM_SOURCE = { NODE_OPTIONS: `--import=${new URL('./from-source.fixture.ts', import.meta.url).href}` };

export const examplePath = (name: string): string => fileURLToPath(new URL(`../../examples/${name}`, import.meta.url));

export async function makeExampleFolder(): Promise<ExampleFolder> {
  const { path, write, start, remove } = await makeScriptFolder();
  const begin: ExampleFolder['start'] = (name, args = [], options = []) =>
    start(['run', examplePath(name), ...options, '--', ...args], FROM_SOURCE);
  return { path, write, remove, start: begin, run: (...call) => begin(...call).result };
}
