/**
 * What a soak has found, for people.
 */
import type { Growth } from './samples.ts';
import type { SoakResult } from './soak.ts';

export function describeSoak({ faults, campaign, judgement, growth, load, wrong }: SoakResult): string {
  const total = Object.values(faults).reduce((sum, count) => sum + count, 0);
  const { right = 0, poisonous = 0 } = campaign?.counts ?? {};
  const { tries, outcomes, managersLost, workersEnded, blocks } = judgement.counts;
  return [
    `faults injected: ${total}`,
    ...Object.entries(faults).map(([name, count]) => `  ${String(count).padStart(6)}  ${name}`),
    `tasks: ${judgement.counts.called} called, ${right} with the right result, ${poisonous} stopped as poisonous (lost three times), in ${campaign?.seconds ?? '?'} s`,
    `losses: ${judgement.counts.called - right - poisonous}`,
    `tries: ${tries}; ${Object.entries(outcomes)
      .map(([outcome, count]) => `${count} ${outcome}`)
      .join(', ')}`,
    `${managersLost} managers were lost, ${workersEnded} workers ended, ${blocks} blocks were submitted`,
    `load average of the machine: ${load.map((value) => value.toFixed(1)).join(' → ')} (beginning, middle, end)`,
    'early → middle → late, medians; of those that lived for more than four minutes, and of the largest of a kind at each moment:',
    ...growth.map(describeGrowth),
    wrong.length === 0 ? 'verdict: every promise was kept' : `verdict: WRONG\n  ${wrong.join('\n  ')}`,
  ].join('\n');
}

function describeGrowth({ kind, pid, measure, course, grows }: Growth): string {
  const digits = measure === 'heap' ? 1 : 0;
  const [early, middle, late, most] = [course.early, course.middle, course.late, course.most].map((value) => value.toFixed(digits));
  const who = pid === undefined ? `largest ${kind}` : `${kind} ${pid}`;
  const unit = measure === 'descriptors' ? 'descriptors' : `MiB ${measure}`;
  return `  ${who.padEnd(28)} ${early} → ${middle} → ${late} ${unit} (most ${most}) in ${Math.round(course.seconds)} s: ${grows ? 'GROWS' : 'no growth'}`;
}
