/**
 * The results that there are, by key: of this run, and of the checkpoints that it was given. Bodies that are in a file stay there
 * until they are wanted.
 */
import { decodeResult, type ResultMeta, type ResultRecord } from './checkpoint-format.ts';
import { readRecordAt } from './record-file.ts';
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
}

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
    const known = this.#apps.get(parts.app);
    if (!known) {
      this.#apps.set(parts.app, { versions: new Set([parts.version]), codes: new Set([parts.code]), options: new Set([parts.options]) });
      return;
    }
    known.versions.add(parts.version);
    known.codes.add(parts.code);
    known.options.add(parts.options);
  }

  drop(key: string): void {
    this.#entries.delete(key);
  }

  /** @throws Error if its file is not as it was. */
  read(key: string): (ResultRecord & { readonly entry: MemoEntry }) | undefined {
    const entry = this.#entries.get(key);
    return entry && { ...readEntry(entry), entry };
  }

  /** 'code', 'version' or 'options' where no result of the app has these; undefined where some have, or there are none. */
  changedSince({ app, version, code, options }: KeyParts): string | undefined {
    const known = this.#apps.get(app);
    if (!known) return undefined;
    if (!known.codes.has(code)) return 'code';
    if (!known.versions.has(version)) return 'version';
    return known.options.has(options) ? undefined : 'options';
  }

  knows(app: string): boolean {
    return this.#apps.has(app);
  }

  /** The result of the same app that has most in common; of equal ones the latest. Looks at all of them: for people who ask. */
  nearest(parts: KeyParts): NearMiss | undefined {
    let best: NearMiss | undefined;
    for (const entry of this.#entries.values()) {
      const meta = metaOf(entry);
      if (meta?.parts.app !== parts.app) continue;
      const differing = differingParts(meta.parts, parts);
      if (differing.length > 0 && (!best || differing.length <= best.differing.length)) best = { meta, differing };
    }
    return best;
  }
}

const readEntry = ({ body, path, at, length }: MemoEntry): ResultRecord => decodeResult(body ?? readRecordAt(path, at, length));

function metaOf(entry: MemoEntry): ResultMeta | undefined {
  try {
    return readEntry(entry).meta;
  } catch {
    return undefined; // the file is not there any more: nothing can be taken from it
  }
}
