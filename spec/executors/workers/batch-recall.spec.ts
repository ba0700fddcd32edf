/**
 * Taking back what a worker has not started, in every order in which its steps and its supervisor's can come: the real decisions of both
 * sides, over files and a clock that are pretended.
 */
import { expect } from 'chai';
import { BatchLimit, LOOK_AFTER_MS, type LimitWord } from '../../../executors/workers/batch-limit.ts';
import { BatchRecall, STANDING_MS } from '../../../executors/workers/batch-recall.ts';

/** What can happen next: a step of the worker, one of its supervisor, or time passes. */
const CHOICES = ['worker', 'supervisor', 'time'] as const;
type Choice = (typeof CHOICES)[number];

type WorkerSteps = 'right' | 'clock before record' | 'results before limit' | 'duration of the task alone';

interface Rules {
  readonly worker: WorkerSteps;
  /** Whether the supervisor gives the worker time. */
  readonly isPatient: boolean;
  readonly tasks: number;
  readonly batches: number;
}

const RIGHT: Rules = { worker: 'right', isPatient: true, tasks: 3, batches: 1 };
/** Time enough to stand still, and to be seen to have. */
const MOST_MS = STANDING_MS + LOOK_AFTER_MS;

class OutOfChoices extends Error {}

/** One order of steps, as far as its choices go. */
class World {
  readonly #rules: Rules;
  readonly #choices: readonly Choice[];
  #next = 0;
  #now = 0;
  readonly #journal = { batch: 0, count: 0 };
  #word: LimitWord = { batch: 0, limit: 0 };
  /** Batch that the supervisor has given out, and what it knows of it. */
  #given = 1;
  /** Of that batch: tasks whose results the worker has sent; all that it will: Infinity. */
  #sent = 0;
  readonly #started = new Map<number, number>();
  readonly #kept = new Map<number, number>();
  readonly #recall: BatchRecall;
  readonly #limit: BatchLimit;
  readonly #worker: Generator<string>;
  /** Everything that decides what can follow, but for the clock itself. */
  #place = { worker: '', supervisor: '', times: [] as number[] };

  constructor(rules: Rules, choices: readonly Choice[]) {
    this.#rules = rules;
    this.#choices = choices;
    const files = {
      finished: (batch: number) => this.#pausing('read', () => (this.#journal.batch === batch ? this.#journal.count : undefined)),
      writeLimit: (batch: number, limit: number) => this.#pausing('write', () => void (this.#word = { batch, limit })),
    };
    let impatience = 0;
    this.#recall = new BatchRecall(files, () => this.#observe(this.#now) + (rules.isPatient ? 0 : (impatience += STANDING_MS)));
    this.#limit = new BatchLimit(() => this.#word);
    this.#recall.begin(1);
    this.#worker = this.#work();
  }

