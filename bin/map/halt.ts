/**
 * `--halt`: when to stop, and with which exit code. The rules and codes are those of GNU Parallel (parallel(1), "--halt" and
 * "EXIT STATUS"). Pure.
 */
import { UsageError } from '../usage-error.ts';

export interface HaltRule {
  /** 'now' ends what runs, 'soon' starts nothing more. */
  readonly when: 'now' | 'soon';
  readonly what: 'fail' | 'success' | 'done';
  readonly count: number;
  /** Whether `count` is a percentage of all jobs. */
  readonly percent: boolean;
}

/** Short forms that GNU Parallel knows. */
const SHORT: Readonly<Record<string, string>> = {
  '0': 'never',
  '1': 'soon,fail=1',
  '2': 'now,fail=1',
  '-1': 'soon,success=1',
  '-2': 'now,success=1',
};

/** @returns undefined for 'never'. @throws UsageError */
export function parseHalt(text: string): HaltRule | undefined {
  const long = (SHORT[text] ?? text).replace(/^\d+%$/, 'soon,fail=$&');
  if (long === 'never') return undefined;
  const match = /^(now|soon),(fail|success|done)=(\d+)(%?)$/.exec(long);
  if (match === null) {
    throw new UsageError(
      `--halt ${text}: expected never, or now or soon with a reason: now,fail=1, soon,fail=10%, now,success=1, soon,done=3`,
    );
  }
  const [, when, what, count, percent] = match;
  return { when: when as HaltRule['when'], what: what as HaltRule['what'], count: Number(count), percent: percent === '%' };
}

export interface JobEnd {
  readonly exitCode: number;
  /** Number of the signal that ended it; 0: none. */
  readonly signal: number;
}

export const hasFailed = ({ exitCode, signal }: JobEnd): boolean => exitCode !== 0 || signal !== 0;

const MOST = 101;

/** Counts how jobs end, and says when that is enough. */
export class HaltJudge {
  readonly #rule: HaltRule | undefined;
  readonly #total: number;
  #failed = 0;
  #done = 0;
  #status: number | undefined;

  /** @param total all jobs; needed for percentages only. */
  constructor(rule: HaltRule | undefined, total: number) {
    this.#rule = rule;
    this.#total = total;
  }

  /** What to do now that one more has ended. */
  ended(end: JobEnd): HaltRule['when'] | 'continue' {
    this.#done++;
    if (hasFailed(end)) this.#failed++;
    const rule = this.#rule;
    if (rule === undefined || !isConcerned(rule, end) || this.#reached(rule) < this.#limit(rule)) return 'continue';
    this.#status ??= this.#statusOf(rule, end);
    return rule.when;
  }

  /** Failed jobs, 101 for more than 100; where `--halt` applied, what it says. */
  get exitCode(): number {
    if (this.#status !== undefined) return this.#status;
    if (this.#rule?.percent) return percentOf(this.#failed, this.#done);
    return Math.min(this.#failed, MOST);
  }

  #reached({ what }: HaltRule): number {
    return { fail: this.#failed, success: this.#done - this.#failed, done: this.#done }[what];
  }

  #limit({ count, percent }: HaltRule): number {
    return percent ? (this.#total * count) / 100 : count;
  }

  #statusOf({ what, count, percent }: HaltRule, end: JobEnd): number {
    if (what === 'success') return 0;
    if (percent) return percentOf(this.#failed, this.#total);
    if (count === 1) return end.signal === 0 ? end.exitCode : end.signal + 128;
    return Math.min(this.#failed, MOST);
  }
}

const isConcerned = ({ what }: HaltRule, end: JobEnd): boolean => what === 'done' || hasFailed(end) === (what === 'fail');
const percentOf = (part: number, whole: number): number => Math.ceil((part / (whole || 1)) * 100);
