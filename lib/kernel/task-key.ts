/**
 * From a task whose dependencies are done to the parts of its memo key.
 */
import { resolve } from 'node:path';
import type { AppEntry } from '../apps/app-entry.ts';
import { DataFile, isDataFile } from '../files/data-file.ts';
import { canonicalBytes, type ObjectNamer, UnkeyableError } from '../memo/canonical.ts';
import { codeDigest } from '../memo/code/code-digest.ts';
import { contentDigest, FileContents, type FileIdentity } from '../memo/file-states.ts';
import { digestOf, type KeyPart, type KeyParts } from '../memo/memo-key.ts';
import { asFuture, replaceWaitables, type Waitable } from './arguments.ts';
import { type IgnoredParameters, ignoredParameters } from './ignored-parameters.ts';
import { prepare, type Prepared, type PrepareSite, type PythonArguments } from './prepare.ts';
import { isStoredResult, type StoredResult } from './stored-result.ts';
import type { Task } from './task.ts';

/** A file that is written while it is read has no content to go by. */
const MAX_READS = 3;

interface KnownEntry {
  readonly app: string;
  readonly code: string;
  readonly options: string;
  readonly ignored: IgnoredParameters;
}

export class TaskKeys {
  readonly #site: PrepareSite;
  readonly #identity: FileIdentity;
  readonly #cwd: string;
  readonly #isAnyIgnored: boolean;
  readonly #files = new FileContents();
  readonly #stored = new WeakMap<StoredResult, string>();
  readonly #entries = new WeakMap<AppEntry, KnownEntry>();
  /** By function or body: entries of `app.with()` share them. */
  readonly #codes = new WeakMap<object, string>();

  /** @param counted whether arguments that `ignoreForCache` names count too. */
  constructor(site: PrepareSite, identity: FileIdentity, cwd: string, counted: 'every argument' | 'those not ignored') {
    this.#site = site;
    this.#identity = identity;
    this.#cwd = cwd;
    this.#isAnyIgnored = counted === 'those not ignored';
  }

