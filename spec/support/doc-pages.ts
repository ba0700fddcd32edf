/**
 * The pages of the documentation and the code in them. A fence's first line may say more than its language:
 *
 *   ts              compiled
 *   ts run          compiled and run; a fence `text output` behind it is what it prints
 *   ts file=sim.ts  compiled, and there for the scripts of its page to use; so are other languages with `file=`
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { ROOT } from './source-tree.ts';

export interface Fence {
  readonly language: string;
  readonly isRun: boolean;
  readonly file: string | undefined;
  readonly code: string;
  /** From 1, of the code's first line. */
  readonly line: number;
  /** What the script prints, where the page shows it. */
  readonly output: string | undefined;
}

export interface Page {
  /** From the root: 'docs/apps.md'. */
  readonly path: string;
  readonly text: string;
  readonly fences: readonly Fence[];
}

export function readPages(): Page[] {
  const pages = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md'));
  return ['README.md', 'CHANGELOG.md', ...pages.sort().map((name) => `docs/${name}`)].map((path) => {
    const text = readFileSync(join(ROOT, path), 'utf8');
    return { path, text, fences: findFences(text) };
  });
}

function findFences(text: string): Fence[] {
  const found = [...text.matchAll(/^```(\w+)([^\n]*)\n([\s\S]*?)^```$/gm)].map(([, language = '', words = '', code = ''], index, all) => {
    const line = text.slice(0, all[index]?.index).split('\n').length + 1;
    return { language, words: words.trim().split(/\s+/), code, line };
  });
  return found.map(({ language, words, code, line }, index) => {
    const next = found[index + 1];
    const output = next?.language === 'text' && next.words.includes('output') ? next.code : undefined;
    const file = words.find((word) => word.startsWith('file='))?.slice('file='.length);
    return { language, isRun: words.includes('run'), file, code, line, output };
  });
}

/** Links to files of this project that are not there, and to headings that their page does not have. */
export function brokenLinks({ path, text }: Page): string[] {
  const links = [...withoutFences(text).matchAll(/\]\(([^)#\s]*)(?:#([^)\s]*))?\)/g)];
  return links.filter(([, target = '', anchor]) => !/^[a-z]+:/.test(target) && !isThere(path, target, anchor)).map(([link]) => link);
}

function isThere(from: string, target: string, anchor: string | undefined): boolean {
  const file = target === '' ? join(ROOT, from) : resolve(join(ROOT, dirname(from)), target);
  return existsSync(file) && (anchor === undefined || anchorsOf(readFileSync(file, 'utf8')).has(anchor));
}

const withoutFences = (text: string): string => text.replace(/^```[\s\S]*?^```$/gm, '');

/** As GitHub makes them of headings: lower case, blanks as hyphens, everything else that is no letter, digit, hyphen or underscore left out. */
function anchorsOf(text: string): Set<string> {
  const headings = [...withoutFences(text).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
  return new Set([...headings, ...[...text.matchAll(/<a id="([^"]+)">/g)].map(([, id = '']) => id)]);
}
