/**
 * Processes of a run that ended by an error of their own: whoever was killed has no last words, so that other blocks and workers take over
 * as they should, and nobody would notice.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where Node and Python say so. */
const LAST_WORDS = /^(Node\.js v\d|Traceback \(most recent call last\))/m;
const ERROR = /^\w*(Error|Exception)\b.*$/m;

/** @param runDir all that its processes print is below. @returns a line for each. */
export function crashesIn(runDir: string): string[] {
  const paths = readdirSync(runDir, { recursive: true, encoding: 'utf8' }).filter((path) => /(\.stderr|interchange\.log)$/.test(path));
  return paths.flatMap((path) => {
    const text = readFileSync(join(runDir, path), 'utf8');
    return LAST_WORDS.test(text) ? [`a process crashed: ${path}: ${ERROR.exec(text)?.[0] ?? text.slice(-200)}`] : [];
  });
}
