/**
 * `ignoreForCache`: which arguments of a call do not count.
 */
import { readFileSync } from 'node:fs';
import type { AppEntry } from '../apps/app-entry.ts';
import { InvalidOptionError } from '../errors/index.ts';
import { definitionOf } from '../memo/code/code-digest.ts';
import { jsParameters, type ParameterNames, pythonParameters } from '../memo/code/parameter-names.ts';
import { nearest } from '../suggest.ts';
import type { JsDefinition, PythonDefinition } from '../task-spec.ts';

export interface IgnoredParameters {
  hasPosition(position: number): boolean;
  hasName(name: string): boolean;
}

const NONE: IgnoredParameters = { hasPosition: () => false, hasName: () => false };

/** @throws InvalidOptionError for a name that no parameter has. */
export function ignoredParameters(entry: AppEntry, ignored: readonly (string | number)[]): IgnoredParameters {
  if (ignored.length === 0) return NONE;
  const names = ignored.filter((each) => typeof each === 'string');
  const parameters = names.length === 0 ? undefined : parametersOf(entry);
  const positions = new Set(ignored.filter((each) => typeof each === 'number'));
  for (const name of names) addPosition(positions, name, parameters, entry);
  const { restAt } = parameters ?? {};
  const isRestIgnored = restAt !== undefined && positions.has(restAt);
  return {
    hasPosition: (position) => positions.has(position) || (isRestIgnored && position >= (restAt ?? 0)),
    hasName: (name) => names.includes(name),
  };
}

function addPosition(positions: Set<number>, name: string, parameters: ParameterNames | undefined, entry: AppEntry): void {
  const position = parameters?.names.indexOf(name) ?? -1;
  if (position >= 0) positions.add(position);
  // A Python parameter may be given by keyword alone.
  else if (entry.kind !== 'python') throw unknownParameter(name, parameters, entry);
}

function unknownParameter(name: string, parameters: ParameterNames | undefined, entry: AppEntry): InvalidOptionError {
  const of = `app '${entry.options.name}'`;
  const known = parameters?.names.filter((each) => each !== '');
  const wanted =
    known === undefined
      ? 'a position, from 0: the names of its parameters cannot be read'
      : `one of its parameters (${known.join(', ') || 'it has none with a name'}) or a position`;
  return InvalidOptionError.wrong(of, 'ignoreForCache', name, wanted, nearest(name, known ?? []));
}

function parametersOf(entry: AppEntry): ParameterNames | undefined {
  switch (entry.kind) {
    case 'js': {
      const { source } = definitionOf<JsDefinition>(entry);
      return source === undefined ? undefined : jsParameters(source);
    }
    case 'python': {
      const { source, path, function: name } = definitionOf<PythonDefinition>(entry);
      const text = source ?? (path === undefined ? undefined : readFileSync(path, 'utf8'));
      return text === undefined ? undefined : pythonParameters(text, name);
    }
    default:
      return jsParameters(entry.body.toString());
  }
}
