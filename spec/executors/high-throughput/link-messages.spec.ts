import { expect } from 'chai';
import {
  decodeFromManager,
  decodeToManager,
  encodeFromManager,
  encodeToManager,
} from '../../../executors/high-throughput/link-messages.ts';
import { FrameType } from '../../../lib/wire/frames.ts';

const LARGE = 20_000;

describe('messages between interchange and manager', () => {
  const rows: { title: string; sizes: number[]; messageParts: number }[] = [
    { title: 'nothing', sizes: [], messageParts: 1 },
    { title: 'one small part', sizes: [10], messageParts: 1 },
    { title: 'many small parts, joined', sizes: [10, 20, 30], messageParts: 1 },
    { title: 'one large part', sizes: [LARGE], messageParts: 2 },
    { title: 'large and small parts', sizes: [10, LARGE, 20, 30, LARGE, LARGE], messageParts: 5 },
  ];
  for (const { title, sizes, messageParts } of rows) {
    it(`carry ${title}, in ${messageParts} part(s)`, () => {
      const parts = sizes.map((size, i) => Buffer.alloc(size, i + 1));
      const toManager = encodeToManager(FrameType.Tasks, 0xfffffffe, 7, parts);
      expect(toManager).to.have.length(messageParts);
      const decoded = decodeToManager(toManager);
      expect(decoded).to.include({ type: FrameType.Tasks, number: 0xfffffffe, acknowledged: 7 });
      expect(Buffer.concat(decoded?.parts ?? []).equals(Buffer.concat(parts))).to.equal(true);
      const fromManager = decodeFromManager(encodeFromManager(FrameType.Results, 9, parts));
      expect(fromManager).to.include({ type: FrameType.Results, sequence: 9 });
      expect(Buffer.concat(fromManager?.parts ?? []).equals(Buffer.concat(parts))).to.equal(true);
    });
  }

  it('do not copy large parts', () => {
    const large = Buffer.alloc(LARGE);
    expect(encodeToManager(FrameType.Tasks, 1, 0, [large])[1]).to.equal(large);
  });

  it('are not made of fewer bytes than their header has', () => {
    expect(decodeToManager([Buffer.alloc(8)])).to.equal(undefined);
    expect(decodeFromManager([Buffer.alloc(4)])).to.equal(undefined);
    expect(decodeFromManager([])).to.equal(undefined);
  });
});
