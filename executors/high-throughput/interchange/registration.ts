/**
 * The body of a Register frame: MessagePack from a process that may be of another version, so every field is looked at.
 */
import { pack } from 'msgpackr/pack';
import { unpack } from 'msgpackr/unpack';
import type { Registration, Try } from './core-events.ts';
import { areGrants, isCapacity } from './registered-resources.ts';

/** Tries travel as one flat list of numbers: MessagePack of a hundred thousand pairs is slow. */
export const encodeRegistration = (registration: Registration): Buffer => pack({ ...registration, held: registration.held.flat() });

/** @returns what is wrong with it, if something is. */
export function decodeRegistration(bytes: Buffer): Registration | string {
  let body: unknown;
  try {
    body = unpack(bytes);
  } catch (error) {
    return `not MessagePack: ${(error as Error).message}`;
  }
  if (typeof body !== 'object' || body === null) return 'not a map';
  const fields = body as Record<string, unknown>;
  const wrong = Object.entries(EXPECTED).find(([name, isRight]) => !isRight(fields[name]));
  if (wrong !== undefined) return `its field ${wrong[0]} is ${JSON.stringify(fields[wrong[0]])}`;
  return { ...(fields as unknown as Registration), held: toTries(fields['held'] as number[]) };
}

const isText = (value: unknown): boolean => typeof value === 'string';
const isCount = (value: unknown): boolean => Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 0xffffffff;
const isDuration = (value: unknown): boolean => value === undefined || Number.isFinite(value);
const areCounts = (value: unknown): boolean => Array.isArray(value) && value.every(isCount);
const isMap = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);

const EXPECTED: Readonly<Record<keyof Registration, (value: unknown) => boolean>> = {
  protocol: isCount,
  version: isText,
  blockId: isText,
  host: isText,
  slots: isCount,
  timeLeftMs: isDuration,
  attempt: isCount,
  firstSequence: isCount,
  held: (value) => areCounts(value) && (value as number[]).length % 2 === 0,
  defined: areCounts,
  nextSequence: (value) => value === undefined || isCount(value),
  capacity: (value) => value === undefined || isCapacity(value),
  leased: (value) => value === undefined || areCounts(value),
  grants: (value) => value === undefined || areGrants(value),
  info: isMap,
};

function toTries(flat: readonly number[]): Try[] {
  const tries: Try[] = [];
  for (let i = 0; i < flat.length; i += 2) tries.push([flat[i] as number, flat[i + 1] as number]);
  return tries;
}
