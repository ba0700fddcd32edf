/** The living processes of a run, each with what it is. */
import { childrenOf, commandLineOf, environOf, processesWith } from '../../support/high-throughput.ts';

const COMMAND_LINES = {
  manager: /^\S*node .*manager-entry/,
  'JavaScript worker': /^\S*node .*process-entry/,
  'Python worker': /flotilla_worker\.py/,
  'helper for commands': /spawner\.pl|node-spawner-entry/,
  reaper: /reaper\.sh/,
} as const;

export type Kind = 'driver' | 'interchange' | keyof typeof COMMAND_LINES;

export const KINDS: readonly Kind[] = ['driver', 'interchange', ...(Object.keys(COMMAND_LINES) as (keyof typeof COMMAND_LINES)[])];

export interface RunProcess {
  readonly pid: number;
  readonly kind: Kind;
}

/** In one look at the process table. */
export function processesOfRun(driver: number, runId: string): RunProcess[] {
  const others = processesWith(
    (commandLine, pid) => kindOf(commandLine) !== undefined && (commandLine.includes(runId) || environOf(pid).includes(runId)),
  );
  return [
    { pid: driver, kind: 'driver' },
    ...childrenOf(driver, 'interchange-entry').map((pid): RunProcess => ({ pid, kind: 'interchange' })),
    ...others.flatMap((pid): RunProcess[] => {
      const kind = kindOf(commandLineOf(pid));
      return kind === undefined ? [] : [{ pid, kind }];
    }),
  ];
}

function kindOf(commandLine: string): keyof typeof COMMAND_LINES | undefined {
  const kinds = Object.keys(COMMAND_LINES) as (keyof typeof COMMAND_LINES)[];
  return kinds.find((kind) => COMMAND_LINES[kind].test(commandLine));
}
