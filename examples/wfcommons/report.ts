/**
 * What a run is summed up in: makespan against what was possible. Pure, but for asking futures that have ended.
 */
import { boundOf, type CriticalPath } from './bounds.ts';
import type { OrderCheck } from './order-check.ts';
import type { TaskFutures } from './run-tasks.ts';
import type { Workflow } from './workflow.ts';

export interface RunFacts {
  readonly workflow: Workflow;
  readonly scale: number;
  readonly workers: number;
  readonly makespanSeconds: number;
  readonly critical: CriticalPath;
  readonly order: OrderCheck;
}

export function formatReport({ workflow, scale, workers, makespanSeconds, critical, order }: RunFacts): string {
  const totalSeconds = workflow.tasks.reduce((sum, { runtimeSeconds }) => sum + runtimeSeconds, 0) * scale;
  const criticalSeconds = critical.seconds * scale;
  const bound = boundOf(criticalSeconds, totalSeconds, workers);
  const rows = [
    ['workflow', `${workflow.name}: ${workflow.tasks.length} tasks, ${workflow.sizes.size} files, runtimes × ${scale}`],
    ['workers', String(workers)],
    ['makespan', formatSeconds(makespanSeconds)],
    ['critical path', `${formatSeconds(criticalSeconds)} (${critical.tasks.length} tasks)`],
    ['total work', formatSeconds(totalSeconds)],
    ['bound', `${formatSeconds(bound.seconds)} (${bound.reason})`],
    ['efficiency', formatEfficiency(bound.seconds, makespanSeconds)],
    ['order', formatOrder(order)],
  ];
  return rows.map(([name = '', value = '']) => `${name.padEnd(15)}${value}`).join('\n');
}

function formatEfficiency(boundSeconds: number, makespanSeconds: number): string {
  return boundSeconds > 0 ? `${((100 * boundSeconds) / makespanSeconds).toFixed(1)} %` : 'none: no task works for any time';
}

function formatOrder({ checked, broken, unordered }: OrderCheck): string {
  const out = broken.length + unordered.length;
  if (out === 0) return `${checked} recorded parent links, all kept`;
  const examples = [...broken, ...unordered].slice(0, 3).join('; ');
  return `${checked} recorded parent links, ${out} not kept (${unordered.length} of them joined by no file): ${examples}`;
}

const formatSeconds = (seconds: number): string => `${seconds.toFixed(3)} s`;

/** The workers of all managers that ran a task. */
export async function countWorkers(futures: TaskFutures): Promise<number> {
  const byManager = new Map<string, number>();
  for (const future of futures.values()) {
    if ((await future.exception()) !== undefined) continue;
    const [manager = '', workers = '0'] = (await future).trim().split(' ');
    byManager.set(manager, Number(workers));
  }
  return [...byManager.values()].reduce((sum, workers) => sum + workers, 0);
}
