/**
 * What do tasks that do nothing cost here, beside others of the kind, two workers each, in turn and in one run?
 *
 *   npx node bench/peers.ts [percent of the full counts] [rounds]
 *
 * Functions: jsApp and pythonApp beside Parsl (as shipped, and tuned) and dask.distributed. Commands: bashApp beside HyperQueue and GNU Parallel.
 * Python with `parsl`, `dask[distributed]` and `hyperqueue` is that of FLOTILLA_PEERS_PYTHON; without it a virtual environment is made for this run,
 * which asks PyPI. A peer that is not there is left out, and its reason printed.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { countArgument, printReport } from './measure/report.ts';
import { median, rounded } from './measure/statistics.ts';
import { type Contender, contenders, type PeerFigures } from './peers/contenders.ts';
import { findPeersPython } from './peers/peers-python.ts';

const MEASURED = ['tasksPerSecond', 'cpuMicrosecondsPerTask', 'roundTripMilliseconds', 'roundTripP99Milliseconds'] as const;

const percent = countArgument(0, 100);
const rounds = countArgument(1, 2);

const folder = mkdtempSync(join(tmpdir(), 'flotilla-peers-'));
const python = await findPeersPython(folder);
const found = new Map<string, PeerFigures[]>();
const leftOut: Record<string, string> = {};
try {
  for (let round = 0; round < rounds; round++) for (const contender of contenders(python)) await measure(contender);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function measure(contender: Contender): Promise<void> {
  const { name } = contender;
  if (name in leftOut) return;
  process.stderr.write(`# ${name}\n`);
  try {
    const figures = await contender.measure({ folder, percent });
    found.set(name, [...(found.get(name) ?? []), figures]);
  } catch (error) {
    leftOut[name] = (error as Error).message;
    process.stderr.write(`# ${name} is left out: ${(error as Error).message}\n`);
  }
}

/** Medians of all rounds. */
function summarize(runs: readonly PeerFigures[]): Record<string, string | number> {
  const { version = '', tasks = 0 } = runs[0] ?? {};
  const summary: Record<string, string | number> = { version, tasks };
  for (const key of MEASURED) {
    const values = runs.flatMap((run) => run[key] ?? []);
    if (values.length > 0) summary[key] = rounded(median(values));
  }
  return summary;
}

const summaries = Object.fromEntries([...found].map(([name, runs]) => [name, summarize(runs)]));
const rateOf = (name: string): number => Number(summaries[name]?.['tasksPerSecond']);

printReport('peers', 'tasks that do nothing, here and elsewhere, two workers each', {
  rounds,
  ...summaries,
  leftOut,
  bashAppToGnuParallel: rounded(rateOf('bashApp') / rateOf('gnuParallel')),
  jsAppToParsl: rounded(rateOf('jsApp') / rateOf('parsl')),
  jsAppToParslTuned: rounded(rateOf('jsApp') / rateOf('parslTuned')),
});
