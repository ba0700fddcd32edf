/**
 * The driver's end of its interchange: the child process and the frames that go between them. Decides nothing; executor.ts does.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { openSync, closeSync } from 'node:fs';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { identify, type ProcessIdentity } from '../../lib/process-identity.ts';
import { encodeFrame, FRAME_HEADER_BYTES, FrameReader, FrameType } from '../../lib/wire/frames.ts';
import { pack, unpack } from '../../lib/wire/value-codec.ts';
import { FORWARDER_NODE_OPTIONS } from './node-options.ts';

export interface InterchangeHandlers {
  /** `records` are whole result records, valid during the call. */
  results(managerIndex: number, records: Buffer): void;
  event(event: InterchangeEvent): void;
  /** It ended, and everything that it had written has been read. */
  ended(exit: { code: number | null; signal: string | null }): void;
}

/** What the interchange tells, besides results. */
export interface InterchangeEvent {
  readonly kind: string;
  readonly [field: string]: unknown;
}

const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
const ENTRY = fileURLToPath(new URL(`./interchange/interchange-entry${extension}`, import.meta.url));

/** It reads what comes from a network, and runs nobody's code: nothing in it may make code out of text. */
const NODE_OPTIONS = [...FORWARDER_NODE_OPTIONS, '--disallow-code-generation-from-strings'];

export class InterchangeProcess {
  readonly #child: ChildProcess;
  readonly #socket: Socket;
  readonly #handlers: InterchangeHandlers;
  readonly #identity: ProcessIdentity;
  #exit: { code: number | null; signal: string | null } | undefined;
  #closed = false;

  /**
   * @param logPath takes what it prints, which is nothing unless it crashes.
   * @throws Error with what the system says if there is no process.
   */
  constructor(logPath: string, handlers: InterchangeHandlers) {
    this.#handlers = handlers;
    this.#child = startProcess(logPath);
    this.#identity = identify(this.#child.pid ?? 0);
    this.#socket = this.#child.stdio[3] as Socket;
    this.#listen();
    this.setActive(false);
  }

  /** By which another driver knows it. Taken when it is started: its number may be another's once it has ended. */
  get identity(): ProcessIdentity {
    return this.#identity;
  }

  #listen(): void {
    const reader = new FrameReader();
    this.#socket.on('data', (chunk: Buffer) => reader.push(chunk, (type, body) => this.#onFrame(type, body)));
    // A write to one that has just died: its end is reported below.
    this.#socket.on('error', () => undefined);
    this.#socket.once('close', () => {
      this.#closed = true;
      this.#reportEnd();
    });
    const onExit = (code: number | null, signal: string | null): void => {
      this.#exit = { code, signal };
      this.#reportEnd();
    };
    this.#child.once('exit', onExit);
    this.#child.once('error', () => onExit(null, null));
  }

  #reportEnd(): void {
    if (this.#exit && this.#closed) this.#handlers.ended(this.#exit);
  }

  #onFrame(type: number, body: Buffer): void {
    if (type === FrameType.Results) this.#handlers.results(body.readUInt32LE(0), body.subarray(4));
    else if (type === FrameType.Event) this.#handlers.event(unpack(body) as InterchangeEvent);
    // What has come before it is kept when this turn's microtasks are done.
    else if (type === FrameType.Kept) setImmediate((mark: Buffer) => this.send(FrameType.Kept, mark), Buffer.from(body));
  }

  /** Whether it keeps the driver's process alive. */
  setActive(active: boolean): void {
    if (active) {
      this.#socket.ref();
      this.#child.ref();
    } else {
      this.#socket.unref();
      this.#child.unref();
    }
  }

  send(type: FrameType, ...parts: Uint8Array[]): void {
    this.#socket.write(encodeFrame(type, ...parts));
  }

  sendPacked(type: FrameType, value: unknown): void {
    this.send(type, pack(value));
  }

  /** @param frame five bytes of frame header to be filled in, an i16 priority, task records. */
  sendTasks(frame: Buffer, priority: number): void {
    frame.writeUInt32LE(frame.length - 4, 0);
    frame[4] = FrameType.Tasks;
    frame.writeInt16LE(priority, FRAME_HEADER_BYTES);
    this.#socket.write(frame);
  }

  /** Resolves when it has ended; it is killed if that takes longer than `timeoutMs`. */
  async waitForEnd(timeoutMs: number): Promise<void> {
    if (this.#exit) return;
    const timer = setTimeout(() => this.killNow(), timeoutMs);
    await new Promise<void>((resolve) => this.#child.once('exit', () => resolve()));
    clearTimeout(timer);
  }

  killNow(): void {
    this.#child.kill('SIGKILL');
  }
}

function startProcess(logPath: string): ChildProcess {
  const log = openSync(logPath, 'a');
  try {
    const child = spawn(process.execPath, [...NODE_OPTIONS, ENTRY], { stdio: ['ignore', log, log, 'pipe'], detached: true, cwd: '/' });
    if (child.pid !== undefined) return child;
    // Why is told in an event, later; the usual reasons are few.
    child.once('error', () => undefined);
    throw new Error(`${process.execPath} cannot be started; is a limit too low (ulimit -n, ulimit -u), or the program gone?`);
  } finally {
    closeSync(log);
  }
}
