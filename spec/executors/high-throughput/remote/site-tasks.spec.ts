import { expect } from 'chai';
import { SiteTasks } from '../../../../executors/high-throughput/remote/site-tasks.ts';
import type { RemoteSite } from '../../../../executors/high-throughput/remote/site.ts';
import type { ExecutorEvents, TryOutcome } from '../../../../lib/executor.ts';
import { unpackWireError } from '../../../../lib/errors/index.ts';
import { ResultStatus } from '../../../../lib/wire/records.ts';
import { encodeStored, encodeValue } from '../../../../lib/wire/value-codec.ts';

describe('results from another machine', () => {
  const ended: TryOutcome[] = [];
  const events = { tryEnded: (outcome: TryOutcome) => void ended.push(outcome) } as unknown as ExecutorEvents;
  const tasks = new SiteTasks({ name: 'me@far' } as RemoteSite, events);
  const outcome = { taskId: 1, tryNumber: 1, status: ResultStatus.Ok, host: 'n', worker: '0', startMs: 0, durationUs: 1 };

  it('are passed on as they are', () => {
    tasks.ended({ ...outcome, body: encodeValue(7) });
    expect(ended.pop()).to.deep.equal({ ...outcome, body: encodeValue(7) });
  });

  it('fail when they name a file, which would be one of this machine', () => {
    tasks.ended({ ...outcome, body: encodeStored({ store: 'file', key: '/home/me/.ssh/id_ed25519', size: 400 }) });
    const told = ended.pop();
    expect(told?.status).to.equal(ResultStatus.Failed);
    expect(unpackWireError(told?.body ?? Buffer.alloc(0))).to.include({ kind: 'serialization' });
  });
});
