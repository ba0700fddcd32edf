/**
 * A pipeline of files in bash: a text is split, its parts are sorted side by side, merged, and the result gets a checksum.
 *
 *   npx flotilla run examples/pipeline.ts
 *   npx flotilla run examples/pipeline.ts -- my-text.txt
 *
 * Each step names the files that it writes as `outputs`; if one is not there when the command has ended, the step has failed.
 * The next step gets their futures as arguments, which is all that puts the steps in order.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bashApp, type DataFile, file, load, sh } from 'flotilla';

const PARTS = 4;
const FOLDER = 'pipeline-files';

/** Line by line in turn, into as many parts as there are names. */
const split = bashApp((text: DataFile, parts: string[]) =>
  parts.map((part, i) => sh`awk -v n=${parts.length} -v i=${i} 'NR % n == i' ${text} > ${part}`).join(' && '),
);

/** One word to a line, in order; `LC_ALL=C` means the same order on every machine. */
const sortWords = bashApp(
  (text: DataFile, output: string) => sh`
    set -o pipefail
    tr -cs A-Za-z '\n' < ${text} | tr A-Z a-z | sed '/^$/d' | LC_ALL=C sort > ${output}`,
);

const merge = bashApp((inputs: DataFile[], output: string) => sh`LC_ALL=C sort -m ${inputs} > ${output}`);

const checksum = bashApp((input: DataFile[]) => sh`cat ${input} | sha256sum`, { returns: 'stdout' });

const path = process.argv[2] ?? fileURLToPath(new URL('./data/us-constitution.txt', import.meta.url));
const partNames = Array.from({ length: PARTS }, (_, i) => join(FOLDER, `part-${i}.txt`));
const words = join(FOLDER, 'words.txt');
mkdirSync(FOLDER, { recursive: true });

await using _kernel = await load();

const parts = split.with({ outputs: partNames })(file(path), partNames).outputs;
const sorted = parts.flatMap((part, i) => {
  const output = join(FOLDER, `sorted-${i}.txt`);
  return sortWords.with({ outputs: [output] })(part, output).outputs;
});
const merged = merge.with({ outputs: [words] })(sorted, words).outputs;
const [sum] = (await checksum([...merged])).split(' ');

console.log(`${words}: sha256 ${sum}`);
if (sum !== expectedSum(path)) throw new Error(`the pipeline's words are not those of ${path}`);
console.log('the same as computed here');

/** The same work in one process. */
function expectedSum(text: string): string {
  const found =
    readFileSync(text, 'utf8')
      .toLowerCase()
      .match(/[a-z]+/g) ?? [];
  return createHash('sha256')
    .update(
      found
        .sort()
        .map((word) => `${word}\n`)
        .join(''),
    )
    .digest('hex');
}
