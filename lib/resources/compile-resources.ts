/**
 * Checks the `resources` option and makes requests of it. Pure.
 */
import type { AppKind } from '../apps/app-options.ts';
import { checkOneOf, checkWhole } from '../apps/option-checks.ts';
import { InvalidOptionError } from '../errors/definition-errors.ts';
import { parseSize } from '../size.ts';
import { isBuiltIn, meantFor, NODE_NAMES } from './names.ts';
import type { NodesRequest, RequestVariant, ResourceRequest } from './request.ts';

/** The request of the first try, the second, …; the last holds for all further ones. */
export type RequestsPerTry = readonly [ResourceRequest, ...ResourceRequest[]];

export type CompiledResources =
  | { readonly kind: 'known'; readonly perTry: RequestsPerTry }
  /** @throws InvalidOptionError; whatever the user's function throws. */
  | { readonly kind: 'computed'; readonly compute: (args: readonly unknown[]) => RequestsPerTry };

/** @throws InvalidOptionError */
export function compileResources(value: unknown, of: string, option: string, app: AppKind): CompiledResources {
  if (typeof value !== 'function') return { kind: 'known', perTry: compileNeeds(value, of, option, app) };
  const compute = (args: readonly unknown[]): RequestsPerTry => compileNeeds(value(...args), of, `${option}(…)`, app);
  return { kind: 'computed', compute };
}

/** What the try asks for; tries count from 1. */
export const requestOf = (perTry: RequestsPerTry, tryNumber: number): ResourceRequest =>
  perTry[Math.min(tryNumber, perTry.length) - 1] ?? perTry[0];

const WANTED = "an object like { cores: 2, memory: '6GiB', gpus: 1 }, or a list of such objects";

function compileNeeds(value: unknown, of: string, option: string, app: AppKind): RequestsPerTry {
  const isList = Array.isArray(value);
  const alternatives: readonly unknown[] = isList ? value : [value];
  if (alternatives.length === 0) throw InvalidOptionError.wrong(of, option, value, WANTED);
  const drafts = alternatives.map((one, i) => compileVariant(one, { of, path: isList ? `${option}[${i}]` : option, app }));
  const tries = Math.max(...drafts.map(({ memoryPerTry }) => memoryPerTry.length));
  const [first, ...further] = Array.from({ length: tries }, (_, i) => ({
    variants: drafts.map(({ variant, memoryPerTry }) => ({ ...variant, memoryBytes: memoryPerTry[i] ?? memoryPerTry.at(-1) ?? 0 })),
  }));
  return [first as ResourceRequest, ...further];
}

interface Where {
  readonly of: string;
  readonly path: string;
  readonly app: AppKind;
}

interface Draft {
  readonly variant: RequestVariant;
  /** At least one. */
  readonly memoryPerTry: readonly number[];
}

type Fields = Readonly<Record<string, unknown>>;

/** A promise, a Map or a Date has none of the names, and would ask for nothing. */
function isPlainObject(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function compileVariant(value: unknown, where: Where): Draft {
  if (!isPlainObject(value)) throw InvalidOptionError.wrong(where.of, where.path, value, WANTED);
  const fields = value as Fields;
  const nodes = compileNodes(fields, where);
  const read = <T>(name: string, otherwise: T, check: (value: unknown, of: string, option: string) => T): T =>
    fields[name] === undefined ? otherwise : check(fields[name], where.of, `${where.path}.${name}`);
  const variant: RequestVariant = {
    cores: read('cores', 1, checkCores),
    layout: read('coreLayout', 'compact', checkOneOf(['compact', 'scattered'])),
    gpus: read('gpus', 0, checkGpus),
    memoryBytes: 0,
    custom: compileCustom(fields, where),
    ...(nodes && { nodes }),
  };
  if (nodes) requireWhole(variant, where);
  const memoryPerTry = read('memory', [0], compileMemory);
  requireRoomForWorker(memoryPerTry, fields['memory'], where);
  return { variant, memoryPerTry };
}

/** No worker that runs such tasks has ever had less: what asks for that could only be ended. */
const LEAST_BYTES: Readonly<Partial<Record<AppKind, number>>> = { js: 32 * 2 ** 20, python: 4 * 2 ** 20 };

function requireRoomForWorker(memoryPerTry: readonly number[], value: unknown, { of, path, app }: Where): void {
  const least = LEAST_BYTES[app] ?? 0;
  if (memoryPerTry.every((bytes) => bytes === 0 || bytes >= least)) return;
  const wanted = `at least '${least / 2 ** 20}MiB': it counts for the worker, too, and one for a ${app} app has more before it runs anything`;
  throw InvalidOptionError.wrong(of, `${path}.memory`, value, wanted);
}

const checkCores = fractionOr(1, 'more than 0');
const checkGpus = fractionOr(0, '0 or more');

/** Below 1 any fraction, from there on whole numbers. */
function fractionOr(least: number, range: string) {
  const wanted = `a whole number, or a fraction below 1, ${range}`;
  return (value: unknown, of: string, option: string): number => {
    if (typeof value === 'number' && value < 1 && (value >= SMALLEST || (least === 0 && value === 0))) return value;
    if (Number.isSafeInteger(value) && (value as number) >= 1) return value as number;
    const up = typeof value === 'number' && value > 1 && Number.isFinite(value) ? String(Math.ceil(value)) : undefined;
    throw InvalidOptionError.wrong(of, option, value, wanted, up);
  };
}

/** Shares are counted in ten-thousandths. */
const SMALLEST = 0.0001;

function compileMemory(value: unknown, of: string, option: string): readonly number[] {
  if (!Array.isArray(value)) return [compileSize(value, of, option)];
  if (value.length === 0) throw InvalidOptionError.wrong(of, option, value, "a size like '6GiB', or a list of sizes, one for each try");
  return value.map((item, i) => compileSize(item, of, `${option}[${i}]`));
}

function compileSize(value: unknown, of: string, option: string): number {
  if (typeof value === 'number') {
    const hint = value > 0 && Number.isFinite(value) ? `'${value}GiB'` : undefined;
    throw InvalidOptionError.wrong(of, option, value, "a size with its unit, like '6GiB'", hint);
  }
  if (typeof value !== 'string') throw InvalidOptionError.wrong(of, option, value, "a size like '6GiB'");
  const bytes = sizeOf(value, of, option);
  // 0 would be no limit.
  if (bytes < 1) throw InvalidOptionError.wrong(of, option, value, 'a size of more than 0 bytes');
  return bytes;
}

function sizeOf(value: string, of: string, option: string): number {
  try {
    return parseSize(value);
  } catch (cause) {
    throw new InvalidOptionError(`${of}: option '${option}': ${(cause as RangeError).message}`, { of, option, value }, { cause });
  }
}

function compileCustom(fields: Fields, where: Where): Record<string, number> {
  const custom: Record<string, number> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (isBuiltIn(name) || value === undefined) continue;
    requireOwnName(name, value, where);
    if (!KIND_NAME.test(name))
      throw InvalidOptionError.wrong(where.of, `${where.path}: the name of a kind`, name, 'letters, digits and _ . -, a letter first');
    if (typeof value !== 'number' || !Number.isFinite(value) || value < 0)
      throw InvalidOptionError.wrong(
        where.of,
        `${where.path}.${name}`,
        value,
        'a finite number of at least 0: how much of what the executor names so',
      );
    if (value > 0) custom[name] = value;
  }
  return custom;
}

