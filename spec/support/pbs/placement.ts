/**
 * Where a job would run, or the scheduler's comment that says why it does not. Pure.
 */
import type { Chunk, Job, Placed } from './job.ts';

export interface Node {
  readonly name: string;
  readonly ncpus: number;
  isUp: boolean;
}

/** @returns the places, or the comment. `running` are the jobs that hold resources. */
export function placeJob(job: Job, nodes: readonly Node[], running: readonly Job[]): readonly Placed[] | string {
  const chunks = job.chunks.flatMap((chunk) => Array.from({ length: chunk.count }, () => chunk));
  const never = explainNever(job, chunks, nodes);
  if (never !== undefined) return never;
  const free = new Map(nodes.filter(({ isUp }) => isUp).map((node) => [node.name, node.ncpus - usedCpus(node.name, running)]));
  const placed: Placed[] = [];
  for (const chunk of chunks) {
    const node = [...free.keys()].find((name) => fits(name, chunk, job.place, free, placed, running));
    if (node === undefined) return explainWaiting(job, chunks, nodes, free);
    free.set(node, (free.get(node) ?? 0) - chunk.ncpus);
    placed.push({ node, chunk, index: nextIndex(node, [...running.flatMap((other) => other.placed), ...placed]) });
  }
  return placed;
}

function fits(
  name: string,
  chunk: Chunk,
  place: string,
  free: ReadonlyMap<string, number>,
  placed: readonly Placed[],
  running: readonly Job[],
): boolean {
  if ((free.get(name) ?? 0) < chunk.ncpus) return false;
  if (/scatter/.test(place) && placed.some(({ node }) => node === name)) return false;
  if (/pack/.test(place) && placed.some(({ node }) => node !== name)) return false;
  const others = running.filter((job) => job.placed.some(({ node }) => node === name));
  return /excl/.test(place) ? others.length === 0 : !others.some((job) => /excl/.test(job.place));
}

const usedCpus = (node: string, running: readonly Job[]): number =>
  running
    .flatMap((job) => job.placed)
    .filter((place) => place.node === node)
    .reduce((sum, { chunk }) => sum + chunk.ncpus, 0);

function nextIndex(node: string, placed: readonly Placed[]): number {
  const taken = new Set(placed.filter((place) => place.node === node).map(({ index }) => index));
  let index = 0;
  while (taken.has(index)) index++;
  return index;
}

function explainNever(job: Job, chunks: readonly Chunk[], nodes: readonly Node[]): string | undefined {
  const total = nodes.reduce((sum, { ncpus }) => sum + ncpus, 0);
  const wanted = chunks.reduce((sum, { ncpus }) => sum + ncpus, 0);
  const largest = Math.max(...nodes.map(({ ncpus }) => ncpus));
  if (wanted > total || chunks.some(({ ncpus }) => ncpus > largest)) {
    return `Can Never Run: Insufficient amount of resource: ncpus (R: ${wanted} A: ${total} T: ${total})`;
  }
  if (/scatter/.test(job.place) && chunks.length > nodes.length) return 'Can Never Run: Not enough total nodes available';
  return undefined;
}

function explainWaiting(job: Job, chunks: readonly Chunk[], nodes: readonly Node[], free: ReadonlyMap<string, number>): string {
  if (chunks.length > 1 && /scatter/.test(job.place)) return 'Not Running: Not enough free nodes available';
  if (nodes.some(({ isUp }) => !isUp)) return 'Not Running: Insufficient amount of resource: vnode ';
  const total = nodes.reduce((sum, { ncpus }) => sum + ncpus, 0);
  const left = [...free.values()].reduce((sum, cpus) => sum + cpus, 0);
  const wanted = chunks.reduce((sum, { ncpus }) => sum + ncpus, 0);
  return `Not Running: Insufficient amount of resource: ncpus (R: ${wanted} A: ${left} T: ${total})`;
}

/** `n1/0+n2/0*2` */
export const execHost = (placed: readonly Placed[]): string =>
  placed.map(({ node, chunk, index }) => `${node}/${index}${chunk.ncpus === 1 ? '' : `*${chunk.ncpus}`}`).join('+');

/** `(n1:ncpus=1:mem=102400kb)+(n2:ncpus=1)` */
export const execVnode = (placed: readonly Placed[]): string =>
  placed.map(({ node, chunk }) => `(${[node, ...assigned(chunk)].join(':')})`).join('+');

function assigned(chunk: Chunk): string[] {
  const others = [...chunk.resources].filter(([name]) => name === 'mem' || name === 'ngpus');
  return [`ncpus=${chunk.ncpus}`, ...others.map(([name, value]) => `${name}=${name === 'mem' ? inKilobytes(value) : value}`)];
}

const inKilobytes = (size: string): string => {
  const [, number = '0', unit = ''] = /^(\d+)([kmgt]?)b?$/i.exec(size) ?? [];
  const factor = { '': 1 / 1024, k: 1, m: 1024, g: 1024 ** 2, t: 1024 ** 3 }[unit.toLowerCase()] ?? 1;
  return `${Math.ceil(Number(number) * factor)}kb`;
};

/** A line per MPI process: PBS repeats a host for each. */
export const nodeFile = (placed: readonly Placed[]): string =>
  placed.flatMap(({ node, chunk }) => Array.from({ length: chunk.mpiprocs }, () => `${node}\n`)).join('');
