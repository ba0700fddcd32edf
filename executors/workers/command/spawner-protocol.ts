/**
 * What a CommandRunner and its spawner say to each other: frames as in lib/wire/frames.ts, over the spawner's fd 0 and 1.
 * native/ and spawner.pl read and write the same layouts. Strings are u32 length and UTF-8 bytes; all integers little-endian.
 *
 * Commands run one after another, in the order in which they were asked for; replies keep that order. What else is asked is done at once.
 */
import { encodeFrame } from '../../../lib/wire/frames.ts';
import type { Usage } from '../../../lib/wire/records.ts';

export const SpawnerFrame = {
  /** u32 number of the command, u32 kill grace ms, u8 flags, u32 words, then strings: cwd, stdout path, stderr path, command, words…, (name, value)…. */
  Run: 1,
  /** u32 number, u8 signal: for the group of that command if it is at hand, and then what waits behind it is forgotten. Dropped follows. */
  Kill: 2,
  /** Empty; the spawner is able to work. */
  Hello: 3,
  /**
   * u32 number, u32 status as of waitpid, f64 start ms, f64 duration µs, f64 begin and end of stdout, u8 whole, u32 CPU ms, u32 peak KiB
   * (both 0: unknown), strings: stdout, end of stderr.
   */
  Ended: 4,
  /** u32 number, u8 stage, u32 errno, f64 start ms, string: path or reason. The command was never executed. */
  Failed: 5,
  /** Empty: what waits is to be forgotten. Dropped follows. */
  Recall: 6,
  /** u8: whether a command was at hand that a Kill named, u32: how many commands were forgotten, the latest. */
  Dropped: 7,
} as const;

export const RunFlag = {
  Pty: 1,
  StdoutAppend: 2,
  StderrAppend: 4,
  /** The file is ours: the spawner removes it, except a stdout that is wanted whole and too large for the reply. */
  StdoutCaptured: 8,
  StderrCaptured: 16,
  WholeStdout: 32,
} as const;

export const FailedStage = { Cwd: 1, Stdout: 2, Stderr: 3, Fork: 4, Exec: 5, Pty: 6 } as const;

/** Longest end of an output that is kept for messages. */
export const TAIL_BYTES = 8192;
/** Largest stdout that travels in the reply; a larger one is read back from its file. */
export const INLINE_BYTES = 65536;

