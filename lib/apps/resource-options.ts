/**
 * The `resources` option: what one task needs. One slot runs one task; a key that nothing would honour is refused.
 */
import { InvalidOptionError } from '../errors/definition-errors.ts';
import { parseSize } from '../size.ts';
import type { CompiledResources } from './app-options.ts';
import { checkWhole } from './option-checks.ts';

const KNOWN = ['cores', 'memory', 'gpus'];
const checkGpus = checkWhole(0, Number.MAX_SAFE_INTEGER);

/** @throws InvalidOptionError */
export function compileResources(value: unknown, of: string, option: string): CompiledResources {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw InvalidOptionError.wrong(of, option, value, "an object like { cores: 2, memory: '6GiB', gpus: 1 }");
  }
  const compiled: { cores?: number; memoryBytes?: number; gpus?: number } = {};
  for (const [key, item] of Object.entries(value)) {
    const path = `${option}.${key}`;
    if (!KNOWN.includes(key)) throw InvalidOptionError.unknown(`${of}, ${option}`, key, item, KNOWN);
    if (item === undefined) continue;
    if (key === 'cores') compiled.cores = checkCores(item, of, path);
    if (key === 'memory') compiled.memoryBytes = compileMemory(item, of, path);
    if (key === 'gpus') compiled.gpus = checkGpus(item, of, path);
  }
  return compiled;
}

function checkCores(value: unknown, of: string, option: string): number {
  if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value;
  throw InvalidOptionError.wrong(of, option, value, 'a number of cores, more than 0');
}

function compileMemory(value: unknown, of: string, option: string): number {
  if (typeof value === 'number') throw InvalidOptionError.wrong(of, option, value, "a size with its unit, like '6GiB'", `'${value}GiB'`);
  if (typeof value !== 'string') throw InvalidOptionError.wrong(of, option, value, "a size like '6GiB'");
  try {
    return parseSize(value);
  } catch (cause) {
    throw new InvalidOptionError(`${of}: option '${option}': ${(cause as RangeError).message}`, { of, option, value }, { cause });
  }
}
