import { expect } from 'chai';
import { Outbox } from '../../../executors/high-throughput/outbox.ts';
import { GENERATION } from '../../../executors/high-throughput/resources/request-numbers.ts';
import { FRAME_HEADER_BYTES, FrameType } from '../../../lib/wire/frames.ts';
import type { TryRequest } from '../../../lib/executor.ts';
import { recordEnd, requestIdAt } from '../../../lib/wire/records.ts';
import { variantOf } from '../../support/resources.ts';

const [fn, nothing] = [{ fnId: 1, name: 'f', definition: Buffer.alloc(0) }, Buffer.alloc(0)];
const task = (taskId: number, more: Partial<TryRequest>): TryRequest => {
  return { taskId, tryNumber: 1, fn, flags: 0, priority: 0, resources: undefined, context: nothing, args: nothing, ...more };
};

describe('what goes to the interchange', () => {
  it('takes no memory for every priority that there has been', () => {
    const outbox = new Outbox({ send: () => undefined, sendTasks: () => undefined }, 0, () => undefined);
    const before = process.memoryUsage().arrayBuffers;
    for (let priority = 0; priority < 8000; priority++) {
      outbox.add(task(priority, { priority }));
      outbox.flush();
    }
    // 64 KiB each would be 500 MiB; what is garbage counts until it is collected.
    expect((process.memoryUsage().arrayBuffers - before) / 2 ** 20).to.be.below(250);
  });

  it('names no request of a generation that is over', () => {
    const named: number[] = [];
    let defined = 0;
    const outbox = new Outbox(
      {
        send: (type, id) => {
          if (type === FrameType.DefineRequest) defined = Buffer.from(id as Uint8Array).readUInt32LE(0);
        },
        sendTasks: (frame) => {
          for (let at = FRAME_HEADER_BYTES + 2; at < frame.length; at = recordEnd(frame, at)) {
            if (defined > GENERATION) named.push(requestIdAt(frame, at));
          }
        },
      },
      0,
      () => undefined,
    );
    for (let taskId = 1; taskId <= GENERATION + 10; taskId++) {
      const resources = { variants: [variantOf({ memoryBytes: taskId })] };
      outbox.add(task(taskId, { resources }));
    }
    outbox.flush();
    expect(named).to.deep.equal(Array.from({ length: 10 }, (_, i) => GENERATION + 1 + i));
  });
});
