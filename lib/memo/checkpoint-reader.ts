/**
 * Reads checkpoint files: the results that can be taken from them, in bounded memory. Never writes: the run that made one may still
 * be at work.
 */
import { type CheckpointHeader, decodeHeader } from './checkpoint-format.ts';
import { readRecords } from './record-file.ts';
import type { FoundRecord } from './records.ts';

export interface CheckpointSource {
  /** Absolute. */
  readonly path: string;
  readonly header: CheckpointHeader;
}

export interface ReadResult {
  readonly source: CheckpointSource;
  /** Bytes behind the last whole record, and damaged places before it. */
  readonly tornBytes: number;
  readonly damaged: number;
}

/**
 * @param onResult called for each result with its body, a view that is valid during the call, and where the record is.
 * @throws Error saying why the file is no checkpoint.
 */
export async function readCheckpoint(
  path: string,
  onResult: (source: CheckpointSource, body: Buffer, at: number, length: number) => void,
): Promise<ReadResult> {
  let source: CheckpointSource | undefined;
  const take = ({ body, at, end }: FoundRecord, base: number): void => {
    if (source) onResult(source, body, base + at, end - at);
    else source = { path, header: decodeHeader(body) };
  };
  const { size, end, damaged } = await readRecords(path, take);
  if (!source) throw new Error('it has no whole record');
  // What is torn at the end is one of the damaged places.
  return { source, tornBytes: size - end, damaged: damaged - (size > end ? 1 : 0) };
}
