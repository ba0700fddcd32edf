/**
 * Mocha's spec reporter, with a plain last line that people and machines read: `12 passed, 0 failed`. Where CI is set, a skipped
 * spec fails the run: CI has everything that specs need.
 */
import Mocha from 'mocha';

export default class Reporter extends Mocha.reporters.Spec {
  /** Mocha calls it last. @param finish takes what the exit code is made of. */
  override done(failures: number, finish: (failures: number) => void): void {
    const { passes, failures: failed, pending } = this.stats;
    const refused = isContinuousIntegration() ? pending : 0;
    if (refused > 0) console.log(`  ${refused} skipped, which fails the run where CI is set: install what they name as missing`);
    console.log(formatTotals({ passed: passes, failed: failed + refused, skipped: pending - refused }));
    finish(failures + refused);
  }
}

export function formatTotals({ passed, failed, skipped }: { passed: number; failed: number; skipped: number }): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

function isContinuousIntegration(): boolean {
  return !['', '0', 'false', undefined].includes(process.env['CI']);
}
