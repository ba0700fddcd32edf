/** What a person is told when tasks are waited for: when the script has come to its end, and when nothing goes on. */
import { onOneLine } from '../errors/message-parts.ts';
import { kernelChannel, logChannel } from './channels.ts';

const SHOWN = 3;

interface Waiting {
  readonly taskId: number;
  /** Why it is being cancelled; undefined: it is not. */
  readonly cancelReason: string | undefined;
}

export function noticeWaiting(runDir: string, tasks: readonly Waiting[], explain: (taskId: number) => string): void {
  kernelChannel.publish({ state: 'waiting', runDir });
  process.stderr.write(waitingNotice(tasks, explain));
}

export function waitingNotice(tasks: readonly Waiting[], explain: (taskId: number) => string): string {
  const isCancelling = tasks.every(({ cancelReason }) => cancelReason !== undefined);
  const what = isCancelling
    ? `${tasks.length} cancelled task(s) have not ended yet`
    : `waiting for ${tasks.length} task(s) before closing; Ctrl-C cancels them`;
  return describe(what, tasks, explain);
}

/** Nothing is at an executor, and nothing has happened for a while. */
export function noticeStall(tasks: readonly Waiting[], explain: (taskId: number) => string): void {
  const message = describe(`nothing runs, and ${tasks.length} task(s) wait`, tasks, explain);
  logChannel.publish({ executor: '-', level: 'warn', message: message.trimEnd() });
  process.stderr.write(message);
}

const describe = (what: string, tasks: readonly Waiting[], explain: (taskId: number) => string): string =>
  [`flotilla: ${what}:\n`, ...tasks.slice(0, SHOWN).map(({ taskId }) => `  ${onOneLine(explain(taskId))}\n`)].join('');