/** It becomes part of a variable's name. */
const KIND_NAME = /^[A-Za-z][\w.-]*$/;

/** Options that stand beside `resources`. */
const BESIDE = ['walltime', 'priority', 'executors', 'env', 'retries', 'name', 'label'];

function requireOwnName(name: string, value: unknown, { of, path }: Where): void {
  const nearest = meantFor(name);
  if (nearest !== undefined) {
    const message = `${of}, ${path}: there is no '${name}'. Did you mean '${nearest}'? A kind of your own needs a name that is not as near to it`;
    throw new InvalidOptionError(message, { of, option: name, value, nearest });
  }
  if (!BESIDE.includes(name)) return;
  throw new InvalidOptionError(`${of}: '${name}' stands beside 'resources', not in it`, { of, option: name, value, nearest: name });
}

// --- whole nodes

/** Apps whose tasks start programs on other nodes. */
const RUN_ON_NODES: readonly AppKind[] = ['bash'];

const checkCount = checkWhole(1, 1_000_000);
const checkNone = checkWhole(0, 1_000_000);

/** What starts the program is known where it runs, and looks at it more closely. */
function checkBinding(value: unknown, of: string, option: string): string {
  if (typeof value === 'string' && /^[\w,.:=@+[\]-]+$/.test(value)) return value;
  const wanted =
    "one word that the launcher knows: 'none', 'cores', 'threads' or 'sockets' of srun, 'none', 'core', 'socket' or 'numa' of mpiexec";
  throw InvalidOptionError.wrong(of, option, value, wanted);
}

function compileNodes(fields: Fields, { of, path, app }: Where): NodesRequest | undefined {
  const given = NODE_NAMES.filter((name) => fields[name] !== undefined);
  const [first] = given;
  if (first === undefined) return undefined;
  if (!RUN_ON_NODES.includes(app)) {
    const message = `${of}: '${path}.${first}' is for programs that run on several nodes at once: it has no meaning for a ${app} app; write a bashApp`;
    throw new InvalidOptionError(message, { of, option: `${path}.${first}`, value: fields[first] });
  }
  const read = <T>(name: string, otherwise: T, check: (value: unknown, of: string, option: string) => T): T =>
    fields[name] === undefined ? otherwise : check(fields[name], of, `${path}.${name}`);
  return {
    count: read('nodes', 1, checkCount),
    ranksPerNode: read<number | undefined>('ranksPerNode', undefined, checkCount),
    threadsPerRank: read('threadsPerRank', 1, checkCount),
    gpusPerRank: read('gpusPerRank', 0, checkNone),
    cpuBind: read<string | undefined>('cpuBind', undefined, checkBinding),
  };
}

function requireWhole({ cores, gpus }: RequestVariant, { of, path }: Where): void {
  const [name, value] = Number.isInteger(gpus) ? ['cores', cores] : ['gpus', gpus];
  if (!Number.isInteger(value)) throw InvalidOptionError.wrong(of, `${path}.${name}`, value, 'a whole number: nodes are given whole');
}
