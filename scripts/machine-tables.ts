/**
 * What spec/configs/machines.yaml knows of machines, and the tables that docs/machines.md makes of it.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

export interface Node {
  readonly cores: number;
  /** Hardware threads; absent: not found. */
  readonly threads?: number;
  /** Cores that a job may use, where the site keeps some. */
  readonly usable?: number;
  /** Ids of the cores that the site keeps. */
  readonly reserved?: readonly number[];
  readonly accelerators?: number;
  readonly kind?: string;
  readonly coresPerAccelerator?: number;
}

export interface Queue {
  /** VARIABLE=value that chooses it. */
  readonly set: string;
  readonly minNodes?: number;
  readonly maxNodes?: number;
  /** hours:minutes:seconds */
  readonly walltime?: string;
  readonly jobs?: string;
  readonly note?: string;
}

export interface Machine {
  readonly machine: string;
  readonly site: string;
  readonly scheduler: 'PBS Pro' | 'Slurm';
  /** Date of what was read of its queues. */
  readonly read: string;
  readonly node: Node;
  readonly queues: readonly Queue[];
  readonly minWalltime?: string;
  /** Options of sbatch that the site does not allow. */
  readonly forbids?: readonly string[];
  readonly unverified: string;
}

const ROOT = join(import.meta.dirname, '..');

export function readMachines(): ReadonlyMap<string, Machine> {
  const text = readFileSync(join(ROOT, 'spec/configs/machines.yaml'), 'utf8');
  return new Map(Object.entries(parse(text) as Record<string, Machine>));
}

/** Names of the variables without which a config cannot be used. */
export function neededVariables(config: string): string[] {
  return [...readConfigText(config).matchAll(/^[^#\n]*!env (\w+)(?=\s|$|[,}])/gm)].map(([, name = '']) => name);
}

export function readConfigText(config: string): string {
  return readFileSync(join(ROOT, `configs/${config}.yaml`), 'utf8');
}

type Table = readonly [head: readonly string[], rows: readonly (readonly string[])[]];

export function machineTable(): Table {
  const rows = [...readMachines()].map(([config, { machine, site, scheduler, node, unverified }]) => [
    machine,
    site,
    scheduler,
    `\`${config}\``,
    describeNode(node),
    neededVariables(config).map(code).join(', ') || '–',
    unverified || '–',
  ]);
  return [['machine', 'site', 'scheduler', 'config', 'a node', 'must be set', 'not verified in documentation'], rows];
}

export function queueTable(): Table {
  const rows = [...readMachines()].flatMap(([config, { queues, read }]) =>
    queues.map(({ set, minNodes = 1, maxNodes, walltime, jobs, note }, index) => [
      index === 0 ? `\`${config}\`` : '',
      code(set),
      maxNodes === undefined ? '?' : `${minNodes}–${maxNodes}`,
      walltime ?? '?',
      [jobs, note].filter((text) => text !== undefined).join('; '),
      index === 0 ? String(read) : '',
    ]),
  );
  return [['config', 'queue', 'nodes of a job', 'walltime', 'jobs, and other limits', 'as of'], rows];
}

function describeNode({ cores, usable, threads, accelerators, kind }: Node): string {
  const count = usable === undefined ? `${cores} cores` : `${usable} of ${cores} cores`;
  const twice = threads !== undefined && threads > cores ? `, ${threads} threads` : '';
  return `${count}${twice}${accelerators === undefined ? '' : `, ${accelerators} × ${kind}`}`;
}

const code = (text: string): string => `\`${text}\``;
