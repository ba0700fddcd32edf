/**
 * A script that has a bit of everything, what comes of it, and how often which of its bodies runs.
 */
import { packageUrl } from '../../support/flotilla-run.ts';

/** Each body leaves a line in `ran` when it begins. Prints what every task came to, as JSON. */
export const CAMPAIGN = `
import { bashApp, joinApp, jsApp, load, pythonApp } from '${packageUrl}';
await using kernel = await load();
const js = jsApp(async (i: number, ms: number, size: number) => {
  const { appendFileSync } = await import('node:fs');
  appendFileSync('ran', 'js' + i + '\\n');
  await new Promise((resolve) => setTimeout(resolve, ms));
  return size > 0 ? new Uint8Array(size).fill(i) : i;
}, { name: 'js' });
const lastOf = jsApp(async (name: string, bytes: Uint8Array) => {
  (await import('node:fs')).appendFileSync('ran', name + '\\n');
  return bytes[bytes.length - 1];
}, { name: 'lastOf' });
const same = jsApp(async (ms: number) => {
  (await import('node:fs')).appendFileSync('ran', 'same\\n');
  await new Promise((resolve) => setTimeout(resolve, ms));
  return 'same';
}, { name: 'same' });
const kept = same.with({ name: 'kept', cache: true });
const python = pythonApp(\`
def python(i, ms):
    import time
    with open('ran', 'a') as ran: ran.write(f'python{i}\\\\n')
    time.sleep(ms / 1000)
    return i
\`);
const bash = bashApp((i: number, s: number) => \`echo bash\${i} >> ran; sleep \${s}; echo \${i}\`, { returns: 'json' });
const fails = jsApp(async (name: string, times: number) => {
  const { appendFileSync, readFileSync } = await import('node:fs');
  appendFileSync('failed', name + '\\n');
  if (readFileSync('failed', 'utf8').split(name + '\\n').length - 1 <= times) throw new Error('as told');
  return name;
}, { name: 'fails' });
const slow = jsApp(async () => {
  await new Promise((resolve) => setTimeout(resolve, 60_000));
}, { name: 'slow', walltime: '500ms' });
const join = joinApp((i: number) => [js(100 + i, 50, 0), python(100 + i, 30)], { name: 'join' });
const all: Record<string, PromiseLike<unknown>> = {};
for (let i = 0; i < 16; i++) {
  const ms = (i * 67) % 400;
  const large = i % 5 === 3 ? 300_000 : 0;
  all['js' + i] = js(i, ms, large);
  if (large > 0) all['large' + i] = lastOf('large' + i, all['js' + i] as PromiseLike<Uint8Array>);
  all['python' + i] = python(i, ms);
  all['bash' + i] = bash(i, ms / 1000);
  all['same' + i] = same(150);
}
for (let i = 0; i < 4; i++) all['kept' + i] = kept(160);
all['given'] = lastOf('given', new Uint8Array(400_000).fill(7));
all['chain'] = js(js(js(61, 100, 0), 100, 0), 100, 0);
for (let i = 0; i < 3; i++) all['join' + i] = join(i);
all['never'] = fails('never', 1000);
all['later'] = fails.with({ retries: 2 })('later', 2);
all['slow'] = slow();
const settled = await Promise.all(
  Object.entries(all).map(async ([name, future]) => {
    try {
      const value = await future;
      return [name, value instanceof Uint8Array ? value.length + 'x' + value[0] : value];
    } catch (error) {
      return [name, (error as Error).name];
    }
  }),
);
console.log(JSON.stringify(Object.fromEntries(settled)));
`;

const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const isLarge = (i: number): boolean => i % 5 === 3;

/** What the script prints, as it is when everything went as it should. */
export const OUTCOMES: Readonly<Record<string, unknown>> = Object.fromEntries([
  ...numbers(16).flatMap((i) => [
    [`js${i}`, isLarge(i) ? `300000x${i}` : i],
    ...(isLarge(i) ? [[`large${i}`, i]] : []),
    [`python${i}`, i],
    [`bash${i}`, i],
    [`same${i}`, 'same'],
  ]),
  ...numbers(4).map((i) => [`kept${i}`, 'same']),
  ['given', 7],
  ['chain', 61],
  ...numbers(3).map((i) => [`join${i}`, [100 + i, 100 + i]]),
  ['never', 'Error'],
  ['later', 'later'],
  ['slow', 'WalltimeError'],
]);

/** How many lines of a kind `ran` has then. */
export const RUNS: Readonly<Record<string, number>> = Object.fromEntries([
  ...numbers(16).flatMap((i) => ['js', 'python', 'bash', ...(isLarge(i) ? ['large'] : [])].map((kind) => [`${kind}${i}`, 1])),
  ...numbers(3).flatMap((i) => ['js', 'python'].map((kind) => [`${kind}${100 + i}`, 1])),
  ['given', 1],
  ['js61', 3],
  // The four that are cached are one.
  ['same', 17],
]);

/** As RUNS, of the lines that there are. */
export function countLines(lines: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const line of lines) counts[line] = (counts[line] ?? 0) + 1;
  return counts;
}
