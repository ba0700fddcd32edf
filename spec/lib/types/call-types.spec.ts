import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import type { KeywordArguments } from '../../../lib/apps/kw.ts';
import type { AppOptions } from '../../../lib/apps/options.ts';
import { bashApp } from '../../../lib/apps/bash-app.ts';
import { joinApp } from '../../../lib/apps/join-app.ts';
import { jsApp } from '../../../lib/apps/js-app.ts';
import { pythonApp } from '../../../lib/apps/python-app.ts';
import { kw } from '../../../lib/apps/kw.ts';
import type { AppFuture } from '../../../lib/futures/app-future.ts';
import type { App, BashApp, JoinApp, PythonApp, Settled } from '../../../lib/types/call-types.ts';

/**
 * These are checked by the compiler, which the last spec runs: each `@ts-expect-error` is an error itself when the line below
 * it is accepted. The functions are never called.
 */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const proven = <_Holds extends true>(): void => undefined;

declare const numberFuture: AppFuture<number>;
declare const stringFuture: AppFuture<string>;
declare const listFuture: AppFuture<number[]>;

const specs: Record<string, () => void> = {
  'accepts a value, a future of it or a promise of it, and nothing else'() {
    const double = null as unknown as App<[x: number], number>;
    double(2);
    double(numberFuture);
    double(Promise.resolve(2));
    // @ts-expect-error a future of text is no number
    double(stringFuture);
    // @ts-expect-error
    double('2');
    // @ts-expect-error an argument is missing
    double();
    // @ts-expect-error one too many
    double(1, 2);
  },

  'returns a future of what the body returns, awaited'() {
    const plain = null as unknown as App<[], number>;
    const slow = null as unknown as App<[], Promise<string[]>>;
    proven<Same<ReturnType<typeof plain>, AppFuture<number>>>();
    proven<Same<ReturnType<typeof slow>, AppFuture<string[]>>>();
    const double = null as unknown as App<[x: number], number>;
    double(double(plain()));
    // @ts-expect-error
    double(slow());
  },

  'accepts futures inside arrays and plain objects, at any depth'() {
    const sum = null as unknown as App<[xs: number[]], number>;
    sum([1, numberFuture, Promise.resolve(3)]);
    sum(listFuture);
    sum([1, 2, 3].map(() => numberFuture));
    // @ts-expect-error
    sum([1, stringFuture]);
    // @ts-expect-error
    sum([listFuture]);
    const run = null as unknown as App<[options: { t: number; at: { x: number; tags?: string[] }[] }], void>;
    run({ t: numberFuture, at: [{ x: 1 }, { x: numberFuture, tags: ['a', stringFuture] }] });
    run({ t: 1, at: Promise.resolve([{ x: 1 }]) });
    // @ts-expect-error
    run({ t: 1, at: [{ x: stringFuture }] });
    // @ts-expect-error a key is missing
    run({ t: 1 });
  },

  'takes class instances and typed arrays whole'() {
    const when = null as unknown as App<[at: Date, table: Map<string, number>, data: Float64Array], void>;
    const dates = null as unknown as AppFuture<Date>;
    when(new Date(), new Map([['a', 1]]), new Float64Array(2));
    when(dates, Promise.resolve(new Map([['a', 1]])), new Float64Array(2));
    // @ts-expect-error futures in a Map are refused
    when(new Date(), new Map([['a', numberFuture]]), new Float64Array(2));
    // @ts-expect-error an array of futures is no typed array
    when(new Date(), new Map([['a', 1]]), [numberFuture]);
  },

  'keeps tuples, optional and rest parameters'() {
    const move = null as unknown as App<[point: [number, string], scale?: number], void>;
    move([numberFuture, 'm']);
    move([1, stringFuture], numberFuture);
    // @ts-expect-error the places of a tuple are not exchanged
    move([stringFuture, numberFuture]);
    // @ts-expect-error
    move([1, 'm'], stringFuture);
    const max = null as unknown as App<[first: number, ...rest: number[]], number>;
    max(1, numberFuture, 3, numberFuture);
    // @ts-expect-error
    max(1, stringFuture);
    const shape = null as unknown as App<[kind: 'disc' | 'ring', closed: boolean], void>;
    shape(null as unknown as AppFuture<'disc' | 'ring'>, null as unknown as AppFuture<boolean>);
    // @ts-expect-error
    shape(stringFuture, true);
  },

  'accepts anything where the parameter is unknown'() {
    const show = null as unknown as App<[unknown, ...unknown[]], void>;
    show(numberFuture, [stringFuture], { a: 1 });
  },

  'takes recursive types'() {
    interface Tree {
      readonly value: number;
      readonly children: readonly Tree[];
    }
    const walk = null as unknown as App<[tree: Tree], number>;
    walk({ value: numberFuture, children: [{ value: 1, children: [] }, null as unknown as AppFuture<Tree>] });
    // @ts-expect-error
    walk({ value: 1, children: [{ value: stringFuture, children: [] }] });
  },

  'resolves a join to the values of the futures that its body returns'() {
    proven<Same<Settled<AppFuture<number>[]>, number[]>>();
    proven<Same<Settled<{ a: AppFuture<number>; b: [Promise<AppFuture<string>>, Date] }>, { a: number; b: [string, Date] }>>();
    const fanOut = null as unknown as JoinApp<[n: number], Promise<AppFuture<number>[]>>;
    proven<Same<ReturnType<typeof fanOut>, AppFuture<number[]>>>();
    fanOut(numberFuture);
  },

  'takes keyword arguments after any number of positional ones, for Python only'() {
    const fit = null as unknown as PythonApp<[points: number[], degree: number], { slope: number }>;
    fit([1, numberFuture], 3);
    fit([1], kw({ degree: numberFuture }));
    fit(kw({ points: listFuture, degree: 3 }));
    fit([1], 3, kw({ verbose: true }));
    proven<Same<ReturnType<typeof fit>, AppFuture<{ slope: number }>>>();
    // @ts-expect-error
    fit(stringFuture, kw({ degree: 3 }));
    // @ts-expect-error nothing comes after the keywords
    fit(kw({ degree: 3 }), 1);
    // @ts-expect-error an argument is missing
    fit([1]);
    const untyped = null as unknown as PythonApp<unknown[], unknown>;
    untyped(1, numberFuture, kw({ a: 1 }));
    const double = null as unknown as App<[x: number], number>;
    // @ts-expect-error
    double(kw({ x: 1 }) as KeywordArguments<object>);
  },

  'gives an app of the same type for other options'() {
    const double = null as unknown as App<[x: number], number>;
    double.with({ retries: 2, stdout: ['a.out', 'w'] })(numberFuture);
    // @ts-expect-error
    double.with({ retires: 2 });
    // @ts-expect-error
    double.with({ stdout: ['a.out', 'x'] });
    double.with({ walltime: 5, killGrace: '5s' });
    // @ts-expect-error a number of what?
    double.with({ killGrace: 5 });
  },

  'gives a bash app for other options that resolves to what they ask for'() {
    const say = bashApp((word: string) => word);
    proven<Same<typeof say, BashApp<[word: string], 0>>>();
    const text = say.with({ returns: 'stdout', retries: 1 });
    proven<Same<ReturnType<typeof text>, AppFuture<string>>>();
    const lines = text.with({ returns: 'lines' })(stringFuture);
    proven<Same<typeof lines, AppFuture<string[]>>>();
    const again = text.with({ stdout: ['a.out', 'w'] })('a');
    proven<Same<typeof again, AppFuture<string>>>();
    const mapped = text.map(['a']);
    proven<Same<typeof mapped, AsyncGenerator<string, void, undefined>>>();
    // @ts-expect-error
    say.with({ returns: 'text' });
    // @ts-expect-error
    say.with({ returns: 'stdout', retires: 1 });
    // @ts-expect-error
    bashApp(() => 'x', { returns: 'stdout', retires: 1 });
  },

  'resolves to the value that stands for an ignored failure, too'() {
    const double = null as unknown as App<[x: number], number>;
    const ignoring = double.with({ onFailure: 'ignore', retries: 2 });
    proven<Same<ReturnType<typeof ignoring>, AppFuture<number | undefined>>>();
    const replaced = double.with({ onFailure: { ignore: null } }).with({ retries: 1 });
    proven<Same<ReturnType<typeof replaced>, AppFuture<number | null>>>();
    const same = double.with({ onFailure: { ignore: 0 } });
    proven<Same<ReturnType<typeof same>, AppFuture<number>>>();
    const failing = double.with({ onFailure: 'cancelSuccessors' });
    proven<Same<ReturnType<typeof failing>, AppFuture<number>>>();
    const options: AppOptions = {};
    const unknown = double.with(options);
    proven<Same<ReturnType<typeof unknown>, AppFuture<number>>>();
    // @ts-expect-error
    double.with({ onFailure: 'ignored' });
    // @ts-expect-error
    double.with({ onFailure: 'ignore', retires: 2 });
    // @ts-expect-error undefined is no number
    double(ignoring(1));

    const defined = jsApp((x: number) => x * 2, { onFailure: { ignore: 'none' } });
    proven<Same<ReturnType<typeof defined>, AppFuture<number | string>>>();
    const named = jsApp((x: number) => x * 2, { name: 'double' });
    proven<Same<ReturnType<typeof named>, AppFuture<number>>>();
    // @ts-expect-error
    jsApp((x: number) => x * 2, { name: 'double', retires: 2 });
    const joining = joinApp((x: number) => [double(x)], { onFailure: 'ignore' });
    proven<Same<ReturnType<typeof joining>, AppFuture<number[] | undefined>>>();
    const command = bashApp(() => 'true', { onFailure: 'ignore' }).with({ returns: 'lines' });
    proven<Same<ReturnType<typeof command>, AppFuture<string[] | undefined>>>();
  },

  'takes a value that stands for a failure where the result is said to be of its type'() {
    const area = pythonApp<[r: number], number>('def area(r): pass', { onFailure: { ignore: 0 } });
    proven<Same<ReturnType<typeof area>, AppFuture<number>>>();
    pythonApp<[r: number], number | undefined>('def area(r): pass', { onFailure: 'ignore' });
    // @ts-expect-error
    pythonApp<[r: number], number>('def area(r): pass', { onFailure: 'ignore' });
    // @ts-expect-error
    pythonApp<[r: number], number>('def area(r): pass', { onFailure: { ignore: 'none' } });
    const untyped = pythonApp('def area(r): pass', { onFailure: { ignore: 0 } });
    proven<Same<ReturnType<typeof untyped>, AppFuture<unknown>>>();
    // @ts-expect-error
    jsApp<[x: number], number>(new URL('file:///a.ts'), 'area', { onFailure: 'ignore' });
  },

  'maps items to results, settled or spread where that is asked for'() {
    const double = null as unknown as App<[x: number], number>;
    const plain = double.map([1, 2, numberFuture]);
    proven<Same<typeof plain, AsyncGenerator<number, void, undefined>>>();
    const settled = double.map([1], { settle: true, window: 10 });
    proven<Same<typeof settled, AsyncGenerator<PromiseSettledResult<number>, void, undefined>>>();
    // @ts-expect-error
    double.map(['a']);
    const move = null as unknown as App<[x: number, unit: string], Promise<boolean>>;
    const spread = move.map(
      [
        [1, 'm'],
        [numberFuture, stringFuture],
      ],
      { spread: true },
    );
    proven<Same<typeof spread, AsyncGenerator<boolean, void, undefined>>>();
    // @ts-expect-error
    move.map([['m', 1]], { spread: true });
  },
};

