/**
 * How many pythonApp tasks that do nothing end per second, and what CPU does one take?
 *
 *   npx node bench/noop-python.ts [tasks per round] [rounds]
 */
import { pythonApp } from '../index.ts';
import { countArgument, printReport } from './measure/report.ts';
import { measureThroughput } from './measure/throughput.ts';
import { withTwoWorkers } from './measure/two-workers.ts';

const noop = pythonApp<[], null>(`
  def noop():
      return None
`);
const options = { tasks: countArgument(0, 50_000), rounds: countArgument(1, 5) };
const figures = await withTwoWorkers(() => measureThroughput(() => noop(), options));

printReport('noop-python', 'no-op pythonApp tasks per second, and CPU per task', { ...options, ...figures });
