/**
 * How an error that nobody caught is shown: a user's mistake as its message, the script's own error with its own frames.
 */
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { FlotillaError } from '../lib/errors/flotilla-error.ts';
import { showControls } from '../lib/errors/message-parts.ts';

/** The folders of this package, source tree or dist. A script may well lie beside them. */
const OURS = ['lib', 'executors', 'providers', 'launchers', 'configs', 'endpoint', 'bin'].map((folder) =>
  fileURLToPath(new URL(`../${folder}/`, import.meta.url)),
);

/** @param debug FLOTILLA_DEBUG: everything. */
export const showError = (error: unknown, debug: boolean): string => showControls(describeError(error, debug));

function describeError(error: unknown, debug: boolean): string {
  if (debug) return inspect(error, { depth: 4 });
  if (!(error instanceof Error)) return `the script threw ${inspect(error)}`;
  return FlotillaError.is(error) ? showOurs(error) : `${withoutOurFrames(inspect(error, { depth: 2 }))}${remedyFor(error)}`;
}

/** A script that lies outside of every project finds no package. */
function remedyFor(error: Error): string {
  if (Reflect.get(error, 'code') !== 'ERR_MODULE_NOT_FOUND' || !error.message.startsWith("Cannot find package 'flotilla'")) return '';
  return "\nflotilla: Node looks for packages from the script's folder upwards; run `npm install flotilla` there, or put the script into your project";
}

/** Of these no frame says more. */
const SAY_IT_ALL = new Set<string>(['FLOTILLA_BUNDLE_ERROR', 'FLOTILLA_CONFIG_ERROR', 'FLOTILLA_EVENT_LOG_ERROR']);

function showOurs(error: FlotillaError): string {
  const traceback: unknown = Reflect.get(error, 'traceback');
  if (typeof traceback === 'string') return `${error.name}: ${error.message}\n${traceback.trimEnd()}`;
  if (SAY_IT_ALL.has(error.code)) return `flotilla: ${error.message}`;
  const frame = error.stack?.split('\n').find((line) => isFrame(line) && !isOurFrame(line));
  return `${error.name}: ${error.message}${frame === undefined ? '' : `\n${frame}`}`;
}

export function withoutOurFrames(text: string): string {
  const kept: string[] = [];
  for (const line of text.split('\n')) {
    if (!isOurFrame(line)) kept.push(line);
    // The last frame opens the list of the error's properties.
    else if (line.endsWith(' {')) kept.push(`${kept.pop() ?? ''} {`);
  }
  return kept.join('\n');
}

const isFrame = (line: string): boolean => /^\s+at /.test(line);

function isOurFrame(line: string): boolean {
  if (!isFrame(line)) return false;
  return line.includes('node:internal/') || OURS.some((folder) => line.includes(folder));
}
