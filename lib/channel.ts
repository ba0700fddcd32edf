/**
 * The seam between a provider and the machine on which a scheduler's commands run: this one, or one that is reached over a network.
 */
import type { Duplex } from 'node:stream';

/** A program and its arguments; no shell takes part. */
export interface ChannelCommand {
  readonly argv: readonly [program: string, ...args: string[]];
  /** In addition to the environment that programs have there. */
  readonly env?: Readonly<Record<string, string>>;
  /** What the program reads; default: nothing. */
  readonly stdin?: string;
  /** After it the program and what it started are killed. Default: no limit. */
  readonly timeoutMs?: number;
  /** A program that writes more than this to stdout or to stderr is killed, as at the end of its time. Default 8 MiB. */
  readonly maxOutputBytes?: number;
  /** Aborted: killed, as at the end of the time. */
  readonly abort?: AbortSignal;
}

export interface CommandResult {
  /** Absent when it was killed by a signal. 127: there is no such program; 126: it cannot be executed. */
  readonly exitCode?: number;
  readonly signal?: string;
  readonly stdout: string;
  readonly stderr: string;
  /** It was stopped before it was done (time, output, abort): whether it has done its work is not known. */
  readonly timedOut: boolean;
}

/** Every method but `runDetached` rejects with a ProviderError whose `retryable` is true while the machine cannot be reached. */
export interface Channel {
  /** For people and as a key: 'this machine', 'me@login.site.org'. */
  readonly name: string;
  /** Resolves whatever becomes of the program; after a rejection it is not known whether it has run. */
  run(command: ChannelCommand): Promise<CommandResult>;
  /**
   * Last resort of a process that is about to end: starts the program and returns; what becomes of it is not heard. Synchronous.
   * A channel that needs the network for it does what it can.
   */
  runDetached(argv: ChannelCommand['argv']): void;
  /** Replaces the file, whole or not at all. @param mode such as 0o700. */
  writeFile(path: string, content: string | Uint8Array, mode: number): Promise<void>;
  /** With its parents; there already is fine. @param mode of those that are made. */
  mkdir(path: string, mode?: number): Promise<void>;
  /** At most the last `bytes` of the file as text; undefined when there is no such file. */
  readTail(path: string, bytes: number): Promise<string | undefined>;
  /** Kills what still runs. Idempotent. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** A channel to another machine. */
export interface RemoteChannel extends Channel {
  /** The folder from which relative paths start there; absolute. */
  home(): Promise<string>;
  /**
   * Starts a program there and stays connected to it: what is written is its stdin, what is read its stdout. The stream closes when the
   * program ends or the connection is lost; closing it ends the program's stdin. It keeps no process alive.
   * @param heard what the program says on stderr.
   */
  talk(argv: ChannelCommand['argv'], heard: (text: string) => void): Promise<Duplex>;
}

/** A channel's description: data. Opening it gives a new channel, which connects when it is used. */
export interface ChannelDescription {
  readonly type: string;
  /** For people and in error messages: 'me@login.site.org'. */
  readonly name: string;
  open(): RemoteChannel;
}
