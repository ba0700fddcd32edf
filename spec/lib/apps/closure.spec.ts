import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import vm from 'node:vm';
import { expect } from 'chai';
import { callerFile, type CallSite } from '../../../lib/apps/call-site.ts';
import { checkShippable } from '../../../lib/apps/closure.ts';
import { ClosureError, DefinitionError } from '../../../lib/errors/index.ts';

type AnyFunction = (...args: never) => unknown;

function closureErrorOf(fn: AnyFunction, site?: CallSite): ClosureError {
  try {
    checkShippable(fn, site);
  } catch (error) {
    expect(error).to.be.instanceOf(ClosureError);
    return error as ClosureError;
  }
  throw new Error('it was accepted');
}

const namesOf = (fn: AnyFunction): string[] => closureErrorOf(fn).captured.map(({ name }) => name);
/** As a worker evaluates it. */
const evaluate = (text: string): ((...args: unknown[]) => unknown) => vm.runInThisContext(`'use strict';(${text})`) as never;

let factor = 3;
const table = [1, 2];
declare const window: { name: string };
declare const require: (name: string) => unknown;
factor = Math.max(factor, 0);

describe('a function that can be shipped', () => {
  const square = async function square(x: number): Promise<number> {
    return x * x;
  };
  const accepted: readonly [what: string, fn: AnyFunction][] = [
    ['an arrow function', (x: number) => x * 2],
    ['an async function expression', square],
    ['a function that calls itself by its name', function count(n: number): number { return n === 0 ? 0 : 1 + count(n - 1); }],
    ['globals of the platform', () => [Math.PI, JSON, structuredClone, Buffer, process, globalThis, undefined, NaN, URL, performance]],
    ['what it declares itself', (n: number) => {
      const { a, ...rest } = { a: n, b: 2 };
      let total = helper(a);
      class Box { static #count = 1; size = Box.#count; }
      for (const value of Object.values(rest)) total += value + new Box().size;
      try { throw total; } catch (caught) { return caught; }
      function helper(x: number): number { return x; }
    }],
    ['parameters that refer to one another', ({ a, b = a }: { a: number; b?: number }, c = b) => a + b + c],
    ['labels, keys and members that are called like things outside', () => {
      table: for (;;) break table;
      return { factor: 1 }.factor;
    }],
    ['arguments of a function', function () { return arguments.length; }],
    ['this of a function, a class, and arrows in them', function () {
      class Counter { n = 1; read = () => this.n; static { void this; } next() { return () => this.n + 1; } }
      return new Counter().next()() + new Counter().read();
    }],
    ['import() of modules', async () => (await import('node:path')).sep],
    ['using declarations', () => { using held = { n: 1, [Symbol.dispose]() {} }; return held.n; }],
    ['names that it asks for before it uses them', () => (typeof window !== 'undefined' ? window.name : 'none')],
    ['types, which are gone when it runs', <T,>(x: T, y?: Partial<T>): T => (y satisfies unknown) as T ?? x],
  ];
  for (const [what, fn] of accepted) {
    it(`may use ${what}`, () => {
      const text = checkShippable(fn, callerFile());
      expect(evaluate(text)).to.be.a('function');
    });
  }

  it('does the same from its text', async () => {
    expect(evaluate(checkShippable((x: number, y = 2) => x * y))(4)).to.equal(8);
    expect(await evaluate(checkShippable(square))(5)).to.equal(25);
  });

  it('may come from a sloppy script', () => {
    const sloppy = vm.runInThisContext('(function (o) { with (o) return 010 + 1; })') as AnyFunction;
    expect(checkShippable(sloppy)).to.contain('with');
  });
});

describe('a function that captures', () => {
  const held = <T,>(value: T): T => value;
  class Model extends Object {
    scale = 2;
    arrow = (x: number) => x * this.scale;
    superArrow(): AnyFunction {
      return () => super.toString();
    }
  }
  const captures: readonly [what: string, names: string[], fn: AnyFunction][] = [
    ['a variable', ['factor'], (x: number) => x * factor],
    ['a variable that it sets', ['factor'], () => { factor = 4; }],
    ['several, each named once, in their order', ['table', 'factor', 'held'], () => [table, factor, table, held(factor)]],
    ['from inside another function', ['factor'], () => [1].map((x) => [x].map(() => factor))],
    ['in a default of a parameter', ['factor'], (x = factor) => x],
    ['in a computed key and in what a class extends', ['Model', 'factor'], () => class extends Model { [factor] = 1; }],
    ['in a template', ['factor'], () => `${factor}`],
    ['an import', ['expect'], () => expect(1)],
    ['this', ['this'], new Model().arrow],
    ['super', ['super'], new Model().superArrow()],
    ['arguments of the function around an arrow', ['arguments'], (function () { return () => arguments.length; })()],
    ['what only a CommonJS module has', ['require'], () => require('node:fs')],
    ['a name whose type it asks for', ['factor'], () => typeof factor === 'number'],
    // @ts-expect-error the compiler would tell this one too
    ['a name that is declared in another function only', ['inner'], () => { (() => { const inner = 1; return inner; })(); return inner; }],
  ];
  for (const [what, names, fn] of captures) {
    it(`is told: ${what}`, () => expect(namesOf(fn)).to.deep.equal(names));
  }

  it('is told the same the second time, though it was read only once', () => {
    const again = (): AnyFunction => () => factor + 1;
    expect(closureErrorOf(again()).message).to.equal(closureErrorOf(again()).message);
  });

  it('is told what to do, under its name', () => {
    const scaled = (x: number): number => x * factor;
    expect(closureErrorOf(scaled).message).to.match(/^'scaled' .*\n.*factor.*\n.*argument.*import\(\).*module/);
  });
});

describe('a function that cannot be shipped', () => {
  class Shape {
    area(): number { return 1; }
    get size(): number { return 1; }
    static async make(): Promise<void> {}
    *parts(): Iterable<number> { yield 1; }
    ['computed'](): number { return 1; }
  }
  const object = { area() { return 1; }, async later() {}, async *all() {} };
  const getter = Object.getOwnPropertyDescriptor(Shape.prototype, 'size')?.get as AnyFunction;
  const refused: readonly [what: string, fn: unknown, reason: RegExp][] = [
    ['a native function', Math.max, /native or bound/],
    ['a bound function', ((x: number) => x).bind(null), /native or bound/],
    ['a method', Shape.prototype.area, /method/],
    ['a method of an object', object.area, /method/],
    ['an async method', object.later, /method/],
    ['a generator method', Shape.prototype.parts, /method/],
    ['an async generator method', object.all, /method/],
    ['a static method', Shape.make, /method/],
    ['a method with a computed name', Shape.prototype.computed, /method/],
    ['a getter', getter, /method, getter/],
    ['a class', Shape, /is a class/],
    ['a generator', function* () { yield 1; }, /generator.*array/],
    ['an async generator', async function* () { yield 1; }, /generator/],
    ['one that uses import.meta', () => import.meta.url, /import\.meta.*argument/],
    ['one that uses import.meta within another', () => function () { return import.meta.url; }, /import\.meta/],
    ['no function', 4, /a function, not number/],
    ['nothing', null, /a function, not null/],
  ];
  for (const [what, fn, reason] of refused) {
    it(`is told: ${what}`, () => expect(() => checkShippable(fn as AnyFunction, callerFile())).to.throw(DefinitionError, reason));
  }

  it('is named with the place where it became an app', () => {
    expect(() => checkShippable(object.area, { file: '/home/u/a.ts', line: 4, column: 1 })).to.throw("'area' (/home/u/a.ts:4)");
  });
});

describe('where a captured name is', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'flotilla-closure-'));
  });
  after(() => rm(folder, { recursive: true }));

  /** Runs a module that defines functions with `check`; @returns `line:column` of each captured name, and the file. */
  async function placesIn(name: string, lines: readonly string[]): Promise<string[]> {
    const path = join(folder, name);
    await writeFile(path, lines.join('\n'));
    const places: string[] = [];
    const check = (fn: AnyFunction): void => {
      const { captured } = closureErrorOf(fn, callerFile(1));
      for (const one of captured) places.push(`${one.name} ${one.file === path ? '' : one.file}${one.line}:${one.column}`);
    };
    const { default: run } = await import(path) as { default: (check: (fn: AnyFunction) => void) => void };
    run(check);
    return places;
  }

  it('is exact in TypeScript, whose types are blanked out when it runs', async () => {
    expect(await placesIn('types.ts', [
      'const factor: number = 3;',
      'interface Point { x: number }',
      'export default (check: (fn: (p: Point) => unknown) => void) => {',
      '  check((p: Point, other?: Map<string, Point>) => p.x * factor);',
      '  check(async function <T extends Point>(p: T): Promise<T> {',
      '    const é: Record<string, T> = { "ü": p as T };',
      '    return (é["ü"]!.x as unknown as number) * (factor as number) as never;',
      '  } as never);',
      '};',
    ])).to.deep.equal(['factor 4:57', 'factor 7:48']);
  });

  it('is exact in JavaScript', async () => {
    expect(await placesIn('plain.mjs', [
      'const a = 1, b = 2;',
      'export default (check) => {',
      '  check(() => a +',
      '    b);',
      '};',
    ])).to.deep.equal(['a 3:15', 'b 4:5']);
  });

  it('is found before the call where the function is a variable', async () => {
    expect(await placesIn('before.ts', [
      'const factor = 3;',
      'const scale = (x: number) => x * factor;',
      'export default (check: (fn: typeof scale) => void) => {',
      '  check(scale);',
      '};',
    ])).to.deep.equal(['factor 2:34']);
  });

  it('is that of each call where the same text stands twice', async () => {
    expect(await placesIn('twice.ts', [
      'const factor = 3;',
      'export default (check: (fn: () => number) => void) => {',
      '  check(() => factor);',
      '  check(() => factor);',
      '};',
    ])).to.deep.equal(['factor 3:15', 'factor 4:15']);
  });

  it('is the call where the text is not in the file', async () => {
    expect(await placesIn('made.mjs', [
      'export default (check) => {',
      '  check(new Function("return factor"));',
      '};',
    ])).to.deep.equal(['factor 2:3']);
  });

  it('is within the function where there is no file', () => {
    const { captured, message } = closureErrorOf(() => factor);
    expect(captured).to.deep.equal([{ name: 'factor', file: undefined, line: 1, column: 7 }]);
    expect(message).to.contain('line 1, column 7 of the function');
  });

  it('is the call where the file is gone', () => {
    const gone = { file: join(folder, 'gone.ts'), line: 9, column: 2 };
    expect(closureErrorOf(() => factor, gone).captured).to.deep.equal([{ name: 'factor', ...gone }]);
  });
});
