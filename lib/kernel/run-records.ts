/**
 * What a run leaves to be read: its log for people, its events for the commands.
 */
import { hostname } from 'node:os';
import type { CompiledConfig } from '../config.ts';
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

/** @returns how to stop: done when everything is written. */
export function startRecords({ runDir, runId, config, origin }: RecordedRun): () => Promise<void> {
  const resumed = resumedBy(config, runDir);
  const stopLog = startRunLog(runDir);
  const recorder = new EventRecorder(runDir, {
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
  return async () => {
    await recorder.close();
    stopLog();
  };
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
