/** A span of time for people to read. */

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const;

/** The two largest units: '1h 5m', '59m 30s', '2s', '0.4s'. */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms)) return 'any time';
  if (ms < 10_000) return `${Math.round(ms / 100) / 10}s`;
  let left = Math.round(ms / 1000) * 1000;
  const parts: string[] = [];
  for (const [unit, size] of UNITS) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0) parts.push(`${count}${unit}`);
    else if (parts.length > 0) break;
    if (parts.length === 2) break;
  }
  return parts.join(' ');
}
