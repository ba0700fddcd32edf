/**
 * Memory and descriptors of the processes of a run over time, each for itself and the largest of each kind, and whether they grow.
 *
 * Most processes are killed soon: one that lives long shows whether it grows, and the largest of a kind whether later ones are larger.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Allowance, type Course, courseOf, grows, type Point } from './growth.ts';
import type { HeapLine } from './inside.fixture.ts';
import { type Kind, KINDS, type RunProcess } from './run-processes.ts';

const MIB = 2 ** 20;
/** Compiled code, pools of buffers, sockets to all that there is: a process has them after that. */
const WARM_UP_SECONDS = 60;
/** Whoever lives for less is judged among those of its kind. */
const LONG_SECONDS = 240;
const ALLOWED = {
  /** MiB that are in use after a collection. */
  heap: { rise: 4, share: 0.1 },
  /** MiB that the system counts: what an allocator has once needed it gives back late or never. */
  resident: { rise: 24, share: 0.1 },
  descriptors: { rise: 4, share: 0 },
} as const satisfies Record<string, Allowance>;

export type Measure = keyof typeof ALLOWED;
const MEASURES = Object.keys(ALLOWED) as Measure[];

interface Life {
  readonly kind: Kind;
  readonly pid: number;
  readonly points: Record<Measure, Point[]>;
}

export interface Growth {
  readonly kind: Kind;
  /** Absent: of the largest of the kind at each moment. */
  readonly pid?: number;
  readonly measure: Measure;
  readonly course: Course;
  readonly grows: boolean;
}

export class Samples {
  readonly #processes: () => readonly RunProcess[];
  readonly #heaps: string;
  readonly #lives = new Map<number, Life>();
  readonly #begun = Date.now();

  /** @param heaps folder of what processes say of their heaps. */
  constructor(processes: () => readonly RunProcess[], heaps: string) {
    this.#processes = processes;
    this.#heaps = heaps;
  }

  take(): void {
    const atSeconds = this.#secondsAt(Date.now());
    for (const { pid, kind } of this.#processes()) {
      const size = measure(pid);
      if (size === undefined) continue;
      const { resident, descriptors } = this.#lifeOf(pid, kind).points;
      resident.push([atSeconds, size.mebibytes]);
      descriptors.push([atSeconds, size.descriptors]);
    }
  }

  #secondsAt(ms: number): number {
    return (ms - this.#begun) / 1000;
  }

  /** Its number may have been another's, of which the kind is known. */
  #lifeOf(pid: number, kind: Kind): Life {
    const known = this.#lives.get(pid);
    if (known?.kind === kind) return known;
    const life: Life = { kind, pid, points: { heap: [], resident: [], descriptors: [] } };
    this.#lives.set(pid, life);
    return life;
  }

  /** When all is over. */
  growth(): Growth[] {
    for (const life of this.#lives.values()) life.points.heap.push(...this.#heapOf(life));
    return KINDS.flatMap((kind) => {
      const lives = [...this.#lives.values()].filter((life) => life.kind === kind);
      const long = lives.filter((life) => secondsOf(life) >= LONG_SECONDS).sort((a, b) => secondsOf(b) - secondsOf(a));
      return [...long.flatMap(judgeLife), ...(kind === 'driver' ? [] : judgeLargest(kind, lives))];
    });
  }

  #heapOf({ pid }: Life): Point[] {
    try {
      const lines = readFileSync(join(this.#heaps, `${pid}.jsonl`), 'utf8')
        .trim()
        .split('\n');
      return lines.map((line) => JSON.parse(line) as HeapLine).map(({ at, bytes }) => [this.#secondsAt(at), bytes / MIB]);
    } catch {
      // It is no process of Node, or it has not lived long enough to say so, or was killed while it did.
      return [];
    }
  }
}

const secondsOf = ({ points: { resident } }: Life): number => (resident.at(-1)?.[0] ?? 0) - (resident[0]?.[0] ?? 0);

function judgeLife({ kind, pid, points }: Life): Growth[] {
  const born = points.resident[0]?.[0] ?? 0;
  return MEASURES.flatMap((measure) => {
    const warm = points[measure].filter(([at]) => at - born >= WARM_UP_SECONDS);
    return judge({ kind, pid, measure }, measure === 'resident' ? secondHalf(warm) : warm);
  });
}

/** An allocator reaches its peak with the worst burst, which comes at any time. */
const secondHalf = (points: readonly Point[]): readonly Point[] => points.slice(Math.floor(points.length / 2));

function judgeLargest(kind: Kind, lives: readonly Life[]): Growth[] {
  return (['resident', 'descriptors'] as const).flatMap((measure) => {
    const most = new Map<number, number>();
    for (const [at, value] of lives.flatMap(({ points }) => points[measure])) most.set(at, Math.max(most.get(at) ?? 0, value));
    const points = [...most].sort(([a], [b]) => a - b).filter(([at]) => at >= WARM_UP_SECONDS);
    return judge({ kind, measure }, points);
  });
}

function judge(what: Pick<Growth, 'kind' | 'pid' | 'measure'>, points: readonly Point[]): Growth[] {
  const course = courseOf(points);
  return course === undefined ? [] : [{ ...what, course, grows: grows(course, ALLOWED[what.measure]) }];
}

/** @returns undefined where it has ended meanwhile. */
function measure(pid: number): { mebibytes: number; descriptors: number } | undefined {
  try {
    const kib = Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
    return { mebibytes: kib / 1024, descriptors: readdirSync(`/proc/${pid}/fd`).length };
  } catch {
    return undefined;
  }
}
