/**
 * What must be true of a run, judged by its events alone, whatever happened to its processes: each task has one outcome, its tries are
 * numbered without gaps and fenced, and no slot ran two tasks at once. A projection: no clock, no file.
 */
import type { Logged, RunEvent, TaskCalled, TryEnded } from '../../lib/events/events.ts';

interface OpenTask {
  readonly app: TaskCalled['app'];
  /** Of the try that was launched last; 0: none yet. */
  tryNumber: number;
  isTryOpen: boolean;
}

interface Span {
  readonly app: TaskCalled['app'];
  readonly taskId: number;
  readonly tryNumber: number;
  readonly startMs: number;
  readonly endMs: number;
}

export interface VerdictCounts {
  readonly called: number;
  readonly ended: number;
  readonly tries: number;
  /** Of tries, by how they ended. */
  readonly outcomes: Readonly<Record<string, number>>;
  readonly managersLost: number;
  readonly workersEnded: number;
  readonly blocks: number;
}

/** More would be the same thing again. */
const MOST_PROBLEMS = 50;
/** Clocks of one machine are read in different processes. */
const CLOCK_MS = 1;
/**
 * Workers of JavaScript read a clock that is not set with the machine's, the others that of the machine: they part by as much as that is
 * slewed, which is 500 parts in a million at most (adjtimex(2)).
 */
const SLEW = 500e-6;
/** Spans that are remembered per slot: results come in nearly the order of their work. */
const REMEMBERED = 64;

export class Verdict {
  readonly problems: string[] = [];
  readonly #open = new Map<number, OpenTask>();
  readonly #slots = new Map<string, Span[]>();
  readonly #outcomes: Record<string, number> = {};
  #begunMs: number | undefined;
  #called = 0;
  #ended = 0;
  #tries = 0;
  #managersLost = 0;
  #workersEnded = 0;
  #blocks = 0;

  get counts(): VerdictCounts {
    return {
      called: this.#called,
      ended: this.#ended,
      tries: this.#tries,
      outcomes: this.#outcomes,
      managersLost: this.#managersLost,
      workersEnded: this.#workersEnded,
      blocks: this.#blocks,
    };
  }

  /** Tasks that were called and have not ended. */
  get unfinished(): readonly number[] {
    return [...this.#open.keys()];
  }

  add({ event, atMs }: Logged): void {
    this.#begunMs ??= atMs;
    const task = 'taskId' in event ? this.#open.get(event.taskId) : undefined;
    switch (event.kind) {
      case 'taskCalled':
        return this.#call(event);
      case 'tryLaunched':
        return this.#launched(event.taskId, event.tryNumber, task);
      case 'tryEnded':
        return this.#tryEnded(event, task, atMs);
      case 'taskEnded':
        this.#ended++;
        if (!task) this.#problem(`task ${event.taskId} ended (${event.state}) though it was never called, or had ended`);
        else if (task.isTryOpen) this.#problem(`task ${event.taskId} ended (${event.state}) though its try ${task.tryNumber} had not`);
        this.#open.delete(event.taskId);
        return;
      default:
        this.#other(event);
    }
  }

  #other({ kind, ...event }: RunEvent): void {
    if (kind === 'managerLost') this.#managersLost++;
    else if (kind === 'workerEnded') this.#workersEnded++;
    else if (kind === 'blockSubmitted') this.#blocks++;
    else if (kind === 'eventsLost') this.#problem(`events are missing from the log: ${JSON.stringify(event)}`);
  }

  #call({ taskId, app }: TaskCalled): void {
    this.#called++;
    if (this.#open.has(taskId)) this.#problem(`task ${taskId} was called twice`);
    this.#open.set(taskId, { app, tryNumber: 0, isTryOpen: false });
  }

  #launched(taskId: number, tryNumber: number, task: OpenTask | undefined): void {
    this.#tries++;
    if (!task) return this.#problem(`try ${tryNumber} of task ${taskId} was launched, and the task is not there`);
    if (task.isTryOpen) this.#problem(`try ${tryNumber} of task ${taskId} was launched before try ${task.tryNumber} had ended`);
    if (tryNumber !== task.tryNumber + 1) this.#problem(`try ${tryNumber} of task ${taskId} follows try ${task.tryNumber}`);
    task.tryNumber = tryNumber;
    task.isTryOpen = true;
  }

  #tryEnded(ended: TryEnded, task: OpenTask | undefined, toldMs: number): void {
    const { taskId, tryNumber, outcome } = ended;
    this.#outcomes[outcome] = (this.#outcomes[outcome] ?? 0) + 1;
    if (!task) return this.#problem(`try ${tryNumber} of task ${taskId} ended (${outcome}) after its task`);
    // One that could not even be given to an executor was never launched.
    const isFirstSeen = !task.isTryOpen && tryNumber === task.tryNumber + 1;
    if (isFirstSeen) task.tryNumber = tryNumber;
    else if (tryNumber !== task.tryNumber || !task.isTryOpen)
      this.#problem(
        `try ${tryNumber} of task ${taskId} ended (${outcome}) though try ${task.tryNumber} is the latest, or had ended before`,
      );
    task.isTryOpen = false;
    if (outcome === 'done') this.#occupy(ended, task.app, toldMs);
  }

  /**
   * Only of what a worker has reported itself is it known when it began; and that too late by as long as it was frozen between two looks
   * at its clocks. But it has ended when the driver is told.
   */
  #occupy({ taskId, tryNumber, host, worker, startMs, durationUs }: TryEnded, app: Span['app'], toldMs: number): void {
    if (worker === '' || startMs === 0) return;
    const span: Span = { app, taskId, tryNumber, startMs, endMs: Math.min(toldMs, startMs + durationUs / 1000) };
    const slot = `${host} ${worker}`;
    const known = this.#slots.get(slot) ?? [];
    if (known.length === 0) this.#slots.set(slot, known);
    const apartMs = CLOCK_MS + SLEW * Math.max(0, toldMs - (this.#begunMs ?? toldMs));
    const other = known.find((past) => {
      const slackMs = past.app === app ? CLOCK_MS : apartMs;
      return startMs + slackMs < past.endMs && past.startMs + slackMs < span.endMs;
    });
    if (other) this.#problem(`slot ${slot} ran task ${taskId} try ${tryNumber} and task ${other.taskId} try ${other.tryNumber} at once`);
    known.push(span);
    if (known.length > REMEMBERED) known.shift();
  }

  #problem(what: string): void {
    if (this.problems.length < MOST_PROBLEMS) this.problems.push(what);
  }
}
