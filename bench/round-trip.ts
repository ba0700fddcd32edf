/**
 * How long does one call take from call to result, when nothing else is under way? Beside it, in the same run and taking turns:
 * what the hops on its way take by themselves. They are a Unix socket to the interchange, ZeroMQ with CURVE on another to the manager, and a
 * Unix socket to the worker, there and back: each timed alone, and all of them as one chain of processes that do nothing else. And what
 * ZeroMQ takes on TCP.
 *
 *   npx node bench/round-trip.ts [calls] [calls to warm up]
 */
import { jsApp } from '../index.ts';
import { startChain } from './measure/raw-chain.ts';
import { startHops } from './measure/raw-hops.ts';
import { countArgument, printReport } from './measure/report.ts';
import { median, percentile, rounded } from './measure/statistics.ts';
import { withTwoWorkers } from './measure/two-workers.ts';

const TURN = 250;
const calls = countArgument(0, 5000);
const warmUp = countArgument(1, 5000);

const noop = jsApp(() => undefined);

async function timeTurn(call: () => PromiseLike<unknown>, into: number[], count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const begin = performance.now();
    await call();
    into.push((performance.now() - begin) * 1000);
  }
}

const times = { flotilla: [] as number[], chain: [] as number[], unix: [] as number[], zeromq: [] as number[], zeromqTcp: [] as number[] };

await withTwoWorkers(async () => {
  await using hops = await startHops();
  await using chain = await startChain();
  const ways = { flotilla: () => noop(), chain: chain.pass, unix: hops.unix, zeromq: hops.zeromq, zeromqTcp: hops.zeromqTcp };
  const names = Object.keys(ways) as (keyof typeof ways)[];
  for (const name of names) await timeTurn(ways[name], [], warmUp);
  for (let done = 0; done < calls; done += TURN) {
    for (const name of names) await timeTurn(ways[name], times[name], Math.min(TURN, calls - done));
  }
});

/** Of the calls that nothing else on the machine came between. */
const undisturbed = (values: readonly number[]): number => percentile(values, 0.05);
const hopsMicroseconds = 2 * median(times.unix) + median(times.zeromq);
const undisturbedHops = 2 * undisturbed(times.unix) + undisturbed(times.zeromq);
printReport('round-trip', 'microseconds from call to result, one at a time, warm; and what the bare hops take', {
  calls,
  warmUp,
  medianMicroseconds: rounded(median(times.flotilla)),
  p99Microseconds: rounded(percentile(times.flotilla, 0.99)),
  unixSocketMicroseconds: rounded(median(times.unix)),
  zeromqCurveMicroseconds: rounded(median(times.zeromq)),
  zeromqCurveOnTcpMicroseconds: rounded(median(times.zeromqTcp)),
  bareHopsMicroseconds: rounded(hopsMicroseconds),
  bareChainMicroseconds: rounded(median(times.chain)),
  medianToBareHops: rounded(median(times.flotilla) / hopsMicroseconds),
  p5Microseconds: rounded(undisturbed(times.flotilla)),
  p5BareHopsMicroseconds: rounded(undisturbedHops),
  p5BareChainMicroseconds: rounded(undisturbed(times.chain)),
  p5ToBareHops: rounded(undisturbed(times.flotilla) / undisturbedHops),
  medianToBareChain: rounded(median(times.flotilla) / median(times.chain)),
});
