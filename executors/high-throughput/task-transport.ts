/** How tries get to managers and their outcomes back: as they are, where both see the same disks, or by way of another machine. */
import type { ExecutorEvents, TryOutcome, TryRequest } from '../../lib/executor.ts';
import { SiteTasks } from './remote/site-tasks.ts';
import type { RemoteSite } from './remote/site.ts';

export interface TaskTransport {
  /** @returns what is to be sent; undefined when it cannot be, which is told as its outcome. */
  send(request: TryRequest): TryRequest | undefined;
  /** Tells the outcome, perhaps later. */
  ended(outcome: TryOutcome): void;
  /** What more there is to say of why nothing runs; '' or a clause that begins with '; '. */
  explain(): string;
  close(): Promise<void>;
}

export function transportTo(site: RemoteSite | undefined, events: ExecutorEvents): TaskTransport {
  if (site !== undefined) return new SiteTasks(site, events);
  return {
    send: (request) => request,
    ended: (outcome) => events.tryEnded(outcome),
    explain: () => '',
    close: async () => undefined,
  };
}
