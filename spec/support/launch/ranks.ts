/**
 * Processes of an emulated parallel launcher: starts them, labels what they print, passes signals on, hears of their ends. Knows no
 * launcher's options.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

export interface Rank {
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** In front of each line that it prints. */
  readonly label: string;
}

export interface RankRules {
  /** Ends the others when one ends with another code than 0. */
  readonly abortOnFailure: boolean;
  /** What ranks are sent for a signal that the launcher gets. */
  readonly passOn: (signal: NodeJS.Signals) => NodeJS.Signals;
  /** Whether each rank gets what comes on stdin. */
  readonly withInput: boolean;
}

/** Resolves with every rank's exit code, 128 + n for signal n, in the order of their ends. */
export async function runRanks(ranks: readonly Rank[], { abortOnFailure, passOn, withInput }: RankRules): Promise<number[]> {
  const codes: number[] = [];
  const children = ranks.map((rank) => startRank(rank, withInput));
  const signalAll = (signal: NodeJS.Signals): void => children.forEach((child) => signalGroup(child, signal));
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => signalAll(passOn(signal)));
  await Promise.all(
    children.map(async (child) => {
      const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
      codes.push(code ?? 128 + constants.signals[signal ?? 'SIGKILL']);
      if (abortOnFailure && codes.at(-1) !== 0) signalAll('SIGTERM');
    }),
  );
  process.stdin.destroy();
  return codes;
}

/** A process group of its own, as every launcher gives it. */
function startRank({ argv, env, label }: Rank, withInput: boolean): ChildProcess {
  const [program = '', ...args] = argv;
  const child = spawn(program, args, { env, detached: true, stdio: [withInput ? 'pipe' : 'ignore', 'pipe', 'pipe'] });
  if (child.stdin !== null) process.stdin.pipe(child.stdin.on('error', () => undefined));
  child.once('error', (error) => process.stderr.write(`${label}${error.message}\n`));
  copyLines(child.stdout, process.stdout, label);
  copyLines(child.stderr, process.stderr, label);
  return child;
}

function copyLines(from: Readable | null, to: NodeJS.WritableStream, label: string): void {
  if (from === null) return;
  createInterface({ input: from, crlfDelay: Number.POSITIVE_INFINITY }).on('line', (line) => to.write(`${label}${line}\n`));
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // It has ended since.
  }
}
