/**
 * The memo: what a task of an app with `cache: true` comes to before it runs. Taken from an earlier result, left to wait for the same
 * call that is running, or run; and what is kept of it then.
 *
 * Failures are nobody's result: when the first of several equal calls fails, the next one runs, with its own retries.
 */
import { basename } from 'node:path';
import { InvalidOptionError } from '../errors/index.ts';
import type { ResultMeta } from '../memo/checkpoint-format.ts';
import { makeKey, type KeyParts } from '../memo/memo-key.ts';
import { isUnchanged, stateOf } from '../memo/file-states.ts';
import { announceMemo } from './announce.ts';
import { logChannel } from './channels.ts';
import { missingStream } from './left-files.ts';
import { explainMiss, explainTaken } from './memo-explain.ts';
import { MemoNotes } from './memo-notes.ts';
import type { MemoShelf } from './memo-shelf.ts';
import type { Task } from './task.ts';
import type { TaskKeys } from './task-key.ts';

export interface MemoSite {
  readonly runDir: string;
  isWanted(task: Task): boolean;
  /** The task runs as any other. */
  run(task: Task): void;
  succeed(task: Task, value: unknown): void;
  fail(task: Task, error: unknown): void;
}

/** Of an app as a whole: where they differ, all of its results are of no use. */
const OWN_PARTS: ReadonlySet<string> = new Set(['code', 'version', 'options']);

interface Running {
  readonly taskId: number;
  readonly twins: Task[];
}

export class Memo {
  readonly #site: MemoSite;
  readonly #keys: TaskKeys;
  readonly #shelf: MemoShelf;
  readonly #notes = new MemoNotes();
  readonly #running = new Map<string, Running>();
  /** What was logged of an app: its reasons, each once. */
  readonly #told = new Set<string>();

  constructor(site: MemoSite, keys: TaskKeys, shelf: MemoShelf) {
    this.#site = site;
    this.#keys = keys;
    this.#shelf = shelf;
  }

  get shelf(): MemoShelf {
    return this.#shelf;
  }

  /** A task whose dependencies are done. */
  arrive(task: Task): void {
    try {
      const parts = this.#keys.partsOf(task);
      if (!(parts instanceof Promise)) return this.#decide(task, parts);
      this.#notes.set(task.taskId, { kind: 'reading' });
      parts.then(
        (ready) => this.#site.isWanted(task) && this.#decide(task, ready),
        (error: unknown) => this.#site.isWanted(task) && this.#withoutKey(task, error),
      );
    } catch (error) {
      this.#withoutKey(task, error);
    }
  }