  /** @returns the state that it comes to; undefined: it is over. */
  run(): string | undefined {
    try {
      this.#schedule();
      return undefined;
    } catch (error) {
      if (!(error instanceof OutOfChoices)) throw error;
      const { worker, supervisor, times } = this.#place;
      const ages = times.map((time) => Math.min(this.#now - time, 3));
      return JSON.stringify([worker, supervisor, ages, this.#now, this.#journal, this.#word, this.#given, this.#sent, [...this.#kept]]);
    }
  }

  #schedule(): void {
    for (;;) {
      const choice = this.#choices[this.#next++];
      if (choice === undefined) throw new OutOfChoices();
      if (choice === 'time' && this.#now < MOST_MS) this.#now += LOOK_AFTER_MS;
      else if (choice === 'worker' && this.#worker.next().done) return;
      else if (choice === 'supervisor') this.#supervise();
    }
  }

  /** Something of the supervisor's that takes time: the others go on meanwhile. */
  #pausing<T>(what: string, act: () => T): T {
    this.#place.supervisor += what[0];
    for (;;) {
      const choice = this.#choices[this.#next++];
      if (choice === undefined) throw new OutOfChoices();
      if (choice === 'supervisor') break;
      if (choice === 'time' && this.#now < MOST_MS) this.#now += LOOK_AFTER_MS;
      else if (choice === 'worker') this.#worker.next();
    }
    const seen = act();
    this.#place.supervisor += `${String(seen)} `;
    return seen;
  }

  #observe(now: number): number {
    this.#place.times[3] = now;
    return now;
  }

  #supervise(): void {
    const kept = this.#kept.get(this.#given) ?? this.#rules.tasks;
    if (this.#sent >= kept && this.#given < this.#rules.batches) {
      this.#given++;
      this.#sent = 0;
      this.#recall.begin(this.#given);
      this.#place.supervisor = `begin ${this.#given} `;
      return;
    }
    this.#place.supervisor = `${this.#place.supervisor.split(' ').slice(-4).join(' ')} try `;
    const taken = this.#recall.takeBack();
    if (taken !== undefined) this.#kept.set(this.#given, taken);
    this.#check(this.#given);
  }

  #check(batch: number): void {
    const [started, kept] = [this.#started.get(batch) ?? 0, this.#kept.get(batch) ?? Number.POSITIVE_INFINITY];
    if (started > kept) throw new Error(`task ${kept} of batch ${batch} was taken back and is started: ${this.#choices.join(' ')}`);
  }

  *#work(): Generator<string> {
    for (let batch = 1; batch <= this.#rules.batches; batch++) {
      while (this.#given < batch) yield this.#at(`waits for ${batch}`);
      yield* this.#runBatch(batch);
    }
  }

  *#runBatch(batch: number): Generator<string> {
    const { worker, tasks } = this.#rules;
    const before = this.#time(0);
    yield this.#at(`begins ${batch}`);
    Object.assign(this.#journal, { batch, count: 0 });
    yield this.#at('looks first');
    this.#limit.begin(batch, before);
    for (let done = 1; ; done++) {
      yield this.#at(`starts ${done}`);
      this.#started.set(batch, done);
      this.#check(batch);
      const started = this.#now;
      yield this.#at(`runs ${done}`);
      if (done === tasks) break;
      const early = this.#time(1);
      yield this.#at(`has run ${done}`);
      this.#journal.count = done;
      yield this.#at(`has recorded ${done}`);
      const late = this.#time(2);
      yield this.#at(`has the time ${done}`);
      if (worker === 'results before limit') this.#send(batch, done);
      yield this.#at(`checks ${done}`);
      if (this.#endsAfter(done, { early, late, started })) break;
      this.#send(batch, done);
    }
    this.#send(batch, Number.POSITIVE_INFINITY);
  }

  #endsAfter(done: number, { early, late, started }: { early: number; late: number; started: number }): boolean {
    if (this.#rules.worker === 'clock before record') return this.#limit.endsAfter(done, early);
    // As if only the task itself could take long.
    if (this.#rules.worker === 'duration of the task alone')
      return early - started >= LOOK_AFTER_MS && this.#word.batch === this.#given && done >= this.#word.limit;
    return this.#limit.endsAfter(done, late);
  }

  #send(batch: number, done: number): void {
    if (batch === this.#given) this.#sent = done;
  }

  #time(which: number): number {
    const { times } = this.#place;
    if (which === 2) times[4] = times[2] ?? 0;
    times[which] = this.#now;
    return this.#now;
  }

  #at(place: string): string {
    this.#place.worker = place;
    return place;
  }
}

/** Every order of steps, those left out that come to where another has come before. @returns how many states there are. */
function explore(rules: Rules): number {
  const seen = new Set<string>();
  let open: Choice[][] = [[]];
  while (open.length > 0) {
    const longer: Choice[][] = [];
    for (const choices of open) {
      const state = new World(rules, choices).run();
      if (state === undefined || seen.has(state)) continue;
      seen.add(state);
      for (const choice of CHOICES) longer.push([...choices, choice]);
    }
    open = longer;
  }
  return seen.size;
}

describe('taking back tasks from a worker that is not asked', () => {
  it('never takes one that was started or will be, in whatever order things happen', () => {
    expect(explore(RIGHT)).to.be.greaterThan(1000);
  });

  it('is not misled by the limit of a batch before', () => {
    expect(explore({ ...RIGHT, tasks: 2, batches: 2 })).to.be.greaterThan(1000);
  });

  const wrong: { title: string; rules: Partial<Rules> }[] = [
    { title: 'a worker that reads the clock before it has written its record', rules: { worker: 'clock before record' } },
    { title: 'a worker that asks only how long its task took', rules: { worker: 'duration of the task alone' } },
    { title: 'a worker that sends results before it looks at the limit', rules: { worker: 'results before limit', batches: 2 } },
    { title: 'a supervisor that does not wait', rules: { isPatient: false } },
  ];
  for (const { title, rules } of wrong) {
    it(`would go wrong with ${title}`, () => {
      expect(() => explore({ ...RIGHT, ...rules })).to.throw(/was taken back and is started/);
    });
  }
});