describe('the types of app calls', function () {
  this.timeout(120_000);
  let folder: string;
  let errors: readonly { readonly title: string; readonly text: string }[];
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'flotilla-types-'));
    errors = await compileThisFile(folder);
  });
  after(() => rm(folder, { recursive: true }));

  for (const title of Object.keys(specs)) it(title, () => expect(errors.filter((error) => error.title === title)).to.deep.equal([]));
  it('holds no error elsewhere in its spec', () => expect(errors.filter((error) => !(error.title in specs))).to.deep.equal([]));
});

/** @returns what the compiler has to say about this file, each error under the title in whose function it lies. */
async function compileThisFile(folder: string): Promise<{ title: string; text: string }[]> {
  const [root, here] = [new URL('../../../', import.meta.url), import.meta.url].map((url) => fileURLToPath(url)) as [string, string];
  const config = join(folder, 'tsconfig.json');
  const compilerOptions = { typeRoots: [join(root, 'node_modules/@types')] };
  await writeFile(config, JSON.stringify({ extends: join(root, 'tsconfig.json'), compilerOptions, include: [], files: [here] }));
  const command = [join(root, 'node_modules/typescript/bin/tsc'), '-p', config, '--pretty', 'false'];
  const { stdout } = await promisify(execFile)(process.execPath, command, { cwd: root }).catch((error: { stdout: string }) => error);
  const lines = (await readFile(here, 'utf8')).split('\n');
  return [...stdout.matchAll(/^.*call-types\.spec\.ts\((\d+),.*$/gm)].map(([text, line]) => {
    const start = lines.slice(0, Number(line)).findLast((one) => /^ {2}'.*'\(\) \{$|^\S/.test(one)) ?? '';
    return { title: start.slice(3, -5), text };
  });
}
