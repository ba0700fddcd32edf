/**
 * What keeps tasks from being begun though there are workers: managers that fail everything, and a driver that wants nothing begun.
 * Tells people.
 */
import { formatDuration } from '../../lib/duration.ts';
import type { ManagerNews } from './manager-news.ts';
import type { KnownManagers } from './managers.ts';
import type { Quarantined, Released } from './reports.ts';

type Say = (level: 'warn' | 'error', message: string) => void;

export class Hindrances {
  readonly #label: string;
  readonly #managers: KnownManagers;
  readonly #news: ManagerNews;
  readonly #say: Say;
  /** Why nothing is to be begun. */
  paused: string | undefined;

  constructor(label: string, managers: KnownManagers, news: ManagerNews, say: Say) {
    this.#label = label;
    this.#managers = managers;
    this.#news = news;
    this.#say = say;
  }

  refused(message: string): void {
    this.#managers.refusal = message;
    this.#say('error', `a manager was refused: ${message}`);
    this.#news.refused(message);
  }

  /** People have to know: it is work that is not done, and perhaps a node that is broken. */
  quarantined(manager: Quarantined): void {
    this.#managers.quarantined.add(manager.index);
    this.#news.quarantined(manager);
    const { managerId, host, blockId, failures, forMs } = manager;
    const message =
      `manager ${managerId} on ${host} (block ${blockId}) has failed ${failures} tasks in a row whose apps work elsewhere: ` +
      `it is given none for ${formatDuration(forMs)}`;
    this.#say('error', message);
    process.stderr.write(`flotilla: executor '${this.#label}': ${message}\n`);
  }

  released(manager: Released): void {
    this.#managers.quarantined.delete(manager.index);
    this.#news.released(manager);
    this.#say('warn', `manager ${manager.managerId} on ${manager.host} is given a task again, to see: ${manager.reason}`);
  }
}
