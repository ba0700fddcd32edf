/**
 * What a run leaves to be read: its log for people, its events for the commands.
 */
import { hostname } from 'node:os';
import { EventRecorder } from '../events/recorder.ts';
import type { ExecutorDescription } from '../executor.ts';
import { PACKAGE_VERSION } from '../wire/protocol.ts';
import { startRunLog } from './run-log.ts';

/** @returns how to stop: done when everything is written. */
export function startRecords(runDir: string, runId: string, executors: readonly ExecutorDescription[]): () => Promise<void> {
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
    executors: executors.map(({ label }) => label),
  });
  return async () => {
    await recorder.close();
    stopLog();
  };
}
