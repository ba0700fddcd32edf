import { expect } from 'chai';
import { logChannel } from '../../../lib/kernel/channels.ts';
import { noticeStall, waitingNotice } from '../../../lib/kernel/waiting-notice.ts';
import { stderrOf } from '../../support/streams.ts';

const explain = (taskId: number): string => `task ${taskId} waits`;
const waiting = (count: number, cancelReason?: string) => Array.from({ length: count }, (_, i) => ({ taskId: i + 1, cancelReason }));

describe('what is said of tasks when a script has ended', () => {
  it('counts those that it waits for, explains some, and says how to end them', () => {
    expect(waitingNotice(waiting(5), explain)).to.equal(
      'flotilla: waiting for 5 task(s) before closing; Ctrl-C cancels them:\n  task 1 waits\n  task 2 waits\n  task 3 waits\n',
    );
  });

  it('does not offer to cancel what is cancelled', () => {
    expect(waitingNotice(waiting(1, 'enough'), explain)).to.equal('flotilla: 1 cancelled task(s) have not ended yet:\n  task 1 waits\n');
    expect(waitingNotice([...waiting(1, 'enough'), ...waiting(1)], explain)).to.contain('waiting for 2 task(s)');
  });
});

describe('what is said when nothing goes on', () => {
  it('is on stderr and in the log: how many wait, and some of them', () => {
    const logged: string[] = [];
    const listen = (message: unknown): void => void logged.push((message as { message: string }).message);
    logChannel.subscribe(listen);
    const text = stderrOf(() => noticeStall(waiting(4), explain));
    logChannel.unsubscribe(listen);
    expect(text).to.equal('flotilla: nothing runs, and 4 task(s) wait:\n  task 1 waits\n  task 2 waits\n  task 3 waits\n');
    expect(logged).to.deep.equal([text.trimEnd()]);
  });
});
