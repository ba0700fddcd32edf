/**
 * Where a scheduler's commands are handed in: no more often than it likes, with a limit of time, and an answer in any case.
 */
import type { Channel, CommandResult } from '../../lib/channel.ts';
import type { SchedulerCommand } from './scheduler.ts';
import type { TokenBucket } from './token-bucket.ts';

export interface DeskOptions {
  readonly channel: Channel;
  readonly bucket: TokenBucket;
  /** Of one command, ms. */
  readonly timeoutMs: number;
}

/** No answer came: whether the command has done its work is not known. */
export interface CutOff {
  readonly kind: 'cutOff';
  readonly reason: string;
}

export class Desk {
  readonly #options: DeskOptions;

  constructor(options: DeskOptions) {
    this.#options = options;
  }

  /** @returns what `parse` makes of the answer, or that none came. */
  async ask<T>(command: SchedulerCommand, parse: (result: CommandResult) => T): Promise<T | CutOff> {
    const { channel, bucket, timeoutMs } = this.#options;
    await bucket.take();
    let result: CommandResult;
    try {
      result = await channel.run({ ...command, timeoutMs });
    } catch (error) {
      return { kind: 'cutOff', reason: error instanceof Error ? error.message : String(error) };
    }
    if (!result.timedOut) return parse(result);
    return { kind: 'cutOff', reason: `${command.argv[0]} gave no answer within ${timeoutMs / 1000} s${quote(result)}` };
  }
}

function quote({ stderr }: CommandResult): string {
  const words = stderr.trim();
  return words === '' ? '' : `: ${words}`;
}
