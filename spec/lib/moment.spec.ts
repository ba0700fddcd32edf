import { expect } from 'chai';
import { holdMoment, momentNow, releaseMoment } from '../../lib/moment.ts';

/** Until the clock has gone on. */
function waste(): void {
  for (const begin = performance.now(); performance.now() === begin; );
}

describe('a moment', () => {
  afterEach(() => releaseMoment());

  it('has one time while it is held, and that of its first reading', () => {
    holdMoment();
    waste();
    const before = performance.now();
    const first = momentNow();
    expect(first).to.be.at.least(before);
    waste();
    expect(momentNow()).to.equal(first);
  });

  it('ends when it is let go, and when another begins', () => {
    const readings = [momentNow()];
    for (const next of [holdMoment, holdMoment, releaseMoment, releaseMoment]) {
      next();
      waste();
      readings.push(momentNow());
    }
    expect(
      [...new Set(readings)].sort((a, b) => a - b),
      'all different, in order',
    ).to.deep.equal(readings);
  });

  it('is over for whoever held one around another', () => {
    holdMoment();
    const outer = momentNow();
    holdMoment();
    releaseMoment();
    waste();
    expect(momentNow()).to.be.above(outer);
  });
});
