/**
 * Makes ready what a granted task finds when it starts: its CPUs, its environment, and the file that lists its hosts.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { CAN_PIN } from '../../workers/worker-argv.ts';
import type { Grant } from '../resources/grant.ts';
import { grantEnv } from '../resources/grant-env.ts';
import type { PreparedSlot } from './granted-slots.ts';

export interface SlotPlace {
  /** Names of the node's accelerators. */
  readonly gpus: readonly string[];
  /** Where a list of hosts may be written. */
  readonly hostFile: string;
}

export function prepareSlot(grant: Grant, { gpus, hostFile }: SlotPlace): PreparedSlot {
  const env = grantEnv(grant, gpus);
  const { nodes } = grant;
  if (nodes === undefined) return { cpus: cpusOf(grant), env, once: false, release: () => undefined };
  writeFileSync(hostFile, nodes.map(({ host }) => `${host}\n`).join(''));
  return { cpus: undefined, env: { ...env, FLOTILLA_HOSTFILE: hostFile }, once: true, release: () => rmSync(hostFile, { force: true }) };
}

/** Where nothing can bind it, it is told its CPUs all the same. */
const cpusOf = ({ cpus }: Grant): number[] | undefined => (CAN_PIN && cpus.length > 0 ? cpus.map(([cpu]) => cpu) : undefined);
