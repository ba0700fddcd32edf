/**
 * A manager's process: one per node of a block. Argument: the settings file.
 */
import { readNodeFacts } from '../node-facts.ts';
import { LEAST_OPEN_FILES, OPEN_FILES_PER_WORKER, tooFewOpenFiles } from '../open-files.ts';
import { planCapacity } from '../resources/plan-capacity.ts';
import { planSlots } from '../slots.ts';
import { Manager, type NodePlan } from './manager.ts';
import { complain } from './output.ts';
import { awaitSettings, type ManagerSettings } from './settings.ts';

/** An interchange that takes longer has failed to start, and the driver ends this block. */
const SETTINGS_TIMEOUT_MS = 30_000;

/** There is nothing to leave in order yet, and no folder that would stay behind. */
const endNow = (): void => process.exit(143);

async function main(settingsPath: string): Promise<void> {
  process.on('SIGTERM', endNow);
  const settings = await awaitSettings(settingsPath, SETTINGS_TIMEOUT_MS);
  const node = plan(settings);
  const tooFew = tooFewOpenFiles(LEAST_OPEN_FILES + OPEN_FILES_PER_WORKER * node.slots.length);
  if (tooFew !== undefined) throw new Error(`${tooFew}, or fewer workers (maxWorkersPerNode)`);
  const started = new Manager(settings, node, process.env.FLOTILLA_BLOCK_ID ?? '').start();
  // It listens itself by now. In between a signal would have met nobody, and its scratch folder would be left.
  process.off('SIGTERM', endNow);
  await started;
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
