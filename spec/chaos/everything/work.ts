/**
 * Tasks of every kind, good and bad, each with what may become of it. Calls them, and holds what they came to against that.
 */
import { existsSync } from 'node:fs';
import { type AppFuture, bashApp, joinApp, jsApp, pythonApp } from '../../../index.ts';
import type { Random } from '../../executors/high-throughput/interchange/simulation/random.ts';

const add = jsApp((a: number, b: number) => a + b, { name: 'add' });
const wait = jsApp(
  async (a: number, ms: number) => {
    await new Promise((resolve) => setTimeout(resolve, ms));
    return a;
  },
  { name: 'wait' },
);
const inPython = pythonApp<[number], number>('def in_python(a):\n    return a');
const inBash = bashApp((a: number) => `echo ${a}`, { returns: 'json', name: 'in_bash' });
const large = jsApp((a: number) => new Uint8Array(400_000).fill(a % 256), { name: 'large' });
const lastOf = jsApp((bytes: Uint8Array) => bytes.at(-1), { name: 'lastOf' });
const join = joinApp((a: number) => [add(a, 0), inPython(a)], { name: 'join' });
const fails = jsApp(
  (a: number) => {
    throw new RangeError(`never ${a}`);
  },
  { name: 'fails', retries: 1 },
);
/** In one of the blocks, whatever it is. */
const broken = jsApp(
  (a: number) => {
    if (process.env['FLOTILLA_BLOCK_ID'] === '1') throw new RangeError('no GPU is there');
    return a;
  },
  { name: 'broken' },
);
const poison = jsApp(() => process.kill(process.pid, 'SIGKILL'), { name: 'poison' });
const babbles = jsApp(
  async () => {
    (await import('node:fs')).writeSync(3, Buffer.from('deadbeefdeadbeef', 'hex'));
    await new Promise((resolve) => setTimeout(resolve, 60_000));
  },
  { name: 'babbles' },
);
const never = jsApp(() => new Promise((resolve) => setTimeout(resolve, 3_600_000)), { name: 'never' });
const overtime = never.with({ walltime: '300ms', retries: 0 });
/** Says who had which accelerator from when to when. */
const onGpu = jsApp(
  async (diary: string, a: number) => {
    const { appendFileSync } = await import('node:fs');
    const from = Date.now();
    await new Promise((resolve) => setTimeout(resolve, 30));
    const { FLOTILLA_MANAGER_ID: manager, CUDA_VISIBLE_DEVICES: gpu } = process.env;
    appendFileSync(diary, `${manager}/${gpu} ${from} ${Date.now()}\n`);
    return a;
  },
  { name: 'onGpu', resources: { gpus: 1, cores: 0.1 } },
);

/** What a task gave: its value, or the name of its error. */
type Outcome = { readonly value: unknown } | { readonly error: string };

interface Kind {
  readonly name: string;
  readonly share: number;
  call(a: number, diary: string): AppFuture<unknown>;
  /** Losing three workers or managers is beside this always possible. */
  isRight(outcome: Outcome, a: number): boolean;
}

const gives =
  (expected: (a: number) => unknown) =>
  (outcome: Outcome, a: number): boolean =>
    'value' in outcome && JSON.stringify(outcome.value) === JSON.stringify(expected(a));
const failsAs =
  (name: string) =>
  (outcome: Outcome): boolean =>
    'error' in outcome && outcome.error === name;
const itself = (a: number): number => a;

