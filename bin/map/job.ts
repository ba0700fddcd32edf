/**
 * One job of `flotilla map`, before and after it ran. Data only.
 */
import type { JobEnd } from './halt.ts';

export interface Job {
  /** From 1, in the order of the arguments. */
  readonly seq: number;
  readonly args: readonly string[];
  readonly command: string;
}

/** Files that took what a job printed. */
export interface JobFiles {
  readonly stdout: string;
  readonly stderr: string;
}

export interface EndedJob extends JobEnd {
  readonly job: Job;
  readonly files: JobFiles;
  /** Where it ran; '' where nothing is known. */
  readonly host: string;
  /** ms since the epoch, on the worker's clock. */
  readonly startMs: number;
  readonly runtimeMs: number;
  /** Why it failed, where that was not the command itself: its worker was lost, say. */
  readonly trouble: string | undefined;
}
