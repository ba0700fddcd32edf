/**
 * The JSON Schema of a YAML config, for editors: made from the same schemas that check the options.
 */
import type { OptionsSchema } from '../lib/options/schema.ts';
import { zod } from '../lib/options/zod.ts';
import { configOptions } from './options.ts';
import { classesOf, type DescriptionKind } from './registry.ts';

type JsonSchema = Record<string, unknown>;

const KINDS: readonly DescriptionKind[] = ['executor', 'provider', 'launcher', 'channel'];

/** JSON Schema, draft 2020-12. */
export function configJsonSchema(): JsonSchema {
  const definitions = KINDS.flatMap((kind) => [
    [kind, { anyOf: classesOf(kind).map(({ name }) => reference(name)) }] as const,
    ...classesOf(kind).map(({ name, schema }) => [name, describedSchema(name, schema)] as const),
  ]);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Flotilla config',
    ...optionsJsonSchema(configOptions),
    $defs: Object.fromEntries(definitions),
  };
}

/** As it is written in YAML: the options, and the `type` that selects the class. */
function describedSchema(name: string, schema: OptionsSchema): JsonSchema {
  const { properties, required, ...rest } = optionsJsonSchema(schema);
  const others = Array.isArray(required) ? (required as string[]) : [];
  return { ...rest, properties: { type: { const: name }, ...(properties as JsonSchema) }, required: ['type', ...others] };
}

function optionsJsonSchema(schema: OptionsSchema): JsonSchema {
  const { $schema: _, ...json } = zod().toJSONSchema(schema.zod(), { io: 'input', unrepresentable: 'any' });
  return resolveMarks(json) as JsonSchema;
}

/** Marks of the vocabulary: another description becomes a reference, what YAML cannot write is left out. */
function resolveMarks(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((item) => !isOmitted(item)).map(resolveMarks);
  if (typeof value !== 'object' || value === null) return value;
  const kind: unknown = Reflect.get(value, 'x-flotilla');
  const entries = Object.entries(value).filter(([key, inner]) => key !== 'x-flotilla' && !isOmitted(inner));
  const resolved = Object.fromEntries(entries.map(([key, inner]) => [key, resolveMarks(inner)]));
  return typeof kind === 'string' ? { ...resolved, ...reference(kind) } : resolved;
}

function isOmitted(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Reflect.get(value, 'x-flotilla') === 'omit';
}

const reference = (name: string): JsonSchema => ({ $ref: `#/$defs/${name}` });
