/** What a person is told when the script has come to its end and tasks have not. */
import { kernelChannel } from './channels.ts';

const SHOWN = 3;

export function noticeWaiting(runDir: string, taskIds: readonly number[], explain: (taskId: number) => string): void {
  kernelChannel.publish({ state: 'waiting', runDir });
  const some = taskIds.slice(0, SHOWN).map((taskId) => `  ${explain(taskId)}\n`);
  process.stderr.write(`flotilla: waiting for ${taskIds.length} task(s) before closing; Ctrl-C cancels them:\n${some.join('')}`);
}
