/**
 * qstat's ways to print jobs: its table, `-f`, `-f -F json` and `-f -F dsv`, with the faults of OpenPBS 23.06.06.
 */
import type { Attribute } from './attributes.ts';
import type { Job } from './job.ts';

export interface Shown {
  readonly id: string;
  readonly attributes: readonly Attribute[];
}

const HEAD = `Job id            Name             User              Time Use S Queue
----------------  ---------------- ----------------  -------- - -----
`;

export function formatTable(jobs: readonly Job[]): string {
  if (jobs.length === 0) return '';
  const cell = (text: string, width: number): string => text.slice(0, width).padEnd(width);
  const lines = jobs.map((job) => {
    const used = job.stime === undefined ? '0' : '00:00:00';
    return `${cell(job.id, 16)}  ${cell(job.name, 16)} ${cell(job.user, 16)}  ${used.padStart(8)} ${job.state} ${cell(job.queue, 16)}\n`;
  });
  return HEAD + lines.join('');
}

export const formatFull = (jobs: readonly Shown[]): string =>
  jobs.map(({ id, attributes }) => `Job Id: ${id}\n${attributes.map(formatAttribute).join('')}\n`).join('');

const nameOf = ([name, resource]: Attribute): string => (resource === undefined ? name : `${name}.${resource}`);

/** Breaks at commas where the line would get longer than 78 characters, and anywhere in what has none. */
function formatAttribute(attribute: Attribute): string {
  const name = nameOf(attribute);
  let text = `    ${name} = `;
  let column = name.length + 7;
  for (const [index, part] of splitAtCommas(attribute[2]).entries()) {
    if (index > 0) text += ',';
    if (part.length + column < 78) {
      text += part;
      column += part.length;
      continue;
    }
    if (index > 0) {
      text += '\n\t';
      column = 9;
    }
    for (const character of part) {
      text += character;
      if (++column > 78) {
        text += '\n\t';
        column = 8;
      }
    }
  }
  return `${text}\n`;
}

/** A comma behind a backslash is part of the value. */
const splitAtCommas = (text: string): string[] => text.split(/(?<!\\),/);

export const formatDsv = (jobs: readonly Shown[]): string =>
  jobs.map(({ id, attributes }) => `Job Id: ${id}|${attributes.map((one) => `${nameOf(one)}=${one[2]}`).join('|')}\n`).join('');

/** Without a job there are no "Jobs", and no line end. */
export function formatJson(jobs: readonly Shown[], server: string, nowMs: number): string {
  const head = `{\n    "timestamp":${Math.floor(nowMs / 1000)},\n    "pbs_version":"23.06.06",\n    "pbs_server":"${server}"`;
  if (jobs.length === 0) return `${head}\n}`;
  const bodies = jobs.map(({ id, attributes }) => `        "${id}":{\n${jsonMembers(attributes).join(',\n')}\n        }`);
  return `${head},\n    "Jobs":{\n${bodies.join(',\n')}\n    }\n}\n`;
}

function jsonMembers(attributes: readonly Attribute[]): string[] {
  const groups = new Map<string, Attribute[]>();
  for (const attribute of attributes) groups.set(attribute[0], [...(groups.get(attribute[0]) ?? []), attribute]);
  return [...groups].map(([name, group]) => {
    const resources = name === 'Variable_List' ? jsonVariables(group[0]?.[2] ?? '') : group.map(([, key, value]) => [key, value] as const);
    const [first] = resources;
    if (first?.[0] === undefined) return `            "${name}":${jsonValue(first?.[1] ?? '')}`;
    const inner = resources.map(([key, value]) => `                "${key}":${jsonValue(value)}`);
    return `            "${name}":{\n${inner.join(',\n')}\n            }`;
  });
}

/** It is cut at `=` and `,` with strtok(3), which knows no empty parts: an empty variable's value is the whole of the next one. */
function jsonVariables(list: string): (readonly [string, string])[] {
  const parts = splitAtCommas(list);
  const pairs: [string, string][] = [];
  for (let at = 0; at < parts.length; at++) {
    const [, key = '', value = ''] = /^([^=]*)=?([\s\S]*)$/.exec(parts[at] ?? '') ?? [];
    pairs.push([key, value === '' ? (parts[++at] ?? '') : value]);
  }
  return pairs;
}

/** What strtod(3) takes whole is printed bare, whether JSON knows such a number or not: `007`, `0x1f`, `nan`, `1.`, and nothing at all. */
function jsonValue(text: string): string {
  if (STRTOD.test(text)) return text;
  const unescaped = text.replaceAll('\\,', ',').replaceAll('\\\\', '\\');
  return `"${unescaped.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\t', '\\t')}"`;
}

const STRTOD = /^\s*([+-]?(0x[\da-f]+(\.[\da-f]*)?(p[+-]?\d+)?|(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|inf(inity)?|nan))?\s*$/i;
