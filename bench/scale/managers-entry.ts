/**
 * A process that holds many simulated managers: one block. Arguments: the settings file of the executor's managers, how many there are, how
 * many slots each has, and a folder: it makes a file there when it could begin, and begins when there is one that is called `go`.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { context } from 'zeromq';
import { awaitSettings } from '../../executors/high-throughput/manager/settings.ts';
import { PretendedTime } from './pretended-slots.ts';
import { SimulatedManager } from './simulated-manager.ts';

const POLL_MS = 2;
/** A dealer, and the two ends by which its connections are watched. */
const SOCKETS_PER_MANAGER = 3;
const SETTINGS_TIMEOUT_MS = 60_000;

const [settingsPath = '', managerCount = '', slots = '', folder = ''] = process.argv.slice(2);
const count = Number(managerCount);
const blockId = process.env['FLOTILLA_BLOCK_ID'] ?? '';
context.maxSockets = SOCKETS_PER_MANAGER * count + 64;
const settings = await awaitSettings(settingsPath, SETTINGS_TIMEOUT_MS);

writeFileSync(join(folder, `ready-${blockId}`), '');
while (!existsSync(join(folder, 'go'))) await delay(POLL_MS);

const time = new PretendedTime();
let left = count;
await Promise.all(
  Array.from({ length: count }, (_, number) =>
    new SimulatedManager({ settings, blockId, number, slots: Number(slots), time, ended })
      .start()
      .catch((error: Error) => ended(error.message)),
  ),
);

/** The process stays until the last one has gone. */
function ended(reason: string): void {
  if (reason !== 'the driver is done') console.error(`a simulated manager ended: ${reason}`);
  if (--left === 0) time.stop();
}
