/**
 * The names of a function's parameters, by its text: for `ignoreForCache: ['threads']`.
 */
import { createRequire } from 'node:module';
import type * as Acorn from 'acorn';

export interface ParameterNames {
  /** By position; '' where a parameter is a pattern. */
  readonly names: readonly string[];
  /** Position from which the last one takes all. */
  readonly restAt: number | undefined;
}

interface Parameter {
  readonly type: string;
  readonly name?: string;
  readonly left?: Parameter;
  readonly argument?: Parameter;
}

/** @returns undefined if the text cannot be read. */
export function jsParameters(text: string): ParameterNames | undefined {
  const { parse } = createRequire(import.meta.url)('acorn') as typeof Acorn;
  for (const code of [`(${text})`, `({${text}})`]) {
    try {
      const found = findFunction(parse(code, { ecmaVersion: 'latest' }) as unknown as Record<string, unknown>);
      if (found) return namesOf(found);
    } catch {
      // Not an expression: a method is one within an object.
    }
  }
  return undefined;
}

function findFunction(program: Record<string, unknown>): readonly Parameter[] | undefined {
  const [statement] = program.body as { expression?: { params?: Parameter[]; properties?: { value: { params?: Parameter[] } }[] } }[];
  return statement?.expression?.params ?? statement?.expression?.properties?.[0]?.value.params;
}

function namesOf(parameters: readonly Parameter[]): ParameterNames {
  const restAt = parameters.findIndex(({ type }) => type === 'RestElement');
  const names = parameters.map((parameter) => (parameter.argument ?? parameter.left ?? parameter).name ?? '');
  return { names, restAt: restAt < 0 ? undefined : restAt };
}

/** Of `def name(…)` in the text: those that can be given by position. */
export function pythonParameters(text: string, name: string): ParameterNames | undefined {
  const start = new RegExp(`^[ \\t]*(?:async[ \\t]+)?def[ \\t]+${name}[ \\t]*\\(`, 'mu').exec(text);
  if (!start) return undefined;
  const items = splitAtCommas(text.slice(start.index + start[0].length)).filter((item) => item !== '/');
  const star = items.findIndex((item) => item.startsWith('*'));
  const positional = star < 0 ? items : items.slice(0, star);
  const rest = star >= 0 && /^\*\w/.test(items[star] ?? '') ? [(items[star] ?? '').slice(1)] : [];
  const names = [...positional, ...rest].map((item) => /^\w+/u.exec(item)?.[0] ?? '');
  return { names, restAt: rest.length > 0 ? positional.length : undefined };
}

/** Up to the bracket that closes the list; commas inside brackets and strings are not between parameters. */
function splitAtCommas(text: string): string[] {
  const items: string[] = [];
  let [item, depth] = ['', 0];
  for (const [token] of text.matchAll(/#[^\n]*|'(?:\\[^]|[^'\\])*'|"(?:\\[^]|[^"\\])*"|[^]/g)) {
    if (depth === 0 && (token === ',' || token === ')')) {
      items.push(item.trim());
      item = '';
      if (token === ')') break;
      continue;
    }
    if ('([{'.includes(token)) depth++;
    else if (')]}'.includes(token)) depth--;
    if (!token.startsWith('#')) item += token;
  }
  return items.filter((each) => each !== '');
}