  /**
   * A promise where files have to be read for it.
   * @throws UnkeyableError for arguments that have no key; InvalidOptionError if `ignoreForCache` names no parameter.
   */
  partsOf(task: Task): KeyParts | Promise<KeyParts> {
    const parts = this.#withoutCommand(task, 0);
    const { entry } = task;
    // What is ignored may be part of the command.
    if (entry.kind !== 'bash' || (this.#isAnyIgnored && entry.options.ignoreForCache.length > 0)) return parts;
    return parts instanceof Promise ? parts.then((ready) => this.#withCommand(task, ready)) : this.#withCommand(task, parts);
  }

  #withoutCommand(task: Task, reads: number): KeyParts | Promise<KeyParts> {
    const pending: Promise<unknown>[] = [];
    const { app, code, options, ignored } = this.#known(task.entry);
    const args = [...this.#argumentParts(task, ignored, pending), ...this.#inputParts(task, pending)];
    if (pending.length > 0 && reads >= MAX_READS) throw new UnkeyableError('a file among the arguments', 'written while it is read');
    if (pending.length > 0) return Promise.all(pending).then(() => this.#withoutCommand(task, reads + 1));
    const outputs = task.outputs.map(({ path }) => path);
    const allOptions = outputs.length === 0 ? options : digestOf(JSON.stringify([options, outputs]));
    return { app, version: task.entry.options.version ?? '', code, options: allOptions, args };
  }

  /** The command says what the body has taken from the script around it. It is kept for the first try. */
  #withCommand(task: Task, parts: KeyParts): KeyParts | Promise<KeyParts> {
    const add = (prepared: Prepared): KeyParts => {
      task.prepared = prepared;
      return { ...parts, args: [...parts.args, { label: 'its command', digest: digestOf(prepared.args) }] };
    };
    // Its body runs once, also where there are two keys.
    const prepared = task.prepared ?? prepare(task, this.#site);
    return prepared instanceof Promise ? prepared.then(add) : add(prepared);
  }

  #known(entry: AppEntry): KnownEntry {
    const known = this.#entries.get(entry) ?? this.#describe(entry);
    this.#entries.set(entry, known);
    return known;
  }

  #describe(entry: AppEntry): KnownEntry {
    const { name, returns, cwd, env, stdout, stderr, pty, ignoreForCache } = entry.options;
    const streams = [stdout, stderr].map((stream) => (stream === 'auto' ? undefined : stream));
    const sortedEnv = env && Object.entries(env).sort(([a], [b]) => (a < b ? -1 : 1));
    return {
      app: `${entry.kind} ${name}`,
      code: this.#codeOf(entry),
      options: digestOf(JSON.stringify([returns, cwd, sortedEnv, streams, pty])),
      ignored: ignoredParameters(entry, this.#isAnyIgnored ? ignoreForCache : []),
    };
  }

  #codeOf(entry: AppEntry): string {
    const owner = 'body' in entry ? entry.body : entry.fn;
    const code = this.#codes.get(owner) ?? codeDigest(entry, this.#cwd);
    this.#codes.set(owner, code);
    return code;
  }

  // --- arguments

  #argumentParts(task: Task, ignored: IgnoredParameters, pending: Promise<unknown>[]): KeyPart[] {
    const args = this.#valuesOf(task, task.args) as readonly unknown[];
    const [positional, named] = (task.entry.kind === 'python' ? args : [args, {}]) as PythonArguments;
    const name = this.#argumentNamer(task, pending);
    const parts: KeyPart[] = [];
    for (const [i, value] of positional.entries()) if (!ignored.hasPosition(i)) parts.push(partOf(`args[${i}]`, value, name));
    for (const key of Object.keys(named).sort()) if (!ignored.hasName(key)) parts.push(partOf(`kw.${key}`, named[key], name));
    return parts;
  }

  /** What the task itself writes was another file before it ran: its path counts, and the memo compares what was left there. */
  #argumentNamer({ outputs }: Task, pending: Promise<unknown>[]): ObjectNamer {
    const name = this.#namer(pending);
    if (outputs.length === 0) return name;
    const own = new Set(outputs.map(({ path }) => path));
    return (object) => (isDataFile(object) && object.scheme === 'file' && own.has(object.path) ? `output ${object.path}` : name(object));
  }

  #inputParts(task: Task, pending: Promise<unknown>[]): KeyPart[] {
    const { inputs } = task.entry.options;
    if (inputs.length === 0) return [];
    const name = this.#namer(pending);
    const values = this.#valuesOf(task, inputs) as readonly unknown[];
    return values.map((value, i) => partOf(`inputs[${i}]`, toFile(value, task.driverCwd), name));
  }

  #valuesOf(task: Task, value: unknown): unknown {
    if (!task.waitables) return value;
    return replaceWaitables(value, (waitable: Waitable) => {
      const external = this.#site.promiseValues.get(waitable);
      return external ? external.value : asFuture(waitable)?.settledValue;
    });
  }

  /** Files and stored results are named by what they are; what has to be read for it goes into `pending`. */
  #namer(pending: Promise<unknown>[]): ObjectNamer {
    const nameOrWait = (found: string | Promise<unknown>): string => {
      if (typeof found === 'string') return found;
      pending.push(found);
      return '';
    };
    return (object) => {
      if (isStoredResult(object)) return nameOrWait(this.#nameOfStored(object));
      if (!isDataFile(object)) return undefined;
      return object.scheme === 'file' ? nameOrWait(this.#files.nameOf(object.path, this.#identity)) : object.url;
    };
  }

  #nameOfStored(stored: StoredResult): string | Promise<unknown> {
    return this.#stored.get(stored) ?? contentDigest(stored.stored.key).then((digest) => this.#stored.set(stored, digest));
  }
}

const partOf = (label: string, value: unknown, name: ObjectNamer): KeyPart => ({
  label,
  digest: digestOf(canonicalBytes(value, name, label)),
});

function toFile(value: unknown, cwd: string): unknown {
  if (value instanceof URL) return new DataFile(value.href);
  return typeof value === 'string' ? new DataFile(/^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : resolve(cwd, value)) : value;
}