const KINDS: readonly Kind[] = [
  { name: 'add', share: 400, call: (a) => add(a, 1), isRight: gives((a) => a + 1) },
  { name: 'wait', share: 100, call: (a) => wait(a, a % 200), isRight: gives(itself) },
  { name: 'python', share: 60, call: (a) => inPython(a), isRight: gives(itself) },
  { name: 'bash', share: 40, call: (a) => inBash(a), isRight: gives(itself) },
  { name: 'chain', share: 60, call: (a) => add(add(wait(a, 20), 1), inPython(1)), isRight: gives((a) => a + 2) },
  { name: 'large', share: 20, call: (a) => lastOf(large(a)), isRight: gives((a) => a % 256) },
  { name: 'join', share: 20, call: (a) => join(a), isRight: gives((a) => [a, a]) },
  { name: 'onGpu', share: 60, call: (a, diary) => onGpu(diary, a), isRight: gives(itself) },
  { name: 'fails', share: 20, call: (a) => fails(a), isRight: failsAs('RangeError') },
  // What the broken node has spoilt costs retries, and may cost all.
  {
    name: 'broken',
    share: 20,
    call: (a) => broken(a),
    isRight: (outcome, a) => failsAs('RangeError')(outcome) || gives(itself)(outcome, a),
  },
  { name: 'overtime', share: 4, call: () => overtime(), isRight: failsAs('WalltimeError') },
  { name: 'poison', share: 2, call: () => poison(), isRight: failsAs('PoisonTaskError') },
  { name: 'babbles', share: 1, call: () => babbles(), isRight: failsAs('PoisonTaskError') },
];
const SHARES = KINDS.reduce((sum, { share }) => sum + share, 0);
/** Errors of tasks with which nothing is wrong, nor with the kinds that are expected: three processes in a row died under them. */
const UNLUCKY = new Set(['PoisonTaskError', 'DependencyError', 'JoinError']);
const MOST_OPEN = 2000;
const MOST_AT_ONCE = 150;

export class Work {
  readonly wrong: string[] = [];
  readonly counts: Record<string, number> = {};
  total = 0;
  readonly #random: Random;
  readonly #diary: string;
  readonly #open = new Map<number, AppFuture<unknown>>();
  readonly #ends: Promise<void>[] = [];

  /** @param diary path of the file that says who had which accelerator. */
  constructor(random: Random, diary: string) {
    this.#random = random;
    this.#diary = diary;
  }

  get diaries(): string[] {
    return existsSync(this.#diary) ? [this.#diary] : [];
  }

  callSome(): void {
    if (this.#open.size > MOST_OPEN) return;
    for (let left = this.#random.below(MOST_AT_ONCE); left > 0; left--) {
      let at = this.#random.below(SHARES);
      const kind = KINDS.find(({ share }) => (at -= share) < 0) as Kind;
      const number = this.total;
      this.#follow(kind.name, kind.call(number, this.#diary), (outcome) => kind.isRight(outcome, number));
    }
  }

  /** Hundreds that are called and cancelled at once, running ones among them. */
  cancelMany(): void {
    const futures = Array.from({ length: 100 + this.#random.below(400) }, () => never());
    for (const future of futures) this.#follow('cancelled', future, failsAs('CancelledError'));
    setTimeout(() => {
      for (const future of futures) future.cancel('enough');
    }, this.#random.below(500));
  }

  /** Some of the tasks that had not ended when they were looked at last, the oldest and the newest. */
  someOpen(count: number): AppFuture<unknown>[] {
    const open = [...this.#open.values()];
    return [...open.slice(0, count / 2), ...open.slice(-count / 2)];
  }

  async ended(): Promise<void> {
    await Promise.all(this.#ends);
  }

  #follow(name: string, future: AppFuture<unknown>, isRight: (outcome: Outcome) => boolean): void {
    this.total++;
    this.#open.set(future.taskId, future);
    this.#ends.push(
      future.exception().then(async (error) => {
        this.#open.delete(future.taskId);
        const outcome = error === undefined ? { value: await future } : { error: (error as Error).name };
        if (isRight(outcome)) return this.#count(name);
        if ('error' in outcome && UNLUCKY.has(outcome.error)) return this.#count('unlucky');
        this.wrong.push(`task ${future.taskId} (${name}): ${error === undefined ? JSON.stringify(outcome) : String(error)}`);
      }),
    );
  }

  #count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }
}
