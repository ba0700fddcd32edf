/** Half a minute and more: connections to the interchange's port that never finish their handshake. */
import type { Socket } from 'node:net';
import { TestDriver } from '../executors/high-throughput/interchange/support/test-driver.ts';
import { eventually } from '../support/eventually.ts';
import { descriptorsOf, hold, recordHandshake } from './strangers.ts';

describe('a connection that does not finish its handshake', function () {
  this.timeout(120_000);

  it('is given up after half a minute, with its descriptor', async () => {
    const driver = await TestDriver.start();
    const held: Socket[] = [];
    try {
      const handshake = await recordHandshake(driver.port, driver.keys);
      const pid = driver.process.pid as number;
      const before = descriptorsOf(pid);
      for (let i = 0; i < 100; i++) held.push(await hold(driver.port, handshake.subarray(0, 2 * i)));
      await eventually('their descriptors', () => descriptorsOf(pid) > before + 90);
      await eventually('the end of them', () => descriptorsOf(pid) <= before + 2, 90_000);
    } finally {
      for (const socket of held) socket.destroy();
      await driver.close();
    }
  });
});
