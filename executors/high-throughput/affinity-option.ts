/**
 * The `cpuAffinity` option: notation and meaning of each form. Which CPUs a worker then gets is the manager's business.
 */

export type CpuAffinity =
  | { readonly kind: 'none' | 'block' | 'block-reverse' | 'alternating' }
  /** One list of CPUs for each worker. */
  | { readonly kind: 'list'; readonly sets: readonly (readonly number[])[] };

const KINDS = ['none', 'block', 'block-reverse', 'alternating'] as const;

/**
 * @example parseCpuAffinity('list:0-1:4,6') // { kind: 'list', sets: [[0, 1], [4, 6]] }
 * @throws RangeError that names the part that is wrong.
 */
export function parseCpuAffinity(value: string): CpuAffinity {
  const kind = KINDS.find((known) => known === value);
  if (kind !== undefined) return { kind };
  if (value.startsWith('list:')) return { kind: 'list', sets: value.slice('list:'.length).split(':').map(parseCpuSet) };
  throw new RangeError(`expected 'none', 'block', 'block-reverse', 'alternating' or 'list:…' such as 'list:0-3:4-7', saw '${value}'`);
}

function parseCpuSet(text: string, index: number): number[] {
  const where = `worker ${index} of the list`;
  if (text.trim() === '') throw new RangeError(`${where} has no CPUs; write one range for each worker, as in 'list:0-3:4-7'`);
  const cpus = text.split(',').flatMap((part) => parseCpuRange(part.trim(), where));
  const repeated = cpus.find((cpu, at) => cpus.indexOf(cpu) !== at);
  if (repeated !== undefined) throw new RangeError(`${where} names CPU ${repeated} twice, in '${text}'`);
  return cpus;
}

function parseCpuRange(part: string, where: string): number[] {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(part);
  if (match === null) throw new RangeError(`${where}: '${part}' is neither a CPU such as '4' nor a range such as '0-3'`);
  const first = Number(match[1]);
  const last = Number(match[2] ?? match[1]);
  if (last < first) throw new RangeError(`${where}: the range '${part}' runs backwards; write '${last}-${first}'`);
  return Array.from({ length: last - first + 1 }, (_, offset) => first + offset);
}
