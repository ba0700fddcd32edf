/**
 * What of an error is kept in the event log: bounded, and safe to take from whatever was thrown.
 */
import { fileURLToPath } from 'node:url';
import { isAppError } from '../errors/index.ts';
import type { ErrorSummary } from './events.ts';

const MAX_TEXT = 1000;
/** Names, codes. */
const MAX_WORD = 200;
/** Frames from here on are those of the worker that called the app; it has the same path on every machine. */
const WORKERS = fileURLToPath(new URL('../../executors/', import.meta.url));

export function summarizeError(error: unknown): ErrorSummary {
  try {
    return error instanceof Error ? summarize(error) : { name: 'thrown', message: cut(String(error)) };
  } catch {
    // A getter or a toString of the user's own.
    return { name: 'thrown', message: 'an error that cannot be read' };
  }
}

function summarize(error: Error): ErrorSummary {
  const fields = error as unknown as Readonly<Record<string, unknown>>;
  const code = isAppError(error) ? error.flotilla.code : fields.code;
  const detail = detailOf(fields);
  return {
    name: cut(String(error.name), MAX_WORD),
    message: cut(String(error.message)),
    ...(typeof code === 'string' ? { code: cut(code, MAX_WORD) } : {}),
    ...(typeof fields.exitCode === 'number' ? { exitCode: fields.exitCode } : {}),
    ...(typeof fields.signal === 'string' ? { signal: cut(fields.signal, MAX_WORD) } : {}),
    ...(detail === undefined ? {} : { detail }),
  };
}

/** Tracebacks and stderr say most at their ends, stacks at their beginning. */
function detailOf({ traceback, stderrTail, stack }: Readonly<Record<string, unknown>>): string | undefined {
  for (const text of [traceback, stderrTail]) if (typeof text === 'string' && text.trim() !== '') return text.trim().slice(-MAX_TEXT);
  if (typeof stack !== 'string') return undefined;
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line));
  const ours = frames.findIndex((line) => line.includes(WORKERS));
  const theirs = frames.slice(0, ours < 0 ? undefined : ours).map((line) => line.trim());
  return theirs.length === 0 ? undefined : cut(theirs.join('\n'));
}

const cut = (text: string, most = MAX_TEXT): string => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
