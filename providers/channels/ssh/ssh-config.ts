/**
 * What OpenSSH's client configuration says of a host: the keywords by which it is reached, and no others. Source: ssh_config(5).
 * `Match` is followed where it asks for `all`, `host`, `originalhost` or `user`; a Match that asks for anything else never applies.
 */
import { globSync, readFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { matchesPatterns } from './patterns.ts';

/** The first value that applies to the host wins; of IdentityFile all count. */
export interface HostSettings {
  readonly hostname?: string;
  readonly port?: string;
  readonly user?: string;
  readonly proxyjump?: string;
  readonly identityagent?: string;
  readonly identitiesonly?: string;
  readonly hostkeyalias?: string;
  readonly userknownhostsfile?: string;
  readonly globalknownhostsfile?: string;
  readonly identityFiles: readonly string[];
}

const SINGLE = [
  'hostname',
  'port',
  'user',
  'proxyjump',
  'identityagent',
  'identitiesonly',
  'hostkeyalias',
  'userknownhostsfile',
  'globalknownhostsfile',
] as const;
type Single = (typeof SINGLE)[number];

/** OpenSSH reads no deeper. */
const MAX_INCLUDES = 16;

interface Reading {
  readonly host: string;
  /** As written elsewhere than in a configuration. */
  readonly user: string | undefined;
  /** Relative files of Include lie here. */
  readonly folder: string;
  readonly found: Map<Single, string>;
  readonly identityFiles: string[];
}

export interface ConfigQuery {
  /** As the user wrote it: perhaps an alias. */
  readonly host: string;
  readonly user?: string | undefined;
  /** Those that are not there are passed over. The first wins. */
  readonly files: readonly string[];
  /** `~/.ssh` */
  readonly folder: string;
}

export function readHostSettings({ host, user, files, folder }: ConfigQuery): HostSettings {
  const reading: Reading = { host, user, folder, found: new Map(), identityFiles: [] };
  for (const file of files) readFile(file, reading, 0, true);
  return { ...Object.fromEntries(reading.found), identityFiles: reading.identityFiles };
}

/** @param applies whether the lines before the first Host do. */
function readFile(path: string, reading: Reading, depth: number, applies: boolean): void {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return; // Most users have one file or none.
  }
  let active = applies;
  for (const line of text.split('\n')) {
    const [keyword = '', ...words] = wordsOf(line);
    if (keyword === 'host') active = applies && matchesPatterns(reading.host, words);
    else if (keyword === 'match') active = applies && matches(words, reading);
    else if (active && keyword === 'include' && depth < MAX_INCLUDES) include(words, reading, depth);
    else if (active) take(keyword, words, reading);
  }
}

/** `Keyword value`, `Keyword=value` and `Keyword "value with spaces"`; the keyword in small letters. */
function wordsOf(line: string): string[] {
  const [, keyword = '', rest = ''] = /^\s*([A-Za-z]+)(?:\s*=\s*|\s+)(.*)$/.exec(line) ?? [];
  if (keyword === '') return [];
  const words = [...rest.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
  const comment = words.findIndex((word) => word.startsWith('#'));
  return [keyword.toLowerCase(), ...(comment === -1 ? words : words.slice(0, comment))];
}

function include(patterns: readonly string[], reading: Reading, depth: number): void {
  for (const pattern of patterns) {
    const path = pattern.startsWith('~/') ? join(reading.folder, '..', pattern.slice(2)) : pattern;
    const files = globSync(isAbsolute(path) ? path : join(reading.folder, path)).sort();
    for (const file of files) readFile(file, reading, depth + 1, true);
  }
}

function take(keyword: string, words: readonly string[], { found, identityFiles }: Reading): void {
  const [first] = words;
  if (first === undefined) return;
  if (keyword === 'identityfile') identityFiles.push(first);
  const single = SINGLE.find((name) => name === keyword);
  const value = keyword.endsWith('knownhostsfile') ? words.join(' ') : first;
  if (single !== undefined && !found.has(single)) found.set(single, value);
}

/** Criteria come one after the other, each with its patterns; all must hold. */
function matches(words: readonly string[], { host, user, found }: Reading): boolean {
  const rest = [...words];
  while (rest.length > 0) {
    const criterion = rest.shift()?.toLowerCase();
    if (criterion === 'all') continue;
    const patterns = (rest.shift() ?? '').split(',');
    if (!holds(criterion, patterns)) return false;
  }
  return true;

  function holds(criterion: string | undefined, patterns: readonly string[]): boolean {
    if (criterion === 'originalhost') return matchesPatterns(host, patterns);
    if (criterion === 'host') return matchesPatterns(found.get('hostname')?.replaceAll('%h', host) ?? host, patterns);
    if (criterion === 'user') return matchesPatterns(user ?? found.get('user') ?? '', patterns);
    return false;
  }
}
