/**
 * What every bench prints: its question, the machine, and its figures, as JSON on stdout.
 */
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release } from 'node:os';

export interface BenchReport {
  readonly bench: string;
  readonly question: string;
  readonly date: string;
  readonly machine: Readonly<Record<string, unknown>>;
  readonly figures: Readonly<Record<string, unknown>>;
}

/** @param bench name of its file. */
export function printReport(bench: string, question: string, figures: BenchReport['figures']): void {
  const report: BenchReport = { bench, question, date: new Date().toISOString(), machine: describeMachine(), figures };
  console.log(JSON.stringify(report, null, 2));
}

function describeMachine(): BenchReport['machine'] {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cpus: availableParallelism(),
    node: process.versions.node,
    linux: release(),
    flotilla: (JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }).version,
    // Who else was at work: well above the number of CPUs, figures mean little.
    loadAverage: loadavg()[0],
  };
}

/** The n-th argument of the command line as a count. */
export function countArgument(n: number, standard: number): number {
  const text = process.argv[2 + n];
  if (text === undefined) return standard;
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 1)
    throw new RangeError(`argument ${n + 1} is ${text}; it must be a whole number of at least 1`);
  return count;
}
