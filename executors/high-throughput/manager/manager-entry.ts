/**
 * A manager's process: one per node of a block. Argument: the settings file.
 */
import { readNodeFacts } from '../node-facts.ts';
import { planCapacity } from '../resources/plan-capacity.ts';
import { planSlots } from '../slots.ts';
import { Manager, type NodePlan } from './manager.ts';
import { complain } from './output.ts';
import { awaitSettings, type ManagerSettings } from './settings.ts';

/** An interchange that takes longer has failed to start, and the driver ends this block. */
const SETTINGS_TIMEOUT_MS = 30_000;

async function main(settingsPath: string): Promise<void> {
  const settings = await awaitSettings(settingsPath, SETTINGS_TIMEOUT_MS);
  await new Manager(settings, plan(settings), process.env.FLOTILLA_BLOCK_ID ?? '').start();
}

function plan(settings: ManagerSettings): NodePlan {
  const request = {
    ...readNodeFacts(),
    coresPerWorker: settings.coresPerWorker,
    memPerWorkerBytes: settings.memPerWorkerBytes ?? undefined,
    maxWorkersPerNode: settings.maxWorkersPerNode ?? Number.POSITIVE_INFINITY,
    accelerators: settings.accelerators,
    cpuAffinity: settings.cpuAffinity,
    custom: settings.resources,
  };
  const slots = planSlots(request);
  return { slots, capacity: planCapacity(request, slots) };
}

main(process.argv[2] ?? '').catch((error: unknown) => {
  complain(error instanceof Error ? error.message : String(error));
  if (process.env.FLOTILLA_DEBUG) console.error(error);
  process.exit(1);
});
