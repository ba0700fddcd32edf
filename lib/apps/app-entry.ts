/**
 * What the kernel needs of an app: its kind, its name, its options, and what is run.
 */
import type { RegisteredFunction } from '../executor.ts';
import type { Definition } from '../task-spec.ts';
import { pack } from '../wire/value-codec.ts';
import type { CompiledAppOptions } from './options.ts';

export type AppBody = (...args: never[]) => unknown;

/** `fn` travels to workers; `body` runs in the driver. */
export type AppEntry =
  | { readonly kind: 'js' | 'python'; readonly options: CompiledAppOptions; readonly fn: RegisteredFunction }
  | {
      readonly kind: 'bash';
      readonly options: CompiledAppOptions;
      readonly fn: RegisteredFunction;
      readonly body: AppBody;
      /** Put in front of the command. */
      readonly prefix?: string;
    }
  | { readonly kind: 'join'; readonly options: CompiledAppOptions; readonly body: AppBody };

let nextFnId = 1;

/** Gives a definition the number by which it is named once it has travelled. */
export function registerFunction(definition: Definition): RegisteredFunction {
  return { fnId: nextFnId++, name: definition.name, definition: Buffer.from(pack(definition)) };
}
