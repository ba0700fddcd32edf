/** Where things lie on another machine, from the folder that the provider's scriptDir names there. Pure. */
import { posix } from 'node:path';
import { NODE_IN_BUNDLE } from '../../../lib/bundle/launcher.ts';
import { inJobName } from '../../../lib/provider.ts';
import { quoteForShell } from '../../../providers/shell-quote.ts';
import { FORWARDER_NODE_OPTIONS } from '../node-options.ts';

const MANAGER = 'executors/high-throughput/manager/manager-entry.js';
const RELAY = 'executors/high-throughput/remote/relay-entry.js';

export const nodeIn = (bundle: string): string => posix.join(bundle, NODE_IN_BUNDLE);
export const bundlesIn = (folder: string): string => posix.join(folder, 'bundles');
export const runDirIn = (folder: string, runId: string, label: string): string =>
  posix.join(folder, 'runs', inJobName(runId), inJobName(label));
export const settingsIn = (runDir: string): string => posix.join(runDir, 'keys', 'manager.json');
export const relayIn = (bundle: string): string => programIn(bundle, RELAY);

/** For the launcher there. */
export function managerCommandIn(bundle: string, runDir: string): string {
  const argv = [nodeIn(bundle), ...FORWARDER_NODE_OPTIONS, programIn(bundle, MANAGER), settingsIn(runDir)];
  return argv.map(quoteForShell).join(' ');
}

const programIn = (bundle: string, path: string): string => posix.join(bundle, 'node_modules/flotilla/dist', path);
