/** Where managers find what they must know, once there is an interchange. */
import { managerSettings, type PeerSettingsSource } from './peer-settings.ts';
import { writeSettings } from './manager/settings.ts';

/** @param paths of the settings where this machine's disks are seen. @throws ExecutorFailed when a relay is needed and cannot be started. */
export async function publishSettings(paths: readonly string[], peers: PeerSettingsSource, port: number): Promise<void> {
  if (peers.site !== undefined) return peers.site.connect(port, (relay) => managerSettings(peers, port, relay));
  const settings = managerSettings(peers, port);
  for (const path of paths) writeSettings(path, settings);
}
