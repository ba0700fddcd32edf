/**
 * The example's own command line.
 */
import { parseArgs } from 'node:util';

const USAGE = `usage: flotilla run examples/wfcommons.ts [--config …] -- FILE [--scale S] [--keep DIR]
  FILE        a workflow in WfFormat 1.5
  --scale S   each task works for its recorded runtime times S; default 0.01
  --keep DIR  run in DIR, which must be empty or new, and leave it there`;

/** What was typed cannot be used. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export interface Arguments {
  readonly file: string;
  readonly scale: number;
  readonly keep: string | undefined;
}

/** @throws UsageError */
export function parseArguments(args: readonly string[]): Arguments {
  const { values, positionals } = parse(args);
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0) throw new UsageError(`one FILE is needed, and ${positionals.length} were given\n${USAGE}`);
  return { file, scale: parseScale(values.scale), keep: values.keep };
}

function parse(args: readonly string[]): { values: { scale?: string; keep?: string }; positionals: string[] } {
  try {
    const options = { scale: { type: 'string' }, keep: { type: 'string' } } as const;
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    return { values: { ...values }, positionals };
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n${USAGE}`);
  }
}

function parseScale(text = '0.01'): number {
  const scale = Number(text);
  if (text.trim() !== '' && Number.isFinite(scale) && scale >= 0) return scale;
  throw new UsageError(`--scale ${text}: a number of at least 0 is needed, such as 0.01`);
}
