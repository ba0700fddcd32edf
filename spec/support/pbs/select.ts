/**
 * `-l select` and `-l place`, as PBS reads them. Source of the syntax: PBS Professional 2022.1 Reference Guide, "Requesting Resources".
 */
import type { Chunk } from './job.ts';

/** @returns undefined when PBS would call it an illegal value. */
export function parseSelect(text: string): Chunk[] | undefined {
  const chunks = text.split('+').map(parseChunk);
  return chunks.includes(undefined) ? undefined : (chunks as Chunk[]);
}

function parseChunk(text: string): Chunk | undefined {
  const parts = text.split(':');
  const count = /^\d+$/.test(parts[0] ?? '') ? Number(parts.shift()) : 1;
  const pairs = parts.map((part) => /^(\w+)=(.+)$/.exec(part));
  if (pairs.includes(null)) return undefined;
  const resources = new Map(pairs.map((pair) => [pair?.[1] ?? '', pair?.[2] ?? '']));
  const ncpus = readNumber(resources.get('ncpus') ?? '1');
  const mpiprocs = readNumber(resources.get('mpiprocs') ?? '1');
  return ncpus === undefined || mpiprocs === undefined ? undefined : { count, ncpus, mpiprocs, resources };
}

const readNumber = (text: string): number | undefined => (/^\d+$/.test(text) ? Number(text) : undefined);

const ARRANGEMENTS = /^(free|pack|scatter|vscatter)?(:?(excl|exclhost|shared))?(:?group=\w+)?$/;

export const isPlace = (text: string): boolean => text !== '' && ARRANGEMENTS.test(text);

/** hh:mm:ss, mm:ss or seconds, with a fraction or without. */
export function parseTime(text: string): number | undefined {
  if (!/^\d+(:\d+){0,2}(\.\d+)?$/.test(text)) return undefined;
  return text.split(':').reduce((seconds, part) => seconds * 60 + Number(part), 0);
}

export function formatTime(seconds: number): string {
  const whole = Math.floor(seconds);
  return [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60].map((part) => String(part).padStart(2, '0')).join(':');
}
