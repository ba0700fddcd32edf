/**
 * Turns definitions into functions, once per worker.
 */
import { constants, runInThisContext } from 'node:vm';
import type { Definition, JsDefinition } from '../../../lib/task-spec.ts';
import { unpack } from '../../../lib/wire/value-codec.ts';

export type AppFunction = (...args: unknown[]) => unknown;

/** The definition names something that this worker cannot load; trying again elsewhere would not help. */
export class UnloadableError extends Error {
  override readonly name = 'DefinitionError';
}

type Entry = { readonly kind: 'defined'; readonly definition: JsDefinition } | { readonly kind: 'loaded'; readonly fn: AppFunction };

export class FunctionTable {
  readonly #entries = new Map<number, Entry>();

  define(fnId: number, bytes: Uint8Array): void {
    const definition = unpack(bytes) as Definition;
    if (definition.kind !== 'js') throw new TypeError(`a JavaScript worker was given a ${definition.kind} function (${fnId})`);
    if (!this.#entries.has(fnId)) this.#entries.set(fnId, { kind: 'defined', definition });
  }

  /** @returns the function itself where it is loaded (the hot path), else a promise of it. */
  get(fnId: number): AppFunction | Promise<AppFunction> {
    const entry = this.#entries.get(fnId);
    if (entry?.kind === 'loaded') return entry.fn;
    if (!entry) throw new UnloadableError(`function ${fnId} was never defined on this worker`);
    return this.#load(fnId, entry.definition);
  }

  async #load(fnId: number, definition: JsDefinition): Promise<AppFunction> {
    const fn = definition.form === 'source' ? evaluate(definition) : await importExport(definition);
    this.#entries.set(fnId, { kind: 'loaded', fn });
    return fn;
  }
}

/** Modules are strict; so is what comes out of them. */
const PREFIX = "'use strict';(";

function evaluate(definition: JsDefinition): AppFunction {
  const { line = 1, column = 1 } = definition;
  try {
    return runInThisContext(`${PREFIX}${definition.source})`, {
      filename: definition.filename ?? `jsApp ${definition.name}`,
      lineOffset: line - 1,
      columnOffset: column - 1 - PREFIX.length,
      importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    }) as AppFunction;
  } catch (cause) {
    throw new UnloadableError(`the source of app ${definition.name} cannot be evaluated: ${String(cause)}`, { cause });
  }
}

async function importExport({ url, exportName, name }: JsDefinition): Promise<AppFunction> {
  const module = await importModule(url ?? '', name);
  const found = module[exportName ?? 'default'];
  if (typeof found === 'function') return found as AppFunction;
  const names = Object.keys(module).join(', ') || 'nothing';
  throw new UnloadableError(`app ${name}: module ${url} exports no function '${exportName}'; it exports ${names}`);
}

async function importModule(url: string, name: string): Promise<Record<string, unknown>> {
  try {
    return (await import(url)) as Record<string, unknown>;
  } catch (cause) {
    throw new UnloadableError(`app ${name}: module ${url} cannot be imported: ${String(cause)}`, { cause });
  }
}
