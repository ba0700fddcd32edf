import { expect } from 'chai';
import { formatDuration, parseDuration } from '../../lib/duration.ts';

describe('parseDuration', () => {
  const rows: [string, number][] = [
    ['90s', 90_000],
    ['30m', 1_800_000],
    ['1h30m', 5_400_000],
    ['01:30:00', 5_400_000],
    ['100:00:00', 360_000_000],
    ['250ms', 250],
    ['1.5h', 5_400_000],
    ['2d', 172_800_000],
    ['1h 30m', 5_400_000],
    ['0s', 0],
  ];
  for (const [text, ms] of rows) it(`reads ${text} as ${ms} ms`, () => expect(parseDuration(text)).to.equal(ms));

  const refused: [string, RegExp][] = [
    ['30', /"30" is not a duration.*write '30s'/],
    ['10:30', /write '00:10:30' or '10:30:00'/],
    ['', /is not a duration/],
    ['30m1h', /is not a duration/],
    ['-5s', /is not a duration/],
    ['soon', /write it as '90s', '30m', '1h30m' or '01:30:00'/],
    ['01:75:00', /is not a duration/],
    ['99999999999999d', /too long/],
  ];
  for (const [text, message] of refused)
    it(`refuses ${JSON.stringify(text)}`, () => expect(() => parseDuration(text)).to.throw(RangeError, message));
});

describe('a duration for people', () => {
  const rows: [ms: number, text: string][] = [
    [0, '0s'],
    [440, '0.4s'],
    [9500, '9.5s'],
    [59_600, '1m'],
    [90_000, '1m 30s'],
    [3_570_000, '59m 30s'],
    [3_600_000, '1h'],
    [3_605_000, '1h'],
    [7_500_000, '2h 5m'],
    [90_000_000, '1d 1h'],
    [Number.POSITIVE_INFINITY, 'any time'],
  ];
  for (const [ms, text] of rows) it(`of ${ms} ms is ${text}`, () => expect(formatDuration(ms)).to.equal(text));
});
