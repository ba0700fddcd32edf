/**
 * What a soak has found, for people.
 */
import type { SoakResult } from './soak.ts';

export function describeSoak({ faults, campaign, judgement, growth, course, wrong }: SoakResult): string {
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
    'largest process of each role, median of the second and of the last fifth of the time:',
    ...growth.map(({ role, early, late, mostMebibytes, mostDescriptors, grows }) => {
      const memory = `${Math.round(early.mebibytes)} → ${Math.round(late.mebibytes)} MiB (most ${Math.round(mostMebibytes)})`;
      const descriptors = `${early.descriptors} → ${late.descriptors} descriptors (most ${mostDescriptors})`;
      return `  ${role.padEnd(12)} ${memory}, ${descriptors}: ${grows ? 'GROWS' : 'no growth'}`;
    }),
    'over time:',
    ...course.map((line) => `  ${line}`),
    wrong.length === 0 ? 'verdict: every promise was kept' : `verdict: WRONG\n  ${wrong.join('\n  ')}`,
  ].join('\n');
}
