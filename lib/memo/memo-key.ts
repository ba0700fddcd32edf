/**
 * The key under which a result is kept, and which part of it makes two keys differ. Pure: digests come in, a digest comes out.
 */
import { hash } from 'node:crypto';
import { ByteSink } from './byte-sink.ts';

export interface KeyPart {
  /** What people call it: 'args[0]', 'kw.n', 'input 0'. */
  readonly label: string;
  readonly digest: string;
}

export interface KeyParts {
  /** Kind and name: 'js simulate'. */
  readonly app: string;
  /** '' where the app has none. */
  readonly version: string;
  /** Of the source, or of the module or file with what it imports. */
  readonly code: string;
  /** Of the options that a result depends on. */
  readonly options: string;
  readonly args: readonly KeyPart[];
}

/** 96 bits: enough to tell one argument from another of the same place. */
const PART_LENGTH = 24;
/** 160 bits. */
const KEY_LENGTH = 40;

export const digestOf = (content: Uint8Array | string): string => hash('sha256', content, 'hex').slice(0, PART_LENGTH);

/** Labels of arguments count: `f(1)` is not `f(kw({ n: 1 }))`. */
export function makeKey({ app, version, code, options, args }: KeyParts): string {
  const sink = new ByteSink();
  for (const part of [app, version, code, options]) sink.text(part);
  for (const { label, digest } of args) {
    sink.text(label);
    sink.text(digest);
  }
  return hash('sha256', sink.bytes(), 'hex').slice(0, KEY_LENGTH);
}

/** What differs, in the words of an explanation: 'its code', 'args[1]'. Empty exactly if the keys are equal. */
export function differingParts(before: KeyParts, now: KeyParts): string[] {
  const own = (['app', 'version', 'code', 'options'] as const).filter((part) => before[part] !== now[part]).map((part) => `its ${part}`);
  const earlier = new Map(before.args.map(({ label, digest }) => [label, digest]));
  const changed = now.args.filter(({ label, digest }) => earlier.has(label) && earlier.get(label) !== digest).map(({ label }) => label);
  const added = now.args.filter(({ label }) => !earlier.has(label)).map(({ label }) => `${label} (which was not given)`);
  const present = new Set(now.args.map(({ label }) => label));
  const removed = before.args.filter(({ label }) => !present.has(label)).map(({ label }) => `${label} (which is not given now)`);
  const parts = [...own, ...changed, ...added, ...removed];
  return parts.length > 0 || makeKey(before) === makeKey(now) ? parts : ['the order of its arguments'];
}
