/**
 * Packaged configs of machines, read with a given environment; and what their submit scripts ask for.
 */
import { readConfig } from '../../configs/read.ts';
import { type HighThroughputExecutor, PBSProProvider, SlurmProvider } from '../../index.ts';
import type { Machine, Queue } from '../../scripts/machine-tables.ts';

export type MachineProvider = PBSProProvider | SlurmProvider;

/** Nothing of Flotilla's is set in the environment but this, as long as `body` lasts. */
export async function withEnvironment<T>(set: Readonly<Record<string, string>>, body: () => Promise<T>): Promise<T> {
  const before = { ...process.env };
  for (const name of Object.keys(before)) if (/^(FLOTILLA_|SLURM_|PBS_)/.test(name)) delete process.env[name];
  Object.assign(process.env, set);
  try {
    return await body();
  } finally {
    for (const name of Object.keys(set)) delete process.env[name];
    Object.assign(process.env, before);
  }
}

export async function readExecutor(config: string, set: Readonly<Record<string, string>>): Promise<HighThroughputExecutor> {
  const { compiled } = await withEnvironment(set, () => readConfig(config));
  const [executor] = compiled.executors;
  return executor as HighThroughputExecutor;
}

export function providerOf({ compiled: { provider } }: HighThroughputExecutor): MachineProvider {
  if (provider instanceof PBSProProvider || provider instanceof SlurmProvider) return provider;
  throw new TypeError(`${provider.type} submits no script`);
}

/** The launcher stands in it by name: what it makes of a command is for its own specs. */
export function submitScript(executor: HighThroughputExecutor): string {
  const provider = providerOf(executor);
  const { type, options } = provider.launcher as unknown as { type: string; options: object };
  const command = `# ${type} ${JSON.stringify(options)} starts on each node:\nmanager`;
  const place = { scriptDir: '/project/runinfo/000/blocks', workingDirectory: '/project' };
  return provider.rehearse({ name: 'flotilla.r1.htex-0', command, env: { FLOTILLA_BLOCK_ID: '0' } }, place).script.text;
}

interface Request {
  readonly nodes: number;
  readonly walltimeS: number;
}

export function requestOf(script: string): Request {
  const nodes = /^#SBATCH --nodes=(\d+)$/m.exec(script) ?? /^#PBS -l select=(\d+):/m.exec(script);
  const walltime = /^#SBATCH --time=(\S+)$/m.exec(script) ?? /^#PBS -l walltime=(\S+)$/m.exec(script);
  return { nodes: Number(nodes?.[1]), walltimeS: secondsOf(walltime?.[1] ?? '') };
}

/** A value that can be told from others in a script: that of an option, or that of a variable that has another place. */
export const isOfQueue = (script: string, { set }: Queue): boolean => {
  const [variable = '', value = ''] = set.split('=');
  return /_(QUEUE|PARTITION|QOS)$/.test(variable) ? new RegExp(`^#(PBS -q |SBATCH --\\w+=)${value}$`, 'm').test(script) : true;
};

/** What of the request is beyond the limits of the machine's queue, in words. */
export function violations(script: string, { queues, minWalltime, forbids = [] }: Machine): string[] {
  const { nodes, walltimeS } = requestOf(script);
  const fitting = queues.filter((queue) => isOfQueue(script, queue));
  const isWithin = ({ minNodes = 1, maxNodes = nodes, walltime }: Queue): boolean =>
    nodes >= minNodes && nodes <= maxNodes && (walltime === undefined || walltimeS <= secondsOf(walltime));
  return [
    ...(fitting.length === 0 ? ['no known queue'] : fitting.some(isWithin) ? [] : [`${nodes} node(s) for ${walltimeS} s`]),
    ...(minWalltime !== undefined && walltimeS < secondsOf(minWalltime) ? [`less than ${minWalltime}`] : []),
    ...forbids.filter((option) => new RegExp(`^#SBATCH --${option}\\b`, 'm').test(script)),
  ];
}

/** '' is none. */
export const secondsOf = (clock: string): number => clock.split(':').reduce((seconds, part) => seconds * 60 + Number(part), 0);
