/**
 * What another driver has to know to take over, as it is now.
 */
import { identify } from '../../lib/process-identity.ts';
import type { Blocks } from '../blocks/blocks.ts';
import type { DurableState } from './durable-state.ts';
import type { InterchangeKeeper } from './interchange-keeper.ts';
import type { KnownManager } from './managers.ts';
import type { PeerSettingsSource } from './peer-settings.ts';
import type { TakeOver } from './take-over.ts';

export function describeState(
  { keys }: PeerSettingsSource,
  { from, generation, expected }: TakeOver,
  managers: readonly KnownManager[],
  interchange: InterchangeKeeper,
  blocks: Blocks,
): DurableState {
  const awaited = [...expected].map(([managerId, blockId]) => ({ managerId, blockId }));
  return {
    port: interchange.port || (from?.port ?? 0),
    keys: keys ?? null,
    interchange: interchange.identity ?? from?.interchange ?? identify(0),
    managers: [...awaited, ...managers.map(({ managerId, blockId }) => ({ managerId, blockId }))],
    blocks: blocks.jobs,
    spentNodeMs: blocks.spentNodeMs,
    generation,
  };
}
