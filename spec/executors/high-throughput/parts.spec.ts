import { expect } from 'chai';
import { desertedLimitMs } from '../../../executors/high-throughput/parts.ts';

describe('a block whose managers are lost', () => {
  for (const [thresholdMs, limitMs] of [
    [1200, 5000],
    [4000, 5000],
    [12_000, 12_000],
    [120_000, 30_000],
  ] as const) {
    it(`is kept for ${limitMs / 1000} s at a threshold of ${thresholdMs / 1000} s`, () =>
      expect(desertedLimitMs(thresholdMs)).to.equal(limitMs));
  }
});
