/**
 * A task that never ran because one it depends on failed.
 *
 * A chain may have 100,000 links, each with an error of its own. So making one costs the same at every depth, and the
 * message is put together when someone reads it: the first names by following `upstream`, the last ones from a short list
 * that the links share.
 */
import { FlotillaError, brandError } from './flotilla-error.ts';
import { showValue } from './message-parts.ts';
import { nameTask, type TaskName } from './task-ref.ts';

/** A longer chain is shortened in the middle to this many names. */
const SHOWN_AT_EACH_END = 5;

export interface DependencyFailure {
  /** The task that did not run. */
  readonly task: TaskName;
  /** Why the task before it has no value: its own error, or the DependencyError of a task that did not run either. */
  readonly upstream: unknown;
  /** Undefined: a promise that is not one of ours was rejected, or a group was given up. */
  readonly upstreamTask?: TaskName | undefined;
  /** Name of that group. */
  readonly upstreamGroup?: string | undefined;
}

export class DependencyError extends FlotillaError {
  static {
    brandError(this, 'DependencyError');
    // On the prototype, so that no text exists until someone reads it.
    Object.defineProperty(this.prototype, 'message', { get: describeChain, configurable: true });
  }

  readonly task: TaskName;
  /** The error of the task directly before this one: a link of the chain. `cause` is the root. */
  declare readonly upstream: unknown;
  /** That task; undefined where a promise that is not one of ours was rejected. */
  declare readonly upstreamTask: TaskName | undefined;
  /** How many tasks did not run, from this one to the root. */
  declare readonly depth: number;
  /** The root and the links next to it, root first; a text is what is no task. Shared along the chain. */
  declare readonly nearRoot: readonly (TaskName | string | undefined)[];

  constructor(failure: DependencyFailure) {
    const before = failure.upstream instanceof DependencyError ? failure.upstream : undefined;
    // Frames of the engine would tell nothing, and taking them is most of the cost of an error.
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    super('FLOTILLA_DEPENDENCY_ERROR', '', { cause: before === undefined ? failure.upstream : before.cause });
    Error.stackTraceLimit = limit;
    delete (this as { message?: string }).message;
    this.task = failure.task;
    define(this, 'upstream', failure.upstream);
    define(this, 'upstreamTask', failure.upstreamTask);
    define(this, 'depth', before === undefined ? 1 : before.depth + 1);
    define(
      this,
      'nearRoot',
      before === undefined
        ? [failure.upstreamTask ?? nameGroup(failure.upstreamGroup), failure.task]
        : extend(before.nearRoot, failure.task),
    );
  }
}

function define(error: DependencyError, key: string, value: unknown): void {
  Object.defineProperty(error, key, { value, configurable: true });
}

const nameGroup = (name: string | undefined): string | undefined => (name === undefined ? undefined : `group '${name}'`);

/** One of `nearRoot`. */
export const nameLink = (link: TaskName | string | undefined): string =>
  typeof link === 'object' ? nameTask(link) : (link ?? 'a promise');

/** Tasks beyond the first few need no list of their own: they share that of their upstream. */
function extend(nearRoot: DependencyError['nearRoot'], task: TaskName): DependencyError['nearRoot'] {
  return nearRoot.length >= SHOWN_AT_EACH_END ? nearRoot : [...nearRoot, task];
}

function describeChain(this: DependencyError): string {
  const near = this.nearRoot.map(nameLink);
  const links = firstLinks(this);
  const hidden = this.depth + 1 - links.length - near.length;
  // Chains that fit are told whole: what `links` reaches twice is left to `near`.
  const names = hidden > 0 ? [...links, `… ${hidden} more …`] : links.slice(0, this.depth + 1 - near.length);
  names.push(...near.reverse());
  const [first, ...rest] = names;
  return `${first} did not run: it needs ${rest.join(', which needs ')}, which failed: ${describeRoot(this.cause)}`;
}

function firstLinks(error: DependencyError): string[] {
  const names: string[] = [];
  let at: unknown = error;
  while (names.length < SHOWN_AT_EACH_END && at instanceof DependencyError) {
    names.push(nameTask(at.task));
    at = at.upstream;
  }
  return names;
}

function describeRoot(root: unknown): string {
  return root instanceof Error ? `${root.name}: ${root.message}` : showValue(root);
}
