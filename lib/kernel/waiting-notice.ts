/** What a person is told when the script has come to its end and tasks have not. */
import { kernelChannel } from './channels.ts';

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
  return [`flotilla: ${what}:\n`, ...tasks.slice(0, SHOWN).map(({ taskId }) => `  ${explain(taskId)}\n`)].join('');
}
