/**
 * What a run leaves to be read: its log for people, its events for the commands.
 */
import { hostname } from 'node:os';
import type { CompiledConfig } from '../config.ts';
import { ConfigError } from '../errors/config-error.ts';
import type { RunOrigin } from '../events/events.ts';
import { EventRecorder } from '../events/recorder.ts';
import { findResumed, whatIsLeftOf } from '../durable/resumable.ts';
import { findCheckpoints } from '../memo/find-checkpoints.ts';
import { PACKAGE_VERSION } from '../wire/protocol.ts';
import { startRunLog } from './run-log.ts';

export interface RecordedRun {
  readonly runDir: string;
  readonly runId: string;
  readonly config: CompiledConfig;
  readonly origin: RunOrigin;
}

/** @returns how to stop: done when everything is written. @throws ConfigError if nothing can be written there. */
export function startRecords(run: RecordedRun): () => Promise<void> {
  let stopLog = (): void => undefined;
  try {
    stopLog = startRunLog(run.runDir);
    const recorder = startRecorder(run);
    return async () => {
      await recorder.close();
      stopLog();
    };
  } catch (cause) {
    stopLog();
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(
      `nothing can be written to the run directory ${run.runDir} (${why}); make room, or name a directory elsewhere by runDir in the config, or with --set runDir=PATH`,
    );
  }
}

function startRecorder({ runDir, runId, config, origin }: RecordedRun): EventRecorder {
  const resumed = resumedBy(config, runDir);
  return new EventRecorder(runDir, {
    kind: 'runStarted',
    runId,
    flotilla: PACKAGE_VERSION,
    node: process.version,
    host: hostname(),
    pid: process.pid,
    cwd: process.cwd(),
    argv: process.argv.slice(1),
    executors: config.executors.map(({ label }) => label),
    ...origin,
    ...(resumed.length === 0 ? {} : { resumed }),
  });
}

function resumedBy({ memo, resume, runDir: runs }: CompiledConfig, runDir: string): readonly string[] {
  try {
    const named = memo.enabled ? findCheckpoints(memo.checkpointFiles, runs, runDir) : [];
    const resumed = resume === undefined ? undefined : findResumed(resume, runs, runDir);
    return resumed === undefined ? named : [...named, whatIsLeftOf(resumed)];
  } catch {
    // One is not there: opening it fails with that, and the run with it.
    return [];
  }
}
