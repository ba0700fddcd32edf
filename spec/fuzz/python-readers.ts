/** The readers of Python workers, in a Python of their own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { encodePython, encodePythonCall, NdArray } from '../../lib/wire/python-codec.ts';
import { pack } from '../../lib/wire/value-codec.ts';
import { createRandom } from '../executors/high-throughput/interchange/simulation/random.ts';
import { systemPython } from '../support/python.ts';
import type { FuzzTally } from './fuzz.ts';
import { mutate } from './mutate.ts';

const ENVELOPES = [
  pack({ kind: 'python', name: 'f', path: '/x/fit.py', kwargs: ['n'], size: 2 ** 40, ratio: 1.5, none: null }),
  pack({ stdout: ['/x/out', 'w'], env: { A: 'b' }, walltimeMs: 5000, big: 2n ** 62n, deep: [[[[]]]] }),
];
const VALUES = [
  encodePython({ a: [1, 2.5, 'text', null, true, { b: [[[]]] }], big: 2n ** 70n }),
  encodePythonCall([1, 'é', new Set([1])], { when: new Date(0), data: new NdArray(new Int16Array(6), [2, 3]), raw: Buffer.from('raw') }),
];
/** So many are on their way at a time. */
const WINDOW = 500;

/** @throws Error with the bytes of the first failure. */
export async function fuzzPython(seed: number, count: number): Promise<FuzzTally> {
  const child = spawn(systemPython(), [join(import.meta.dirname, 'python_readers.py')], { stdio: ['pipe', 'pipe', 'inherit'] });
  const end = once(child, 'close');
  child.stdin.on('error', () => undefined);
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const mutation = (index: number): { reader: string; bytes: Buffer } => {
    const isEnvelope = index % 2 === 0;
    return { reader: isEnvelope ? 'm' : 'v', bytes: mutate(isEnvelope ? ENVELOPES : VALUES, createRandom(seed + index * 7919)) };
  };
  let taken = 0;
  try {
    for (let first = 0; first < count; first += WINDOW) {
      const window = Array.from({ length: Math.min(WINDOW, count - first) }, (_, i) => mutation(first + i));
      child.stdin.write(Buffer.concat(window.flatMap(({ reader, bytes }) => [headOf(reader, bytes), bytes])));
      for (const [i, { reader, bytes }] of window.entries()) {
        const { value, done } = await answers.next();
        const said = done ? 'Python has ended' : value;
        if (said === '1') taken++;
        else if (said !== '0')
          throw new Error(`Python's reader '${reader}', seed ${seed}, mutation ${first + i}: ${said}\nthe bytes: ${bytes.toString('hex')}`);
      }
    }
  } finally {
    child.stdin.end();
    await end;
  }
  return { name: 'python', read: count, taken };
}

function headOf(reader: string, bytes: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32LE(bytes.length, 0);
  head.write(reader, 4);
  return head;
}
