/**
 * The body of a Register frame: MessagePack from a process that may be of another version, or that has the run's key and means no good.
 * So every field is looked at, and what is said of a wrong one is short: it goes into a log.
 */
import { inspect } from 'node:util';
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
  if (!isMap(body)) return 'not a map';
  const fields = body;
  const wrong = Object.entries(EXPECTED).find(([name, isRight]) => !isRight(fields[name]));
  if (wrong !== undefined) return `its field ${wrong[0]} is ${glimpse(fields[wrong[0]])}`;
  return { ...(fields as unknown as Registration), held: toTries(fields['held'] as number[]) };
}

const GLIMPSE_LETTERS = 60;

/** Not JSON.stringify: a bigint is none of JSON's, and MessagePack has them. */
function glimpse(value: unknown): string {
  const text = inspect(value, { depth: 0, maxArrayLength: 3, maxStringLength: GLIMPSE_LETTERS, breakLength: Number.POSITIVE_INFINITY });
  return text.length > GLIMPSE_LETTERS ? `${text.slice(0, GLIMPSE_LETTERS)}…` : text;
}

/** No host, block or version needs more; no control characters, which would go to people's terminals. */
const MAX_LETTERS = 255;
/** More workers than any node has CPUs: whoever claims them wants everybody's tasks. */
const MAX_SLOTS = 65_536;
/** Of what a manager says beside. */
const MAX_FACTS = 10_000;
const MAX_DEPTH = 8;
const isText = (value: unknown): boolean => typeof value === 'string' && value.length <= MAX_LETTERS && !/\p{Cc}/u.test(value);
const isCount = (value: unknown): boolean => Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 0xffffffff;
const isSlots = (value: unknown): boolean => isCount(value) && (value as number) <= MAX_SLOTS;
const isDuration = (value: unknown): boolean => value === undefined || Number.isFinite(value);
const areCounts = (value: unknown): boolean => Array.isArray(value) && value.every(isCount);
/** Plain data, and not too much of it: it is packed again for the driver. */
const areFacts = (value: unknown): boolean => isMap(value) && countPlain(value, 0) <= MAX_FACTS;

/** @returns Infinity for what is not plain. */
function countPlain(value: unknown, depth: number): number {
  if (value === null || typeof value === 'boolean' || Number.isFinite(value) || isText(value)) return 1;
  if (depth > MAX_DEPTH || !(Array.isArray(value) || isMap(value))) return Number.POSITIVE_INFINITY;
  let count = 1;
  for (const [key, item] of Object.entries(value)) {
    count += isText(key) ? countPlain(item, depth + 1) : Number.POSITIVE_INFINITY;
    if (count > MAX_FACTS) break;
  }
  return count;
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;

const EXPECTED: Readonly<Record<keyof Registration, (value: unknown) => boolean>> = {
  protocol: isCount,
  version: isText,
  blockId: isText,
  host: isText,
  slots: isSlots,
  timeLeftMs: isDuration,
  attempt: isCount,
  firstSequence: isCount,
  held: (value) => areCounts(value) && (value as number[]).length % 2 === 0,
  defined: areCounts,
  nextSequence: (value) => value === undefined || isCount(value),
  capacity: (value) => value === undefined || isCapacity(value),
  leased: (value) => value === undefined || areCounts(value),
  grants: (value) => value === undefined || areGrants(value),
  info: areFacts,
};

function toTries(flat: readonly number[]): Try[] {
  const tries: Try[] = [];
  for (let i = 0; i < flat.length; i += 2) tries.push([flat[i] as number, flat[i + 1] as number]);
  return tries;
}
