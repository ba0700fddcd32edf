/**
 * Memory and descriptors of the processes of a run over time, by role, and whether they grow.
 *
 * Processes are killed all the time: so it is the largest of a role at each moment that is followed.
 */
import { readdirSync, readFileSync } from 'node:fs';
import type { Role, Targets } from './harm.ts';

const ROLES: readonly Role[] = ['driver', 'interchange', 'manager', 'worker'];
/** What may be more at the end than at the beginning and is no growth yet. */
const ALLOWED_MIB = 24;
const ALLOWED_SHARE = 0.15;
const ALLOWED_DESCRIPTORS = 6;

interface Sample {
  readonly atSeconds: number;
  readonly mebibytes: number;
  readonly descriptors: number;
  readonly processes: number;
}

export interface Growth {
  readonly role: Role;
  /** Medians of the second and of the last fifth of the time: the first is for warming up. */
  readonly early: Omit<Sample, 'atSeconds'>;
  readonly late: Omit<Sample, 'atSeconds'>;
  readonly mostMebibytes: number;
  readonly mostDescriptors: number;
  readonly grows: boolean;
}

export class Samples {
  readonly #targets: Targets;
  readonly #byRole = new Map<Role, Sample[]>();
  readonly #begun = performance.now();

  constructor(targets: Targets) {
    this.#targets = targets;
  }

  take(): void {
    const atSeconds = (performance.now() - this.#begun) / 1000;
    for (const role of ROLES) {
      const sizes = this.#targets
        .pids(role)
        .map(measure)
        .filter((size) => size !== undefined);
      if (sizes.length === 0) continue;
      const samples = this.#byRole.get(role) ?? [];
      this.#byRole.set(role, samples);
      samples.push({
        atSeconds,
        mebibytes: Math.max(...sizes.map(({ mebibytes }) => mebibytes)),
        descriptors: Math.max(...sizes.map(({ descriptors }) => descriptors)),
        processes: sizes.length,
      });
    }
  }

  growth(): Growth[] {
    return ROLES.flatMap((role) => {
      const samples = this.#byRole.get(role) ?? [];
      return samples.length < 10 ? [] : [judge(role, samples)];
    });
  }

  /** Ten moments of each role: seconds, MiB, descriptors. */
  course(): string[] {
    return ROLES.flatMap((role) => {
      const samples = this.#byRole.get(role) ?? [];
      const some = samples.filter((_, i) => i % Math.max(1, Math.floor(samples.length / 10)) === 0);
      return some.map(
        ({ atSeconds, mebibytes, descriptors }) =>
          `${role.padEnd(12)} ${Math.round(atSeconds)} s  ${Math.round(mebibytes)} MiB  ${descriptors} fds`,
      );
    });
  }
}

function judge(role: Role, samples: readonly Sample[]): Growth {
  const fifth = Math.floor(samples.length / 5);
  const early = medians(samples.slice(fifth, 2 * fifth));
  const late = medians(samples.slice(-fifth));
  const grows =
    late.mebibytes > early.mebibytes * (1 + ALLOWED_SHARE) + ALLOWED_MIB || late.descriptors > early.descriptors + ALLOWED_DESCRIPTORS;
  const mostMebibytes = Math.max(...samples.map(({ mebibytes }) => mebibytes));
  return { role, early, late, mostMebibytes, mostDescriptors: Math.max(...samples.map(({ descriptors }) => descriptors)), grows };
}

const medians = (samples: readonly Sample[]): Omit<Sample, 'atSeconds'> => ({
  mebibytes: median(samples.map(({ mebibytes }) => mebibytes)),
  descriptors: median(samples.map(({ descriptors }) => descriptors)),
  processes: median(samples.map(({ processes }) => processes)),
});

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** @returns undefined where it has ended meanwhile. */
function measure(pid: number): { mebibytes: number; descriptors: number } | undefined {
  try {
    const kib = Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
    return { mebibytes: kib / 1024, descriptors: readdirSync(`/proc/${pid}/fd`).length };
  } catch {
    return undefined;
  }
}
