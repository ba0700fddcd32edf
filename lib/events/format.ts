/**
 * The bytes of the event log, version 2: where fields lie. docs/event-log.md says the same for people; keep both.
 *
 *   file   := header batch*
 *   header := "FLOTLOG\n" u32 version u32 flags     the flags of HeaderFlag, put there where batches cannot be written
 *   batch  := u32 length, u32 crc32, f64 time, record*       length: bytes behind the crc's field; the crc is that of those
 *   record := u32 length, u8 type, u8 detail, u16 try, u32 at, u32 id, rest     length: bytes behind its own field
 *
 * All integers are little-endian. `time` is in ms since the epoch, `at` in µs since that. What is known of tasks in every run has a
 * layout of its own; everything else is MessagePack, so that new kinds of events need no new version. Version 1 lacks the records that
 * tell of two events.
 */
import type { TaskState } from '../futures/app-future.ts';
import type { AppKind, TryEnd } from './events.ts';

export const EVENT_LOG = 'events.log';
export const MAGIC = 'FLOTLOG\n';
export const FORMAT_VERSION = 2;
/** That can be read. */
export const OLDEST_VERSION = 1;
export const FILE_HEADER_BYTES = 16;
export const BATCH_HEADER_BYTES = 16;
/** Of a batch's header, what is not counted by its length. */
export const BATCH_UNCOUNTED_BYTES = 8;
export const RECORD_HEADER_BYTES = 16;
/** Batches are written when they are about this long. */
export const BATCH_BYTES = 64 * 1024;
/** No writer makes one that is longer: a length beyond this is a torn or a foreign file. */
export const MAX_BATCH_BYTES = 1 << 30;

export const RecordType = {
  /** id: a number that stands for the text behind the header, from here to the end of the file or until it is given anew. */
  Name: 0,
  /** id: task; detail: index in APP_KINDS; u32 name; then MessagePack `{ label, parent, after, stdout, stderr }`, if it has any. */
  TaskCalled: 1,
  /** id: task; try; u32 name of the executor. */
  TryLaunched: 2,
  /** id: task; try; detail: index in TRY_ENDS; u32 name of the host, u32 of the worker, u32 duration µs, f64 start ms; MessagePack `{ usage, error }`. */
  TryEnded: 3,
  /** id: task; detail: index in TASK_STATES; u32 name; MessagePack `{ error, upstream }`. */
  TaskEnded: 4,
  /** MessagePack of the whole event, with its `kind`. Readers skip kinds that they do not know. */
  Other: 5,
  /** TaskCalled that has no MessagePack, and TryLaunched of its try in the same moment: u32 name; u32 name of the executor. */
  TaskLaunched: 6,
  /** TryEnded that has no MessagePack, and TaskEnded in the same moment, both 'done': the fields of TryEnded; u32 name. */
  TaskDone: 7,
} as const;

export const APP_KINDS: readonly AppKind[] = ['js', 'python', 'bash', 'join', 'mpi'];
export const TRY_ENDS: readonly TryEnd[] = ['done', 'failed', 'lost', 'walltime', 'cancelled', 'unstarted', 'expired'];
export const TASK_STATES: readonly TaskState[] = [
  'pending',
  'launched',
  'joining',
  'done',
  'failed',
  'dependencyFailed',
  'cancelled',
  'ignored',
];

export const TASK_CALLED_BYTES = RECORD_HEADER_BYTES + 4;
export const TRY_LAUNCHED_BYTES = RECORD_HEADER_BYTES + 4;
export const TRY_ENDED_BYTES = RECORD_HEADER_BYTES + 20;
export const TASK_ENDED_BYTES = RECORD_HEADER_BYTES + 4;

export const FLAGS_OFFSET = 12;
export const HeaderFlag = {
  /** Events are missing, and perhaps nothing behind says so. */
  Lost: 1,
  /** The run has closed, though its last event may be missing. */
  Closed: 2,
} as const;

export function encodeFileHeader(): Buffer {
  const header = Buffer.alloc(FILE_HEADER_BYTES);
  header.write(MAGIC, 0, 'latin1');
  header.writeUInt32LE(FORMAT_VERSION, MAGIC.length);
  return header;
}
