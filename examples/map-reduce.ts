/**
 * Map–reduce over real text: counts the words of a text in pieces, and adds the counts up two by two.
 *
 *   npx flotilla run examples/map-reduce.ts
 *   npx flotilla run examples/map-reduce.ts -- my-text.txt another.txt
 *
 * `map` submits as pieces are taken, a window of them at a time, so that a text of any length runs in bounded memory.
 */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { jsApp, load } from 'flotilla';
import { TreeReduction } from './map-reduce/tree-reduction.ts';

const LINES_IN_A_PIECE = 50;
const WINDOW = 16; // pieces under way at once
const SHOWN = 10;

type Counts = Map<string, number>;

const countWords = jsApp((text: string) => {
  const counts: Counts = new Map();
  for (const word of text.toLowerCase().match(/\p{L}+/gu) ?? []) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
});

const addCounts = jsApp((a: Counts, b: Counts) => {
  for (const [word, count] of b) a.set(word, (a.get(word) ?? 0) + count);
  return a;
});

/** Pieces of whole lines, read as they are wanted. */
async function* readPieces(paths: readonly string[]): AsyncGenerator<string> {
  for (const path of paths) {
    const lines: string[] = [];
    for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
      lines.push(line);
      if (lines.length === LINES_IN_A_PIECE) yield lines.splice(0).join('\n');
    }
    if (lines.length > 0) yield lines.join('\n');
  }
}

const named = process.argv.slice(2);
const texts = named.length > 0 ? named : [fileURLToPath(new URL('./data/us-constitution.txt', import.meta.url))];

await using _kernel = await load();

const sums = new TreeReduction<Counts>((a, b) => addCounts(a, b));
let pieces = 0;
for await (const counts of countWords.map(readPieces(texts), { window: WINDOW })) {
  sums.add(counts);
  pieces++;
}
const counts: Counts = (await sums.result()) ?? new Map();

const words = [...counts.values()].reduce((total, count) => total + count, 0);
console.log(`${words} words, ${counts.size} different, counted in ${pieces} pieces`);
const byCount = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
for (const [word, count] of byCount.slice(0, SHOWN)) console.log(`${String(count).padStart(6)} ${word}`);
