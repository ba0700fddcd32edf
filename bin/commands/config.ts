/**
 * `flotilla config list | show | schema`. Reads configs and starts nothing.
 */
import { readFileSync } from 'node:fs';
import { Scalar, stringify } from 'yaml';
import { packagedNames, packagedPath } from '../../configs/packaged.ts';
import { locateConfig, readConfig, variablesOf } from '../../configs/read.ts';
import { configJsonSchema } from '../../configs/schema.ts';
import { takeApart } from '../../configs/take-apart.ts';
import { isPlainObject } from '../../lib/options/freeze.ts';
import type { ConfigCommandOptions, ShowConfigOptions } from '../command-line/config.ts';
import { printJson, printLines } from '../print.ts';
import { tableLines } from '../text-table.ts';

export function listConfigs({ json }: ConfigCommandOptions): void {
  const configs = packagedNames().map((name) => {
    const path = packagedPath(name) ?? '';
    return { name, description: leadingComment(readFileSync(path, 'utf8')), path };
  });
  if (json) printJson(configs);
  else printLines(tableLines(configs.map(({ name, description }) => [name, firstSentence(description)])));
}

export async function showConfig(source: string, { set = [], json, withEnv = false }: ShowConfigOptions): Promise<void> {
  const path = locateConfig(source);
  const isYaml = /\.ya?ml$/.test(path);
  // Its own text says more than its data: comments, and which variables it takes from the environment.
  if (isYaml && set.length === 0 && !json && !withEnv) return void process.stdout.write(readFileSync(path, 'utf8'));
  const data = writable(takeApart(await readConfig(path, set)));
  const variables = withEnv ? [] : await variablesOf(path, set);
  for (const { path: at, written } of variables) replaceAt(data, at, json ? `!env ${written}` : asTag(written));
  if (json) printJson(data);
  else process.stdout.write(stringify(data));
}

/** A variable may hold a secret: its name is shown, as it was written. */
const asTag = (written: string): Scalar => Object.assign(new Scalar(written), { tag: '!env' });

function replaceAt(data: unknown, path: readonly (string | number)[], value: unknown): void {
  const holder = path.slice(0, -1).reduce<unknown>((inner, key) => (inner as Record<string | number, unknown> | undefined)?.[key], data);
  const last = path.at(-1);
  if (last !== undefined && typeof holder === 'object' && holder !== null && last in holder) Reflect.set(holder, last, value);
}

export function printSchema(): void {
  printJson(configJsonSchema());
}

/** What only TypeScript can write is named, in place of its value. */
function writable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(writable);
  if (typeof value === 'function') return `(function ${value.name})`;
  if (typeof value !== 'object' || value === null) return value;
  if (!isPlainObject(value)) return `(${value.constructor.name})`;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, writable(inner)]));
}

function leadingComment(yaml: string): string {
  const lines = yaml.split('\n');
  const end = lines.findIndex((line) => !line.startsWith('#'));
  return lines
    .slice(0, end)
    .map((line) => line.replace(/^#\s?/, ''))
    .join(' ')
    .trim();
}

const firstSentence = (text: string): string => /^.*?[.:](?=\s|$)/.exec(text)?.[0].replace(/[.:]$/, '') ?? text;
