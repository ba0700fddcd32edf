import { expect } from 'chai';
import { Outbox } from '../../../executors/high-throughput/outbox.ts';
import { GENERATION } from '../../../executors/high-throughput/resources/request-numbers.ts';
import { FRAME_HEADER_BYTES, FrameType } from '../../../lib/wire/frames.ts';
import { recordEnd, requestIdAt } from '../../../lib/wire/records.ts';
import { variantOf } from '../../support/resources.ts';

describe('what goes to the interchange', () => {
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
    const [fn, nothing] = [{ fnId: 1, name: 'f', definition: Buffer.alloc(0) }, Buffer.alloc(0)];
    for (let taskId = 1; taskId <= GENERATION + 10; taskId++) {
      const resources = { variants: [variantOf({ memoryBytes: taskId })] };
      outbox.add({ taskId, tryNumber: 1, fn, flags: 0, priority: 0, resources, context: nothing, args: nothing });
    }
    outbox.flush();
    expect(named).to.deep.equal(Array.from({ length: 10 }, (_, i) => GENERATION + 1 + i));
  });
});