  #withoutKey(task: Task, error: unknown): void {
    if (error instanceof InvalidOptionError) return this.#site.fail(task, error);
    const why = error instanceof Error ? error.message : String(error);
    this.#notes.set(task.taskId, { kind: 'unkeyable', why });
    announceMemo(task, { kind: 'withoutKey', reason: why });
    this.#tell(task, 'no key', 'warn', `task ${task.taskId} (${task.appName}) runs without the memo: ${why}`);
    this.#site.run(task);
  }

  #decide(task: Task, parts: KeyParts): void {
    const key = makeKey(parts);
    const running = this.#running.get(key);
    if (running) {
      running.twins.push(task);
      this.#notes.set(task.taskId, { kind: 'twin', of: running.taskId });
      announceMemo(task, { kind: 'twin', task: running.taskId });
      return;
    }
    const why = this.#reuse(task, key);
    if (why === true) return;
    this.#noteMiss(task, parts, why);
    this.#running.set(key, { taskId: task.taskId, twins: [] });
    task.future.onSettled(() => this.#ended(task, key, parts));
    this.#site.run(task);
  }

  /** @returns true, or why the result that there is cannot be used; undefined if there is none. */
  #reuse(task: Task, key: string): true | string | undefined {
    const found = this.#open(task, key);
    if (found === undefined || typeof found === 'string') return found;
    const { meta, value } = found;
    this.#notes.set(task.taskId, { kind: 'taken', run: meta.run, task: meta.task });
    announceMemo(task, { kind: 'taken', run: meta.run, task: meta.task });
    task.isMemoized = true;
    this.#site.succeed(task, value);
    return true;
  }

  #open(task: Task, key: string): { readonly meta: ResultMeta; readonly value: unknown } | string | undefined {
    try {
      const found = this.#shelf.find(key);
      if (!found) return undefined;
      const gone = found.meta.outputs.find((output) => !isUnchanged(output))?.[0] ?? missingStream(task);
      if (gone !== undefined) return `its output ${gone} has changed since, or is gone`;
      const value = found.open();
      this.#shelf.carry(found);
      return { meta: found.meta, value };
    } catch (error) {
      this.#shelf.drop(key);
      return `the result that was kept cannot be read: ${(error as Error).message}`;
    }
  }

  #noteMiss(task: Task, parts: KeyParts, why: string | undefined): void {
    this.#notes.set(task.taskId, { kind: 'missed', parts, why });
    if (why !== undefined) {
      announceMemo(task, { kind: 'unusable', reason: why });
      return this.#tellMiss(task, 'unusable', why);
    }
    const differing = this.#shelf.table.unknownParts(parts) ?? (this.#shelf.isResumed ? ['app'] : undefined);
    if (!differing) return;
    announceMemo(task, { kind: 'missed', differing });
    const own = differing.find((part) => OWN_PARTS.has(part));
    if (own !== undefined)
      this.#tellMiss(
        task,
        own,
        `its ${own} ${own === 'options' ? 'differ from those' : 'differs from that'} of every result that was kept`,
      );
  }

  #tellMiss(task: Task, kind: string, reason: string): void {
    this.#tell(task, kind, 'info', `task ${task.taskId} (${task.appName}) runs, though the app has results: ${reason}`);
  }

  #ended(task: Task, key: string, parts: KeyParts): void {
    const twins = this.#running.get(key)?.twins ?? [];
    this.#running.delete(key);
    if (task.state === 'done') this.#keep(task, key, parts);
    // With a result each takes it; without one the first runs, and the others wait for that.
    for (const twin of twins) if (this.#site.isWanted(twin)) this.#decide(twin, parts);
  }

  #keep(task: Task, key: string, parts: KeyParts): void {
    const outputs = task.outputs.map(({ path }) => stateOf(path));
    const meta = { key, run: basename(this.#site.runDir), task: task.taskId, parts, outputs };
    try {
      this.#shelf.keep(meta, task.future.settledValue);
    } catch (error) {
      this.#tell(task, 'not kept', 'warn', `the result of task ${task.taskId} (${task.appName}) is not kept: ${(error as Error).message}`);
    }
  }

  /** The rest of a sentence about the task; undefined where the memo has nothing to do with it. */
  explain(taskId: number): string | undefined {
    const note = this.#notes.get(taskId);
    switch (note?.kind) {
      case undefined:
        return undefined;
      case 'reading':
        return 'reads the files among its arguments, to know whether there is a result for them';
      case 'twin':
        return `waits for task ${note.of}, the same call`;
      case 'taken':
        return explainTaken(note.run, note.task, basename(this.#site.runDir));
      case 'unkeyable':
        return `run without the memo: ${note.why}`;
      case 'missed':
        return explainMiss({ taskId, ...note }, this.#shelf.table, basename(this.#site.runDir));
    }
  }

  #tell({ appName }: Task, kind: string, level: 'info' | 'warn', message: string): void {
    const id = `${kind}\0${appName}`;
    if (this.#told.has(id)) return;
    this.#told.add(id);
    logChannel.publish({ executor: 'memo', level, message: `${message}; kernel.explain(taskId) tells it of each task, this is the first` });
  }
}
