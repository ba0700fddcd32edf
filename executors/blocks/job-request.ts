/** A block as the job that a provider is asked for. Pure. */
import { join } from 'node:path';
import { inJobName, type JobRequest, type ProviderDescription, runTag } from '../../lib/provider.ts';
import type { BlockId } from './scaler-types.ts';

export interface BlockRequest {
  readonly runId: string;
  /** The executor's. */
  readonly label: string;
  readonly blockId: BlockId;
  readonly provider: ProviderDescription;
  /** What starts a manager on one node. */
  readonly command: string;
  readonly env: Readonly<Record<string, string>>;
}

/** @throws what the launcher throws. */
export function requestJob({ runId, label, blockId, provider, command, env }: BlockRequest): JobRequest {
  return {
    name: `${runTag(runId)}${inJobName(label)}-${blockId}`,
    command: provider.launcher.wrap(command, provider.limits.nodesPerBlock, 1),
    env: { ...env, FLOTILLA_BLOCK_ID: blockId },
  };
}

/** Where the scripts and the output of an executor's blocks are. */
export const scriptDirOf = (runDir: string, label: string): string => join(runDir, 'blocks', inJobName(label));
