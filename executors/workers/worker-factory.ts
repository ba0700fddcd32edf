/**
 * Makes the runners of slots: which process serves which kind of function, with what in its environment.
 */
import { unpack } from '../../lib/wire/value-codec.ts';
import type { Definition } from '../../lib/task-spec.ts';
import { CommandSlot } from './command-slot.ts';
import { ProcessRunner } from './process-runner.ts';
import type { FunctionSource, Runner, RunnerEvents } from './runner.ts';
import type { WorkerChange } from './worker-change.ts';
import { HAS_PARENT_DEATH_SIGNAL, jsWorkerArgv, pinTo, pythonWorkerArgv } from './worker-argv.ts';

/** What a slot owns. */
export interface SlotResources {
  readonly cpus: readonly number[] | undefined;
  readonly env: Readonly<Record<string, string>>;
}

export interface WorkerFactoryOptions {
  readonly slots: readonly SlotResources[];
  /** Of slots that are none of these. */
  readonly otherSlot?: (slot: number) => SlotResources | undefined;
  readonly runId: string;
  /** Where workers start. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly logDir: string;
  readonly scratchDir: string;
  readonly storeDir: string | undefined;
  readonly nodePath: string;
  /** Interpreter of apps that name none. */
  readonly python: string | undefined;
  /** Told of workers that start and end. */
  readonly changed?: (change: WorkerChange) => void;
}

/** The functions that a node has been told of. */
export class FunctionRegistry implements FunctionSource {
  readonly #definitions = new Map<number, { readonly bytes: Buffer; readonly runner: string }>();

  define(fnId: number, bytes: Buffer): void {
    if (this.#definitions.has(fnId)) return;
    const definition = unpack(bytes) as Definition;
    const runner = definition.kind === 'python' ? `python:${definition.python ?? ''}` : definition.kind;
    this.#definitions.set(fnId, { bytes: Buffer.from(bytes), runner });
  }

  definition(fnId: number): Buffer | undefined {
    return this.#definitions.get(fnId)?.bytes;
  }

  runnerKey(fnId: number): string | undefined {
    return this.#definitions.get(fnId)?.runner;
  }
}

export class WorkerFactory {
  readonly #options: WorkerFactoryOptions;
  readonly #functions: FunctionRegistry;
  #interpreters = new Map<string, number>();

  constructor(options: WorkerFactoryOptions, functions: FunctionRegistry) {
    this.#options = options;
    this.#functions = functions;
  }

  /** @param key 'js', 'bash' or 'python:INTERPRETER' (none: the default one). */
  create(key: string, slot: number, events: RunnerEvents): Runner {
    if (key === 'bash') return this.#command(slot, events);
    return key === 'js' ? this.js(slot, events) : this.#python(key.slice('python:'.length), slot, events);
  }

  js(slot: number, events: RunnerEvents): ProcessRunner {
    const argv = jsWorkerArgv(this.#options.nodePath, this.#cpus(slot));
    return this.#process(
      `worker-${slot}-js`,
      argv,
      slot,
      events,
      'Set nodePath to a Node of version 24 or later that the workers can reach.',
    );
  }

  #python(interpreter: string, slot: number, events: RunnerEvents): Runner {
    const python = interpreter || this.#options.python || 'python3';
    const hint = `Install Python 3.9 or later there, or name the interpreter by the 'python' option of the app or of the executor.`;
    const number = this.#interpreters.get(python) ?? this.#interpreters.size;
    this.#interpreters.set(python, number);
    return this.#process(
      `worker-${slot}-python${number === 0 ? '' : number}`,
      pythonWorkerArgv(python, this.#cpus(slot)),
      slot,
      events,
      hint,
    );
  }

  #process(name: string, argv: [string, ...string[]], slot: number, events: RunnerEvents, missingHint: string): ProcessRunner {
    const { cwd, logDir, scratchDir, runId, changed } = this.#options;
    const env = this.#env(slot);
    const functions = this.#functions;
    return new ProcessRunner({
      name,
      argv,
      cwd,
      env,
      logDir,
      scratchDir,
      runId,
      functions,
      events,
      missingHint,
      ...(changed ? { changed } : {}),
    });
  }

  #command(slot: number, events: RunnerEvents): Runner {
    const { cwd, scratchDir, runId, storeDir } = this.#options;
    const prefix = pinTo(this.#cpus(slot));
    return new CommandSlot({ slot, cwd, env: this.#env(slot), scratchDir, prefix, runId, storeDir, events });
  }

  #cpus(slot: number): readonly number[] | undefined {
    return this.#resources(slot)?.cpus;
  }

  #resources(slot: number): SlotResources | undefined {
    return this.#options.slots[slot] ?? this.#options.otherSlot?.(slot);
  }

  #env(slot: number): Record<string, string> {
    const { env, slots, storeDir, runId } = this.#options;
    return {
      ...(process.env as Record<string, string>),
      ...env,
      ...this.#resources(slot)?.env,
      FLOTILLA_RUN_ID: runId,
      FLOTILLA_WORKER_RANK: String(slot),
      FLOTILLA_WORKER_COUNT: String(slots.length),
      ...(storeDir === undefined ? {} : { FLOTILLA_STORE: storeDir }),
      ...(HAS_PARENT_DEATH_SIGNAL ? { FLOTILLA_PDEATHSIG: '1' } : {}),
    };
  }
}
