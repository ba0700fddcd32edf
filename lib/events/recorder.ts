/**
 * Keeps the event log of a run: everything that is told on the channels goes into `runinfo/NNN/events.log`. Of tasks and tries it hears
 * directly, of the rest as a subscriber.
 *
 * A listener like any other: it changes nothing, and a disk that is full costs events, not tasks. Batches leave when they are full or a
 * tenth of a second old; what a killed driver had not written by then is lost.
 */
import { join } from 'node:path';
import {
  blockChannel,
  executorChannel,
  type KernelMessage,
  kernelChannel,
  logChannel,
  managerChannel,
  setTaskRecorder,
  taskRecorder,
  workerChannel,
} from '../kernel/channels.ts';
import { EventEncoder } from './encoder.ts';
import { EventFile } from './event-file.ts';
import type { RunEvent, RunStarted } from './events.ts';
import { EVENT_LOG, HeaderFlag } from './format.ts';

const FLUSH_MS = 100;
const RECORDED = [workerChannel, managerChannel, blockChannel, executorChannel];

export class EventRecorder {
  readonly #file: EventFile;
  readonly #encoder: EventEncoder;
  #flushing: NodeJS.Timeout | undefined;
  #hasComplained = false;
  #isRunClosed = false;
  #lost: { count: number; reason: string } | undefined;

  /** Records from now on. @throws if the file cannot be made. */
  constructor(runDir: string, started: RunStarted) {
    this.#file = new EventFile(join(runDir, EVENT_LOG), (count, reason) => this.#onLost(count, reason));
    this.#encoder = new EventEncoder({
      begun: () => void (this.#flushing ??= setTimeout(() => this.#flush(), FLUSH_MS).unref()),
      full: (batch) => this.#file.append(batch),
    });
    this.#encoder.add(started);
    // Whoever looks at the run from now on is to know whose it is.
    this.#handOver();
    setTaskRecorder(this.#encoder);
    for (const channel of RECORDED) channel.subscribe(this.#onEvent);
    kernelChannel.subscribe(this.#onKernel);
    process.on('exit', this.#onExit);
  }

  readonly #onEvent = (message: unknown): void => this.#encoder.add(message as RunEvent);
  readonly #onKernel = (message: unknown): void => {
    const { state } = message as KernelMessage;
    this.#isRunClosed = state === 'closed';
    this.#encoder.add({ kind: 'kernelChanged', state });
  };
  readonly #onExit = (): void => this.#closeNow();

  #flush(): void {
    this.#flushing = undefined;
    if (!this.#file.dropIfBehind()) this.#handOver();
  }

  #handOver(): void {
    const batch = this.#encoder.take();
    if (batch) this.#file.append(batch);
    this.#file.flush();
  }

  /** What is in the encoder may build upon what was lost: it goes too. The next batch begins by saying so. */
  #onLost(events: number, reason: string): void {
    const count = (this.#lost?.count ?? 0) + events + this.#encoder.discard();
    this.#lost = { count, reason };
    this.#encoder.add({ kind: 'eventsLost', ...this.#lost });
    this.#mark();
    if (this.#hasComplained) return;
    this.#hasComplained = true;
    const message = `events of this run are lost, its log (${EVENT_LOG}) cannot be written: ${reason}. The run goes on without them`;
    logChannel.publish({ executor: '-', level: 'warn', message });
    process.stderr.write(`flotilla: ${message}\n`);
  }

  /** Where there is no room for the event that says so. */
  #mark(): void {
    if (this.#lost) this.#file.mark(HeaderFlag.Lost | (this.#isRunClosed ? HeaderFlag.Closed : 0));
  }

  /** Listens no longer; done when everything is in the file. Idempotent. */
  async close(): Promise<void> {
    this.#stopListening();
    this.#handOver();
    if (this.#file.isRemoved)
      process.stderr.write(`flotilla: ${EVENT_LOG} of this run was removed while it went on: no command can tell of the run\n`);
    await this.#file.close(() => this.#mark());
  }

  #closeNow(): void {
    this.#stopListening();
    this.#handOver();
    this.#file.closeNow();
  }

  #stopListening(): void {
    clearTimeout(this.#flushing);
    if (taskRecorder() === this.#encoder) setTaskRecorder(undefined);
    for (const channel of RECORDED) channel.unsubscribe(this.#onEvent);
    kernelChannel.unsubscribe(this.#onKernel);
    process.off('exit', this.#onExit);
  }
}
