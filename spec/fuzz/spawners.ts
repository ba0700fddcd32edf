/**
 * The spawners in C and in Perl, given requests that are wrong: each mutation to a process of its own, which must end by itself, and start
 * nothing. Where specs run as root, it is a user who has no other process and may have no further one.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from '../../executors/workers/worker-argv.ts';
import { encodeKill, encodeRecall, encodeRun, SpawnerFrame } from '../../executors/workers/command/spawner-protocol.ts';
import { NATIVE_SPAWNER } from '../../executors/workers/command/spawner-argv.ts';
import { encodeFrame, FRAME_HEADER_BYTES, FrameReader, type FrameType } from '../../lib/wire/frames.ts';
import { createRandom, type Random } from '../executors/high-throughput/interchange/simulation/random.ts';
import { ROOT } from '../support/source-tree.ts';
import type { FuzzTally } from './fuzz.ts';
import { mutate, pick } from './mutate.ts';

/** Exit codes: it has read to the end, or has refused. */
const [READ, REFUSED] = ['0', '2'];

/** The loop itself is one process, the spawner the other. */
const LOOP = `
limit=$1 count=$2; shift 2
[ "$limit" = none ] || ulimit -u "$limit" || exit 1
for ((i = 0; i < count; i++)); do
  "$@" state < "in/$i" >> replies 2>> words
  echo "$?"
done`;

export type FuzzedSpawner = 'native' | 'perl';

/** @throws Error with the bytes of the first failure. */
export async function fuzzSpawner(spawner: FuzzedSpawner, seed: number, count: number): Promise<FuzzTally> {
  const folder = await mkdtemp(join(tmpdir(), 'flotilla-fuzz-'));
  try {
    const mutations = Array.from({ length: count }, (_, index) => nextStream(createRandom(seed + index * 7919)));
    await prepare(folder, spawner, mutations);
    const codes = await runAll(folder, spawner, count);
    const wrong = codes.findIndex((code) => code !== READ && code !== REFUSED);
    if (wrong !== -1 || codes.length !== count) {
      const words = (await readFile(join(folder, 'words'), 'utf8')).slice(-500);
      const bytes = mutations[wrong]?.toString('hex');
      throw new Error(`${spawner} spawner, seed ${seed}, mutation ${wrong}: exit ${codes[wrong]}; ${words}\nthe bytes: ${bytes}`);
    }
    expectNothingRan(await readFile(join(folder, 'replies')), `${spawner} spawner, seed ${seed}`);
    return { name: spawner, read: count, taken: codes.filter((code) => code === READ).length };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Some frames, whose bodies are wrong or which are wrong together. */
function nextStream(random: Random): Buffer {
  const seeds = [requestOf(1, []), requestOf(2, ['no-such-program', '--flag']), encodeKill(1, 15), encodeRecall()];
  if (random.chance(0.3)) return mutate([Buffer.concat(seeds)], random);
  return Buffer.concat(Array.from({ length: 1 + random.below(3) }, () => withWrongBody(pick(random, seeds), random)));
}

function withWrongBody(frame: Buffer, random: Random): Buffer {
  const body = mutate([frame.subarray(FRAME_HEADER_BYTES)], random);
  return encodeFrame((frame[4] ?? 0) as FrameType, body);
}

/** Its program is nowhere, and its paths stay in the folder whatever becomes of them. */
const requestOf = (number: number, words: readonly string[]): Buffer =>
  encodeRun({
    number,
    killGraceMs: 100,
    flags: 8 | 16,
    cwd: '.',
    stdout: 'free/out',
    stderr: 'free/err',
    command: 'no-such-program; no-such-program',
    words,
    env: { A: 'b', LONG: 'x'.repeat(300), FLOTILLA_TRY: '1' },
  });

async function prepare(folder: string, spawner: FuzzedSpawner, mutations: readonly Buffer[]): Promise<void> {
  await chmod(folder, 0o777);
  for (const name of ['in', 'free', 'bin']) {
    await mkdir(join(folder, name));
    await chmod(join(folder, name), 0o777);
  }
  const program = spawner === 'native' ? NATIVE_SPAWNER : join(ROOT, 'executors/workers/command/spawner.pl');
  await copyFile(program, join(folder, 'spawner'));
  await chmod(join(folder, 'spawner'), 0o755);
  await Promise.all(mutations.map((bytes, index) => writeFile(join(folder, `in/${index}`), bytes)));
}

async function runAll(folder: string, spawner: FuzzedSpawner, count: number): Promise<string[]> {
  const isRoot = process.getuid?.() === 0;
  const user = isRoot ? { uid: 60_000 + (process.pid % 5000), gid: 60_000 } : {};
  const argv = spawner === 'native' ? ['./spawner'] : [findProgram('perl') ?? '', './spawner', process.arch];
  const loop = spawn(findProgram('bash') ?? '', ['-c', LOOP, 'loop', isRoot ? '2' : 'none', String(count), ...argv], {
    ...user,
    cwd: folder,
    env: { PATH: join(folder, 'bin') },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  loop.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  await once(loop, 'close');
  return said.trim().split('\n');
}

function expectNothingRan(replies: Buffer, what: string): void {
  new FrameReader().push(replies, (type) => {
    if (type === SpawnerFrame.Ended) throw new Error(`${what}: a program was executed`);
    if (type !== SpawnerFrame.Hello && type !== SpawnerFrame.Failed && type !== SpawnerFrame.Dropped)
      throw new Error(`${what}: a reply of kind ${type}`);
  });
}
