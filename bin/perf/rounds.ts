/**
 * Rounds of tasks, each of twice as many as the one before, until one takes the target time.
 */

export interface Round {
  readonly tasks: number;
  /** From the first call to the last call, and to the last result. */
  readonly callSeconds: number;
  readonly seconds: number;
  readonly tasksPerSecond: number;
}

export interface RoundOptions {
  /** Of the first round. */
  readonly tasks: number;
  readonly targetSeconds: number;
  readonly nowMs: () => number;
}

/** Yields each round when it has ended. Rejects with the error of a task that failed. */
export async function* runRounds(app: () => PromiseLike<unknown>, { tasks, targetSeconds, nowMs }: RoundOptions): AsyncGenerator<Round> {
  for (let count = tasks; ; count *= 2) {
    const round = await runRound(app, count, nowMs);
    yield round;
    if (round.seconds >= targetSeconds) return;
  }
}

async function runRound(app: () => PromiseLike<unknown>, tasks: number, nowMs: () => number): Promise<Round> {
  const begin = nowMs();
  const futures: PromiseLike<unknown>[] = [];
  for (let i = 0; i < tasks; i++) futures.push(app());
  const called = nowMs();
  await Promise.all(futures);
  const seconds = (nowMs() - begin) / 1000;
  return { tasks, callSeconds: (called - begin) / 1000, seconds, tasksPerSecond: tasks / seconds };
}
