/**
 * `flotilla config list | show | schema`. Reads configs and starts nothing.
 */
import { readFileSync } from 'node:fs';
import { stringify } from 'yaml';
import { packagedNames, packagedPath } from '../../configs/packaged.ts';
import { locateConfig, readConfig } from '../../configs/read.ts';
import { configJsonSchema } from '../../configs/schema.ts';
import { takeApart } from '../../configs/take-apart.ts';
import { isPlainObject } from '../../lib/options/freeze.ts';
import type { ConfigCommandOptions } from '../command-line/config.ts';
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

export async function showConfig(source: string, { set = [], json }: ConfigCommandOptions): Promise<void> {
  const path = locateConfig(source);
  const isYaml = /\.ya?ml$/.test(path);
  // Its own text says more than its data: comments, and which variables it takes from the environment.
  if (isYaml && set.length === 0 && !json) return void process.stdout.write(readFileSync(path, 'utf8'));
  const data = writable(takeApart(await readConfig(path, set)));
  if (json) printJson(data);
  else process.stdout.write(stringify(data));
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
