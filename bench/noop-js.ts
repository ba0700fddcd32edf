/**
 * How many jsApp tasks that do nothing end per second, and what CPU does one take?
 *
 *   npx node bench/noop-js.ts [tasks per round] [rounds]
 */
import { jsApp } from '../index.ts';
import { countArgument, printReport } from './measure/report.ts';
import { measureThroughput } from './measure/throughput.ts';
import { withTwoWorkers } from './measure/two-workers.ts';

const noop = jsApp(() => undefined);
const options = { tasks: countArgument(0, 100_000), rounds: countArgument(1, 5) };
const figures = await withTwoWorkers(() => measureThroughput(() => noop(), options));

printReport('noop-js', 'no-op jsApp tasks per second, and CPU per task', { ...options, ...figures });
