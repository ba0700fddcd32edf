/**
 * Makes the outcome of a command that was executed: exit, output read back where it is wanted, outputs looked for.
 */
import { access, open, rm } from 'node:fs/promises';
import { commandError, missingOutputs } from './command-failure.ts';
import type { CommandOutcome, CommandSpec } from './command-spec.ts';
import type { RunPlan } from './run-plan.ts';
import { RunFlag, type Ended } from './spawner-protocol.ts';
import { utf8Tail } from './utf8-tail.ts';
import { decodeStatus } from './wait-status.ts';

const NOTHING = Buffer.alloc(0);

export function settleOutcome(ended: Ended, plan: RunPlan, spec: CommandSpec): CommandOutcome | Promise<CommandOutcome> {
  const outcome: CommandOutcome = {
    ...decodeStatus(ended.status),
    startMs: ended.startMs,
    durationUs: ended.durationUs,
    usage: ended.usage,
    stdout: ended.whole ? ended.stdout : NOTHING,
    stdoutTail: utf8Tail(ended.stdout),
    stderrTail: utf8Tail(ended.stderrTail),
  };
  const wantsWhole = spec.returns !== 'exitCode' && !ended.whole;
  const wantsOutputs = outcome.exitCode === 0 && spec.outputs !== undefined && spec.outputs.length > 0;
  return wantsWhole || wantsOutputs ? complete(outcome, ended, plan, spec) : outcome;
}

async function complete(outcome: CommandOutcome, ended: Ended, plan: RunPlan, spec: CommandSpec): Promise<CommandOutcome> {
  const completed = spec.returns === 'exitCode' || ended.whole ? outcome : await readBack(outcome, ended, plan, spec);
  if (completed.failure || outcome.exitCode !== 0) return completed;
  const missing = await findMissing(spec.outputs ?? []);
  return missing.length === 0 ? completed : { ...completed, failure: missingOutputs(missing) };
}

async function readBack(outcome: CommandOutcome, ended: Ended, plan: RunPlan, spec: CommandSpec): Promise<CommandOutcome> {
  const path = plan.request.stdout;
  try {
    return { ...outcome, stdout: await readRange(path, ended.stdoutFrom, ended.stdoutTo) };
  } catch (error) {
    // A command that failed is reported as that.
    if (outcome.exitCode !== 0) return outcome;
    const bytes = ended.stdoutTo - ended.stdoutFrom;
    const why = error instanceof Error ? error.message : String(error);
    const message = `the command's stdout (${bytes} bytes in ${path}) cannot be read back for returns: '${spec.returns}' (${why})`;
    return { ...outcome, failure: commandError(spec, message, { exitCode: outcome.exitCode }) };
  } finally {
    if (plan.request.flags & RunFlag.StdoutCaptured) await rm(path, { force: true });
  }
}

async function readRange(path: string, from: number, to: number): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const bytes = Buffer.allocUnsafe(Math.max(0, to - from));
    let at = 0;
    while (at < bytes.length) {
      const { bytesRead } = await file.read(bytes, at, Math.min(bytes.length - at, 1 << 30), from + at);
      if (bytesRead === 0) break; // shortened by someone in the meantime
      at += bytesRead;
    }
    return bytes.subarray(0, at);
  } finally {
    await file.close();
  }
}

async function findMissing(outputs: readonly string[]): Promise<string[]> {
  const found = await Promise.all(
    outputs.map((path) =>
      access(path).then(
        () => true,
        () => false,
      ),
    ),
  );
  return outputs.filter((_, index) => !found[index]);
}
