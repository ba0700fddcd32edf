/**
 * Tries on their way to another machine and back: what they name is put as it is called there, and files that they have written are
 * brought here before their outcome is told.
 */
import { packWireError } from '../../../lib/errors/index.ts';
import type { ExecutorEvents, TryOutcome, TryRequest } from '../../../lib/executor.ts';
import { ResultStatus } from '../../../lib/wire/records.ts';
import { isStored } from '../../../lib/wire/value-codec.ts';
import type { TaskTransport } from '../task-transport.ts';
import type { FetchedFile, Relocated } from './relocate.ts';
import type { RemoteSite } from './site.ts';

export class SiteTasks implements TaskTransport {
  readonly #site: RemoteSite;
  readonly #events: ExecutorEvents;
  readonly #files = new Map<number, readonly FetchedFile[]>();
  readonly #fetching = new Set<Promise<void>>();

  constructor(site: RemoteSite, events: ExecutorEvents) {
    this.#site = site;
    this.#events = events;
  }

  /** @returns undefined when it cannot travel, which is told as its outcome. */
  send(request: TryRequest): TryRequest | undefined {
    let relocated: Relocated;
    try {
      relocated = this.#site.relocation.relocate(request);
    } catch (error) {
      queueMicrotask(() => this.#events.tryEnded(this.#unsent(request, error as Error)));
      return undefined;
    }
    const { taskId } = request;
    if (relocated.fetched.length > 0) this.#files.set(taskId, relocated.fetched);
    return relocated.request;
  }

  ended(told: TryOutcome): void {
    const outcome = told.status === ResultStatus.Ok && isStored(told.body) ? this.#misled(told) : told;
    const files = this.#files.get(outcome.taskId);
    if (files === undefined) return this.#events.tryEnded(outcome);
    this.#files.delete(outcome.taskId);
    // The body is a view of a message that is gone by then.
    const kept = { ...outcome, body: Buffer.from(outcome.body) };
    const fetching = this.#fetch(files, kept).finally(() => this.#fetching.delete(fetching));
    this.#fetching.add(fetching);
  }

  /** What more there is to say of why nothing runs. */
  explain(): string {
    const reason = this.#site.explain();
    return reason === undefined ? '' : `; ${reason}`;
  }

  async close(): Promise<void> {
    await Promise.all(this.#fetching);
    await this.#site.close();
  }

  async #fetch(files: readonly FetchedFile[], outcome: TryOutcome): Promise<void> {
    for (const problem of await this.#site.fetch(files)) this.#events.log('warn', problem, { task: outcome.taskId });
    this.#events.tryEnded(outcome);
  }

  /** There is no store that both machines see: a result that names a file would have the driver read whatever the other side likes. */
  #misled(outcome: TryOutcome): TryOutcome {
    const message = `the result names a file of this machine, which ${this.#site.name} cannot know`;
    const body = packWireError({ kind: 'serialization', name: 'SerializationError', message, fields: {} });
    return { ...outcome, status: ResultStatus.Failed, body };
  }

  #unsent({ taskId, tryNumber }: TryRequest, error: Error): TryOutcome {
    const { name } = this.#site;
    const message = `the task's arguments cannot travel to ${name}, which sees none of this machine's disks: ${error.message}`;
    const body = packWireError({ kind: 'serialization', name: 'SerializationError', message, fields: {} });
    return { taskId, tryNumber, status: ResultStatus.Failed, body, host: '', worker: '', startMs: 0, durationUs: 0 };
  }
}
