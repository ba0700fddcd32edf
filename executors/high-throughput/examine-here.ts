/**
 * Whether this machine can give what an executor plans for its workers, where its blocks run here: found out before anything is started.
 */
import type { CompiledHighThroughput } from './compiled.ts';
import { readNodeFacts, type NodeFacts } from './node-facts.ts';
import { SlotPlanError } from './slot-plan-error.ts';
import { planSlots } from './slots.ts';

type Planned = Pick<
  CompiledHighThroughput,
  'provider' | 'coresPerWorker' | 'memPerWorkerBytes' | 'maxWorkersPerNode' | 'accelerators' | 'cpuAffinity'
>;

/** @returns why it cannot; undefined: it can, or the blocks run elsewhere. */
export function examineHere(compiled: Planned, facts: NodeFacts = readNodeFacts()): string | undefined {
  const { provider, coresPerWorker, memPerWorkerBytes, maxWorkersPerNode, accelerators, cpuAffinity } = compiled;
  if (!provider.isLocal) return undefined;
  try {
    planSlots({ ...facts, coresPerWorker, memPerWorkerBytes, maxWorkersPerNode, accelerators, cpuAffinity });
    return undefined;
  } catch (error) {
    if (error instanceof SlotPlanError) return error.message;
    throw error;
  }
}
