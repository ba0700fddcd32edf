/**
 * mpiApp: an MPI program as an app. As a bashApp on whole nodes, with what starts the program on all of them put in front of it.
 */
import { onNodes } from '../resources/on-nodes.ts';
import type { BashApp, BashResult, Known } from '../types/call-types.ts';
import { createApp } from './app.ts';
import { type AppBody, type AppEntry, registerFunction } from './app-entry.ts';
import { requireBody } from './body.ts';
import type { Ignored } from './failure-policy.ts';
import { MPI_LAUNCH } from './mpi-launch.ts';
import { type AppOptions, type CompiledAppOptions, compileAppOptions } from './options.ts';

type Command = string | Promise<string>;

/**
 * @param body returns the command of the program: `./simulate --steps 10`, or sh`…`. It is one program with its arguments: what stands
 * behind a `;` or a `&&` would run on one node alone.
 * @param options as those of bashApp. `resources` says how many `nodes` (default 1), `ranksPerNode` (default: as many as a node has cores
 * for), `threadsPerRank`, `gpusPerRank`, `cpuBind`.
 * @throws DefinitionError if `body` is no function; InvalidOptionError.
 * @example
 * const simulate = mpiApp((steps: number) => sh`./simulate --steps ${steps}`, { resources: { nodes: 4, ranksPerNode: 16 } });
 */
export function mpiApp<P extends readonly unknown[], const O extends AppOptions = Record<never, never>>(
  body: (...args: P) => Command,
  options?: Known<O>,
): BashApp<P, BashResult<O>, Ignored<O>> {
  const compiled = compileAppOptions(options, 'bash', requireBody(body, 'mpiApp'));
  const fn = registerFunction({ kind: 'bash', name: compiled.name });
  const withOptions = (changed: CompiledAppOptions): AppEntry => ({
    kind: 'bash',
    options: { ...changed, resources: onNodes(changed.resources) },
    fn,
    body: body as AppBody,
    prefix: MPI_LAUNCH,
  });
  return createApp({ entry: withOptions(compiled), rebuild: withOptions }) as unknown as BashApp<P, BashResult<O>, Ignored<O>>;
}
