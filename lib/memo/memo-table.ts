/**
 * The results that there are, by key: of this run, and of the checkpoints that it was given. Bodies that are in a file stay there
 * until they are wanted.
 */
import { decodeResult, type ResultMeta, type ResultRecord } from './checkpoint-format.ts';
import { readRecordAt } from './record-file.ts';
import { MadeWith } from './made-with.ts';
import { differingParts, type KeyParts } from './memo-key.ts';

export interface MemoEntry {
  /** The checkpoint file that it is in, or will be. */
  path: string;
  at: number;
  length: number;
  /** An encoded result record; undefined: it is in the file. */
  body: Buffer | undefined;
  /** A value that lies in the run's own store, where nothing is written. Kept from being collected. */
  readonly live?: object;
}

/** An earlier result of the same app that is not the one wanted. */
export interface NearMiss {
  readonly meta: ResultMeta;
  readonly differing: readonly string[];
}

interface KnownApp {
  readonly versions: Set<string>;
  readonly codes: Set<string>;
  readonly options: Set<string>;
  /** By label of the argument; undefined where it takes so many values that one more tells nothing. */
  readonly args: Map<string, Set<string> | undefined>;
  readonly madeWith: MadeWith;
}

/** A sweep goes over some arguments: of those it is no use to remember every value. */
const MAX_VALUES = 1000;
/** Of the arguments of one call. */
const MAX_LABELS = 32;

export class MemoTable {
  readonly #entries = new Map<string, MemoEntry>();
  readonly #apps = new Map<string, KnownApp>();

  get size(): number {
    return this.#entries.size;
  }

  pathOf(key: string): string | undefined {
    return this.#entries.get(key)?.path;
  }

  add({ key, parts }: ResultMeta, entry: MemoEntry): void {
    this.#entries.set(key, entry);
    const known = this.#appOf(parts.app);
    known.versions.add(parts.version);
    known.codes.add(parts.code);
    known.options.add(parts.options);
    for (const { label, digest } of parts.args.slice(0, MAX_LABELS)) addValue(known.args, label, digest);
    known.madeWith.add(parts);
  }

  #appOf(name: string): KnownApp {
    let known = this.#apps.get(name);
    if (!known) this.#apps.set(name, (known = knowNothing()));
    return known;
  }

  drop(key: string): void {
    this.#entries.delete(key);
  }

  /** @throws Error if its file is not as it was. */
  read(key: string): (ResultRecord & { readonly entry: MemoEntry }) | undefined {
    const entry = this.#entries.get(key);
    return entry && { ...readEntry(entry), entry };
  }

  /**
   * What of a key is not that of a result with the same arguments ('code', 'version', 'options'); where there is none, what of it is in no
   * result of the app: these, and labels of arguments. Empty where each part is in one, though no result has all of them; undefined where
   * the app has no results. Cheap: for every task.
   */
  unknownParts(parts: KeyParts): readonly string[] | undefined {
    const known = this.#apps.get(parts.app);
    if (!known) return undefined;
    const differing = known.madeWith.differing(parts);
    if (differing) return differing;
    const { version, code, options, args } = parts;
    return [
      ...(known.codes.has(code) ? [] : ['code']),
      ...(known.versions.has(version) ? [] : ['version']),
      ...(known.options.has(options) ? [] : ['options']),
      ...args
        .slice(0, MAX_LABELS)
        .filter(({ label, digest }) => isUnknown(known.args, label, digest))
        .map(({ label }) => label),
    ];
  }

  /**
   * The result of the same app that has most in common; of equal ones the latest. Looks at all of them: for people who ask.
   * @param isWanted which results count.
   */
  nearest(parts: KeyParts, isWanted: (meta: ResultMeta) => boolean): NearMiss | undefined {
    let best: NearMiss | undefined;
    for (const entry of this.#entries.values()) {
      const meta = metaOf(entry);
      if (meta?.parts.app !== parts.app || !isWanted(meta)) continue;
      const differing = differingParts(meta.parts, parts);
      if (differing.length > 0 && (!best || differing.length <= best.differing.length)) best = { meta, differing };
    }
    return best;
  }
}

const knowNothing = (): KnownApp => ({
  versions: new Set(),
  codes: new Set(),
  options: new Set(),
  args: new Map(),
  madeWith: new MadeWith(),
});

function addValue(args: KnownApp['args'], label: string, digest: string): void {
  const values = args.get(label);
  if (!values) {
    if (!args.has(label)) args.set(label, new Set([digest]));
  } else if (values.size < MAX_VALUES || values.has(digest)) values.add(digest);
  else args.set(label, undefined);
}

function isUnknown(args: KnownApp['args'], label: string, digest: string): boolean {
  const values = args.get(label);
  return values ? !values.has(digest) : !args.has(label);
}

const readEntry = ({ body, path, at, length }: MemoEntry): ResultRecord => decodeResult(body ?? readRecordAt(path, at, length));

function metaOf(entry: MemoEntry): ResultMeta | undefined {
  try {
    return readEntry(entry).meta;
  } catch {
    return undefined; // the file is not there any more: nothing can be taken from it
  }
}
