/** The living processes of a run, each with what it is. */
import { childrenOf, commandLineOf, environOf, parentOf, processesWith } from '../../support/high-throughput.ts';

const COMMAND_LINES = {
  manager: /^\S*node .*manager-entry/,
  'JavaScript worker': /^\S*node .*process-entry/,
  'Python worker': /flotilla_worker\.py/,
  'helper for commands': /spawner\.pl|spawner-linux|node-spawner-entry/,
  reaper: /reaper\.sh/,
} as const;

export type Kind = 'driver' | 'interchange' | keyof typeof COMMAND_LINES;

export const KINDS: readonly Kind[] = ['driver', 'interchange', ...(Object.keys(COMMAND_LINES) as (keyof typeof COMMAND_LINES)[])];

export interface RunProcess {
  readonly pid: number;
  readonly kind: Kind;
}

/**
 * In one look at the process table. Between fork and exec a process still has the command line of its parent, and is none of its kind:
 * a command that is killed then would be taken for its helper.
 */
export function processesOfRun(driver: number, runId: string): RunProcess[] {
  const found = processesWith(
    (commandLine, pid) => kindOf(commandLine) !== undefined && (commandLine.includes(runId) || environOf(pid).includes(runId)),
  ).flatMap((pid): RunProcess[] => {
    const kind = kindOf(commandLineOf(pid));
    return kind === undefined ? [] : [{ pid, kind }];
  });
  const managers = new Set(found.filter(({ kind }) => kind === 'manager').map(({ pid }) => pid));
  return [
    { pid: driver, kind: 'driver' },
    ...childrenOf(driver, 'interchange-entry').map((pid): RunProcess => ({ pid, kind: 'interchange' })),
    ...found.filter(({ pid, kind }) => managers.has(parentOf(pid)) !== (kind === 'manager')),
  ];
}

function kindOf(commandLine: string): keyof typeof COMMAND_LINES | undefined {
  const kinds = Object.keys(COMMAND_LINES) as (keyof typeof COMMAND_LINES)[];
  return kinds.find((kind) => COMMAND_LINES[kind].test(commandLine));
}