export interface RunRequest {
  readonly number: number;
  readonly killGraceMs: number;
  readonly flags: number;
  readonly cwd: string;
  readonly stdout: string;
  readonly stderr: string;
  readonly command: string;
  /** To be executed without a shell, where that is possible; empty: by bash. */
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Of a body of Run, before its strings. */
const RUN_HEAD_BYTES = 13;
/** Of a body of Ended, before its strings. */
const ENDED_HEAD_BYTES = 49;

export interface Ended {
  readonly number: number;
  readonly status: number;
  readonly startMs: number;
  readonly durationUs: number;
  /** Offsets in the file of stdout between which this command wrote. */
  readonly stdoutFrom: number;
  readonly stdoutTo: number;
  /** Whether `stdout` is all of it, or only its end. */
  readonly whole: boolean;
  /** Undefined where the spawner cannot tell. */
  readonly usage?: Usage | undefined;
  readonly stdout: Buffer;
  readonly stderrTail: Buffer;
}

export interface Failed {
  readonly number: number;
  readonly stage: number;
  readonly errno: number;
  readonly startMs: number;
  readonly detail: string;
}

export function encodeRun(request: RunRequest): Buffer {
  const strings = [request.cwd, request.stdout, request.stderr, request.command, ...request.words];
  for (const name in request.env) strings.push(name, request.env[name] ?? '');
  const body = Buffer.allocUnsafe(strings.reduce((bytes, text) => bytes + 4 + Buffer.byteLength(text), RUN_HEAD_BYTES));
  body.writeUInt32LE(request.number, 0);
  body.writeUInt32LE(request.killGraceMs, 4);
  body[8] = request.flags;
  body.writeUInt32LE(request.words.length, 9);
  let at = RUN_HEAD_BYTES;
  for (const text of strings) {
    const bytes = body.write(text, at + 4);
    body.writeUInt32LE(bytes, at);
    at += 4 + bytes;
  }
  return encodeFrame(SpawnerFrame.Run, body);
}

export function decodeRun(body: Buffer): RunRequest {
  const strings: string[] = [];
  for (let at = RUN_HEAD_BYTES; at < body.length; at += 4 + body.readUInt32LE(at)) strings.push(readText(body, at));
  const [cwd = '', stdout = '', stderr = '', command = '', ...rest] = strings;
  const wordCount = body.readUInt32LE(9);
  const env: Record<string, string> = {};
  for (let at = wordCount; at < rest.length; at += 2) env[rest[at] ?? ''] = rest[at + 1] ?? '';
  return {
    number: body.readUInt32LE(0),
    killGraceMs: body.readUInt32LE(4),
    flags: body[8] ?? 0,
    cwd,
    stdout,
    stderr,
    command,
    env,
    words: rest.slice(0, wordCount),
  };
}

export function encodeKill(number: number, signal: number): Buffer {
  const body = Buffer.alloc(5);
  body.writeUInt32LE(number, 0);
  body[4] = signal;
  return encodeFrame(SpawnerFrame.Kill, body);
}

export const encodeRecall = (): Buffer => encodeFrame(SpawnerFrame.Recall);

export interface Dropped {
  /** Whether the command that was to be signalled was at hand. */
  readonly wasAtHand: boolean;
  /** How many commands, the latest, were forgotten. */
  readonly count: number;
}

export function encodeDropped({ wasAtHand, count }: Dropped): Buffer {
  const body = Buffer.alloc(5);
  body[0] = wasAtHand ? 1 : 0;
  body.writeUInt32LE(count, 1);
  return encodeFrame(SpawnerFrame.Dropped, body);
}

export const decodeDropped = (body: Buffer): Dropped => ({ wasAtHand: body[0] === 1, count: body.readUInt32LE(1) });

export const encodeHello = (): Buffer => encodeFrame(SpawnerFrame.Hello);

export function encodeEnded(ended: Ended): Buffer {
  const head = Buffer.alloc(ENDED_HEAD_BYTES);
  head.writeUInt32LE(ended.number, 0);
  head.writeUInt32LE(ended.status, 4);
  [ended.startMs, ended.durationUs, ended.stdoutFrom, ended.stdoutTo].forEach((value, index) => head.writeDoubleLE(value, 8 + 8 * index));
  head[40] = ended.whole ? 1 : 0;
  head.writeUInt32LE(ended.usage?.cpuMs ?? 0, 41);
  head.writeUInt32LE(ended.usage?.peakMemoryKiB ?? 0, 45);
  return encodeFrame(SpawnerFrame.Ended, head, lengthOf(ended.stdout), ended.stdout, lengthOf(ended.stderrTail), ended.stderrTail);
}

/** The buffers are copies. */
export function decodeEnded(body: Buffer): Ended {
  const outAt = ENDED_HEAD_BYTES + 4;
  const errAt = outAt + body.readUInt32LE(ENDED_HEAD_BYTES);
  const usage = { cpuMs: body.readUInt32LE(41), peakMemoryKiB: body.readUInt32LE(45) };
  return {
    number: body.readUInt32LE(0),
    status: body.readUInt32LE(4),
    startMs: body.readDoubleLE(8),
    durationUs: body.readDoubleLE(16),
    stdoutFrom: body.readDoubleLE(24),
    stdoutTo: body.readDoubleLE(32),
    whole: body[40] === 1,
    // Nothing that ran has no memory.
    ...(usage.peakMemoryKiB > 0 ? { usage } : {}),
    stdout: Buffer.from(body.subarray(outAt, errAt)),
    stderrTail: Buffer.from(body.subarray(errAt + 4)),
  };
}

export function encodeFailed(failed: Failed): Buffer {
  const head = Buffer.alloc(17);
  head.writeUInt32LE(failed.number, 0);
  head[4] = failed.stage;
  head.writeUInt32LE(failed.errno, 5);
  head.writeDoubleLE(failed.startMs, 9);
  const detail = Buffer.from(failed.detail);
  return encodeFrame(SpawnerFrame.Failed, head, lengthOf(detail), detail);
}

export function decodeFailed(body: Buffer): Failed {
  return {
    number: body.readUInt32LE(0),
    stage: body[4] ?? 0,
    errno: body.readUInt32LE(5),
    startMs: body.readDoubleLE(9),
    detail: readText(body, 17),
  };
}

function lengthOf(bytes: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return length;
}

const readText = (body: Buffer, at: number): string => body.toString('utf8', at + 4, at + 4 + body.readUInt32LE(at));
