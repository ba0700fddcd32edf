/**
 * Mocha's spec reporter, with a plain last line that people and machines read: `12 passed, 0 failed`. Where CI is set, a skipped
 * spec fails the run: CI has everything that specs need. What `FLOTILLA_SPEC_REPORT` names gets the same as JSON, for `scripts/test.mjs`.
 */
import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import Mocha from 'mocha';

interface Failure {
  readonly file: string;
  readonly title: string;
  readonly error: string;
}

export default class Reporter extends Mocha.reporters.Spec {
  readonly #milliseconds = new Map<string, number>();
  #file: string | undefined;
  #since = 0;

  constructor(runner: Mocha.Runner, options?: Mocha.MochaOptions) {
    super(runner, options);
    runner.on('suite', ({ file }) => this.#turnTo(file));
    runner.on('end', () => this.#turnTo(undefined));
  }

  /** Mocha calls it last. @param finish takes what the exit code is made of. */
  override done(failures: number, finish: (failures: number) => void): void {
    const { passes, failures: failed, pending } = this.stats;
    const refused = isContinuousIntegration() ? pending : 0;
    if (refused > 0) console.log(`  ${refused} skipped, which fails the run where CI is set: install what they name as missing`);
    const totals = { passed: passes, failed: failed + refused, skipped: pending - refused };
    console.log(formatTotals(totals));
    const report = process.env['FLOTILLA_SPEC_REPORT'];
    if (report) writeFileSync(report, JSON.stringify({ ...totals, ...this.#details() }));
    finish(failures + refused);
  }

  /** Hooks count too: the time of a file is from its first suite to the next file's. */
  #turnTo(file: string | undefined): void {
    if (file === this.#file) return;
    const now = performance.now();
    if (this.#file) this.#milliseconds.set(fromRoot(this.#file), Math.round(now - this.#since));
    this.#file = file;
    this.#since = now;
  }

  #details(): { failures: Failure[]; milliseconds: Record<string, number> } {
    const failures = this.failures.map((test) => ({
      file: fromRoot(fileOf(test)),
      title: test.fullTitle(),
      error: test.err?.stack ?? test.err?.message ?? 'no error was kept',
    }));
    return { failures, milliseconds: Object.fromEntries(this.#milliseconds) };
  }
}

export function formatTotals({ passed, failed, skipped }: { passed: number; failed: number; skipped: number }): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

/** A hook knows no file of its own when a root suite has it. */
function fileOf(test: Mocha.Runnable): string {
  return test.file ?? test.parent?.file ?? '';
}

const fromRoot = (file: string): string => relative(process.cwd(), file);

function isContinuousIntegration(): boolean {
  return !['', '0', 'false', undefined].includes(process.env['CI']);
}
