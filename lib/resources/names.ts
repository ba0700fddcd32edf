/**
 * Names of what a task or a node can have. Owns which are built in, and which are too near to one of these to be a kind of somebody's own.
 */
import { nearest } from '../suggest.ts';

/** Of any task. */
const TASK_NAMES = ['cores', 'memory', 'gpus', 'coreLayout'] as const;
/** Of one on whole nodes. */
export const NODE_NAMES = ['nodes', 'ranksPerNode', 'threadsPerRank', 'gpusPerRank', 'cpuBind'] as const;

const BUILT_IN: readonly string[] = [...TASK_NAMES, ...NODE_NAMES];

/** What other engines call them. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  cpu: 'cores',
  cpus: 'cores',
  ncpus: 'cores',
  num_cpus: 'cores',
  num_cores: 'cores',
  mem: 'memory',
  ram: 'memory',
  num_gpus: 'gpus',
  ngpus: 'gpus',
  accelerators: 'gpus',
  num_nodes: 'nodes',
  num_ranks: 'ranksPerNode',
  ranks_per_node: 'ranksPerNode',
  ranks: 'ranksPerNode',
  layout: 'coreLayout',
};

export const isBuiltIn = (name: string): boolean => BUILT_IN.includes(name);

/** The built-in name that a word was probably meant for; undefined: it is a name of its own. */
export const meantFor = (word: string): string | undefined =>
  isBuiltIn(word) ? undefined : (elsewhere(word.toLowerCase()) ?? nearest(word, BUILT_IN));

const elsewhere = (word: string): string | undefined => (Object.hasOwn(ELSEWHERE, word) ? ELSEWHERE[word] : undefined);
