/**
 * What must be true of a run, judged by its events alone, whatever happened to its processes: each task has one outcome, its tries are
 * numbered without gaps and fenced, no slot ran two tasks at once, and no CPU or accelerator was given out beyond one whole. A projection: no clock, no file.
 */
import type { Logged, RunEvent, TaskCalled, TryEnded, TryGranted } from '../../lib/events/events.ts';

interface OpenTask {
  readonly app: TaskCalled['app'];
  /** Of the try that was launched last; 0: none yet. */
  tryNumber: number;
  isTryOpen: boolean;
}

interface Span {
  readonly app: TaskCalled['app'];
  /** By how much clocks of different apps may have parted. */
  readonly apartMs: number;
  readonly taskId: number;
  readonly tryNumber: number;
  readonly startMs: number;
  readonly endMs: number;
  /** Of what it has. */
  readonly share: number;
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
/** Shares are fractions: three times a third may be a little more than one. */
const WHOLE = 1 + 1e-3;
/** Spans that are remembered per slot, CPU and accelerator: results come in nearly the order of their work. */
const REMEMBERED = 64;

export class Verdict {
  readonly problems: string[] = [];
  readonly #open = new Map<number, OpenTask>();
  readonly #places = new Map<string, Span[]>();
  /** What tries have that have not ended. */
  readonly #granted = new Map<string, TryGranted>();
  #begunMs: number | undefined;
  readonly #outcomes: Record<string, number> = {};
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
      case 'tryGranted':
        return void this.#granted.set(nameOf(event), event);
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
    this.#granted.delete(nameOf(ended));
  }

  /**
   * Only of what a worker has reported itself is it known when it began; and that too late by as long as it was frozen between two looks
   * at its clocks. But it has ended when the driver is told.
   */
  #occupy({ taskId, tryNumber, host, worker, startMs, durationUs }: TryEnded, app: Span['app'], toldMs: number): void {
    const granted = this.#granted.get(nameOf({ taskId, tryNumber }));
    if (worker === '' || startMs === 0) return;
    const apartMs = CLOCK_MS + SLEW * Math.max(0, toldMs - (this.#begunMs ?? toldMs));
    const span = { app, apartMs, taskId, tryNumber, startMs, endMs: Math.min(toldMs, startMs + durationUs / 1000) };
    this.#add(`slot ${host} ${worker}`, { ...span, share: 1 });
    for (const [cpu, share] of granted?.cpus ?? []) this.#add(`CPU ${cpu} of ${granted?.manager}`, { ...span, share });
    for (const [gpu, share] of granted?.gpus ?? []) this.#add(`accelerator ${gpu} of ${granted?.manager}`, { ...span, share });
  }

  /** Never more than a whole one at any moment; the fullest moment is the beginning of one of those that have it. */
  #add(place: string, span: Span): void {
    const known = this.#places.get(place) ?? [];
    if (known.length === 0) this.#places.set(place, known);
    const others = known.filter((other) => {
      const slackMs = other.app === span.app ? CLOCK_MS : span.apartMs;
      return isAt(other, span.startMs, slackMs) || isAt(span, other.startMs, slackMs);
    });
    for (const { startMs } of [span, ...others]) {
      const at = Math.max(span.startMs, startMs);
      const holders = others.filter((other) => isAt(other, at));
      if (span.share + holders.reduce((sum, { share }) => sum + share, 0) <= WHOLE) continue;
      const tries = [span, ...holders].map(({ taskId, tryNumber }) => `task ${taskId} try ${tryNumber}`);
      this.#problem(`${place} had ${tries.join(' and ')} at once`);
      break;
    }
    known.push(span);
    if (known.length > REMEMBERED) known.shift();
  }

  #problem(what: string): void {
    if (this.problems.length < MOST_PROBLEMS) this.problems.push(what);
  }
}

const nameOf = ({ taskId, tryNumber }: { readonly taskId: number; readonly tryNumber: number }): string => `${taskId}.${tryNumber}`;

/** Whether it is under way then, the uncertainty of clocks left out at both ends. */
const isAt = ({ startMs, endMs }: Span, at: number, slackMs = CLOCK_MS): boolean => startMs <= at && at + slackMs < endMs;
