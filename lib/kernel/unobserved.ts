/**
 * Failures that nobody has looked at: they crash nothing, so they are told when the kernel closes.
 */
import { beginningOf, onOneLine } from '../errors/message-parts.ts';
import type { AppFuture } from '../futures/app-future.ts';

interface Failure {
  readonly taskId: number;
  /** As it is shown: with the task's label. */
  readonly name: string;
  readonly future: AppFuture<unknown>;
}

/** Beyond this only their number is kept: each holds an error. */
const MAX_KEPT = 1000;
const SHOWN = 10;
/** Where the command line leaves its record, see configs/flotilla-run.ts. */
const FLOTILLA_RUN = Symbol.for('flotilla.run');

export class Unobserved {
  #kept: Failure[] = [];
  #dropped = 0;

  add(taskId: number, name: string, future: AppFuture<unknown>): void {
    if (future.isObserved) return;
    if (this.#kept.length >= MAX_KEPT) this.#kept = this.#kept.filter((failure) => !failure.future.isObserved);
    if (this.#kept.length < MAX_KEPT) this.#kept.push({ taskId, name, future });
    else this.#dropped++;
  }

  list(): { readonly taskId: number; readonly name: string; readonly error: unknown }[] {
    return this.#kept
      .filter(({ future }) => !future.isObserved)
      .map(({ taskId, name, future }) => ({ taskId, name, error: future.settledValue }));
  }

  /** On stderr, if there is anything to tell. `flotilla run` tells it in its summary. */
  report(): void {
    const failures = this.list();
    if (failures.length === 0 || Reflect.has(globalThis, FLOTILLA_RUN)) return;
    const lines = failures
      .slice(0, SHOWN)
      .map(({ taskId, name, error }) => `  ${onOneLine(`task ${taskId} (${name}): ${describe(error)}`)}`);
    if (failures.length > SHOWN) lines.push(`  and ${failures.length - SHOWN} more`);
    if (this.#dropped > 0) lines.push(`  besides ${this.#dropped} later failures that were not kept`);
    process.stderr.write(`flotilla: ${failures.length} task(s) failed and nobody looked at their result:\n${lines.join('\n')}\n`);
  }
}

const describe = (error: unknown): string => (error instanceof Error ? `${error.name}: ${beginningOf(error.message)}` : String(error));
