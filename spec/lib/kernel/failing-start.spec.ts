import { expect } from 'chai';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Config, HighThroughputExecutor, load } from '../../../index.ts';

describe('a start that fails', () => {
  it('leaves the run directory where an executor has begun: what is wrong may be read there', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'flotilla-failing-start-'));
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port: workerPort } = server.address() as { port: number };
    const config = new Config({
      runDir: join(folder, 'runinfo'),
      executors: [new HighThroughputExecutor({ label: 'crowded', workerPort })],
    });
    const error: unknown = await load(config).catch((caught: unknown) => caught);
    server.close();
    expect(error).to.have.property('code', 'FLOTILLA_EXECUTOR_FAILED');
    expect(await readdir(join(folder, 'runinfo/000'))).to.include.members(['crowded', 'events.log']);
    await rm(folder, { recursive: true });
  });
});
