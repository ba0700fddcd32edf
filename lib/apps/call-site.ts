/**
 * Which line of the user's own modules called us: the first frame of the stack that is not one of this package.
 */
import { dirname, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface CallSite {
  /** Absolute path. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly column: number;
}

/** Frames above the user's own are few; deep recursion on their side does not matter. */
const DEPTH = 30;

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');
const OWN_FOLDERS = ['lib', 'executors', 'providers', 'launchers', 'configs', 'endpoint', 'bin'].map((name) => ROOT + sep + name + sep);
const OWN_FILES = ['index.ts', 'index.js'].map((name) => ROOT + sep + name);

/**
 * @param skip how many frames of the user's to pass over.
 * @returns undefined when no frame belongs to a file (code that was given to eval, a REPL, a data: URL).
 */
export function callerFile(skip = 0): CallSite | undefined {
  let remaining = skip;
  for (const frame of captureFrames()) {
    const file = toPath(frame.getFileName());
    if (file === undefined || isOwn(file)) continue;
    if (remaining-- === 0) return { file, line: frame.getLineNumber() ?? 1, column: frame.getColumnNumber() ?? 1 };
  }
  return undefined;
}

/** Whatever the process has set for its own stack traces is back in place afterwards. */
function captureFrames(): readonly NodeJS.CallSite[] {
  const { prepareStackTrace, stackTraceLimit } = Error;
  try {
    Error.stackTraceLimit = DEPTH;
    Error.prepareStackTrace = (_error, frames) => frames;
    const holder: { stack?: unknown } = {};
    Error.captureStackTrace(holder, callerFile);
    return Array.isArray(holder.stack) ? holder.stack : [];
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    if (prepareStackTrace === undefined) Reflect.deleteProperty(Error, 'prepareStackTrace');
    else Error.prepareStackTrace = prepareStackTrace;
  }
}

function toPath(name: string | null | undefined): string | undefined {
  if (name === null || name === undefined) return undefined;
  if (name.startsWith('file:')) return fileURLToPath(name);
  return name.startsWith('/') ? name : undefined;
}

const isOwn = (file: string): boolean => OWN_FILES.includes(file) || OWN_FOLDERS.some((folder) => file.startsWith(folder));
