/**
 * What travels with a task: the definition of its function (once per peer) and its context (per task).
 * Plain data, MessagePack on the wire. Knows nothing of who runs it.
 */

/** How a worker finds the function. Sent once per manager and worker, named by its fnId after that. */
export type Definition = JsDefinition | PythonDefinition | BashDefinition;

export interface JsDefinition {
  readonly kind: 'js';
  readonly name: string;
  readonly form: 'source' | 'module';
  /** form 'source': the text of a function expression. */
  readonly source?: string;
  /** File of the module that defined it (absolute path): `import()` inside resolves from there. */
  readonly filename?: string;
  /** Where in that file the text begins, both from 1: stacks name the user's own lines. */
  readonly line?: number;
  readonly column?: number;
  /** form 'module': URL of the module and the name of its export. */
  readonly url?: string;
  readonly exportName?: string;
}

export interface PythonDefinition {
  readonly kind: 'python';
  readonly name: string;
  readonly form: 'source' | 'file' | 'module';
  /** form 'source': text that defines one top-level function. */
  readonly source?: string;
  /** form 'file': absolute path. */
  readonly path?: string;
  /** form 'module': dotted name, importable on the worker. */
  readonly module?: string;
  /** Name of the function; for form 'source' the only top-level function. */
  readonly function: string;
  /** Interpreter of the app; undefined: the executor's, else `python3` on the worker's PATH. */
  readonly python?: string;
}

export interface BashDefinition {
  readonly kind: 'bash';
  readonly name: string;
}

export type BashReturns = 'exitCode' | 'stdout' | 'lines' | 'json';

export type OpenMode = 'w' | 'a';

/** Everything of a task beyond function and arguments. Fields are absent where the default applies; a task of all defaults has none. */
export interface TaskContext {
  /** Absolute. Absent: the directory in which the driver loaded its kernel. */
  readonly cwd?: string;
  /** Absolute path of a directory that the worker creates for this task alone (`sandbox: true`), and starts it in. */
  readonly sandbox?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Absolute path and mode. The parent directory is made if it is missing. */
  readonly stdout?: readonly [path: string, mode: OpenMode];
  readonly stderr?: readonly [path: string, mode: OpenMode];
  /** Absolute paths that must exist when the app has returned; else MissingOutputsError. */
  readonly outputs?: readonly string[];
  readonly walltimeMs?: number;
  /** TERM, then KILL after this; default 5,000. */
  readonly killGraceMs?: number;
  readonly returns?: BashReturns;
  readonly pty?: boolean;
  /** Arguments that lie in a store: where in the argument list, and what to put there. */
  readonly refs?: readonly ArgumentRef[];
}

/** A value that lies in a store instead of in the message. */
export interface StoredValue {
  /** 'file': `key` is the absolute path of a file that holds an encoded value. */
  readonly store: 'file';
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  readonly hash?: string;
}

export interface ArgumentRef {
  /** Keys from the argument list down: `[0, 'x']` is `args[0].x`. `[]`: the whole argument list. */
  readonly at: readonly (string | number)[];
  readonly value: StoredValue;
}

export const DEFAULT_KILL_GRACE_MS = 5000;
