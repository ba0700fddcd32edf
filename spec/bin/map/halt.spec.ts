import { expect } from 'chai';
import { HaltJudge, parseHalt } from '../../../bin/map/halt.ts';
import { UsageError } from '../../../bin/usage-error.ts';

describe('--halt', () => {
  const rows: [string, ReturnType<typeof parseHalt>][] = [
    ['never', undefined],
    ['0', undefined],
    ['now,fail=1', { when: 'now', what: 'fail', count: 1, percent: false }],
    ['soon,success=10%', { when: 'soon', what: 'success', count: 10, percent: true }],
    ['now,done=3', { when: 'now', what: 'done', count: 3, percent: false }],
    ['2', { when: 'now', what: 'fail', count: 1, percent: false }],
    ['-1', { when: 'soon', what: 'success', count: 1, percent: false }],
    ['20%', { when: 'soon', what: 'fail', count: 20, percent: true }],
  ];
  for (const [text, rule] of rows) it(`understands ${text}`, () => expect(parseHalt(text)).to.deep.equal(rule));
  for (const text of ['later,fail=1', 'now', 'now,fail', 'now,fail=x', 'soon,errors=1', 'now,fail=1x'])
    it(`refuses ${text}`, () => expect(() => parseHalt(text)).to.throw(UsageError, `--halt ${text}: expected never`));

  it('stops at the job that is one too many, with what it was told to', () => {
    const judge = new HaltJudge(parseHalt('soon,fail=2'), 0);
    const ends = [0, 1, 0, 4].map((exitCode) => judge.ended({ exitCode, signal: 0 }));
    expect(ends).to.deep.equal(['continue', 'continue', 'continue', 'soon']);
    expect(judge.exitCode).to.equal(2);
  });

  it('keeps the exit code of the job that stopped it', () => {
    const judge = new HaltJudge(parseHalt('soon,fail=1'), 0);
    for (const exitCode of [7, 9]) judge.ended({ exitCode, signal: 0 });
    expect(judge.exitCode).to.equal(7);
  });

  it('counts failed jobs up to 101 where nothing stops it', () => {
    const judge = new HaltJudge(undefined, 0);
    for (let i = 0; i < 500; i++) expect(judge.ended({ exitCode: 0, signal: 9 })).to.equal('continue');
    expect(judge.exitCode).to.equal(101);
  });
});
