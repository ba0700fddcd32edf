/** A worker process from its start to its end, as whoever supervises it sees it. */
import type { StartedWorker } from './start-worker.ts';

export interface LiveWorker extends StartedWorker {
  readonly defined: Set<number>;
  /** What it wrote before is of other tasks. */
  stderrFrom: number;
  exit: { code: number | null; signal: string | null } | undefined;
  socketEnded: boolean;
  /** Its Hello came: from here on it may run tasks, and its death may be theirs. */
  isReady: boolean;
  /** What it had in memory then. */
  ownBytes: number | undefined;
  /** It was given up before it was ready. */
  isOverdue: boolean;
  /** Why its words are not listened to any more. */
  refusal: string | undefined;
  /** What it had started is gone. */
  restEnded: boolean;
}

export const toLive = (started: StartedWorker): LiveWorker => ({
  ...started,
  defined: new Set(),
  exit: undefined,
  socketEnded: false,
  isReady: false,
  ownBytes: undefined,
  isOverdue: false,
  refusal: undefined,
  restEnded: false,
});
