/**
 * Durations as people write them: '90s', '30m', '1h30m', '01:30:00'. Inside, a duration is milliseconds.
 *
 * Owns the notation only. Which fields also take a bare number is decided where the field is declared.
 */

const MS_PER_UNIT: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

const CLOCK = /^(\d+):([0-5]?\d):([0-5]?\d(?:\.\d+)?)$/;
const UNITS = /^(?:(\d+(?:\.\d+)?)d)?(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?$/;
const UNIT_ORDER = ['d', 'h', 'm', 's', 'ms'];

/**
 * @returns milliseconds, a whole number.
 * @throws RangeError when `value` is not a duration; the message shows it and how to write one.
 * @example parseDuration('1h30m') // 5400000
 */
export function parseDuration(value: string): number {
  const text = value.trim().toLowerCase().replace(/\s+/g, '');
  const ms = parseClock(text) ?? parseUnits(text);
  if (ms === undefined) throw new RangeError(`${JSON.stringify(value)} is not a duration; ${hintFor(text)}`);
  if (!Number.isSafeInteger(ms)) throw new RangeError(`${JSON.stringify(value)} is too long for a duration`);
  return ms;
}

function parseClock(text: string): number | undefined {
  const match = CLOCK.exec(text);
  if (match === null) return undefined;
  return Math.round((Number(match[1]) * 3600 + Number(match[2]) * 60 + Number(match[3])) * 1000);
}

function parseUnits(text: string): number | undefined {
  const match = text === '' ? null : UNITS.exec(text);
  if (match === null) return undefined;
  let ms = 0;
  for (const [index, unit] of UNIT_ORDER.entries()) ms += Number(match[index + 1] ?? 0) * (MS_PER_UNIT[unit] ?? 0);
  return Math.round(ms);
}

function hintFor(text: string): string {
  if (/^\d+(\.\d+)?$/.test(text)) return `a bare number has no unit, write '${text}s'`;
  if (/^\d+:\d+$/.test(text)) return `a clock time has three parts, write '00:${text}' or '${text}:00'`;
  return "write it as '90s', '30m', '1h30m' or '01:30:00'";
}

const LARGEST_FIRST = [
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
  for (const [unit, size] of LARGEST_FIRST) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0) parts.push(`${count}${unit}`);
    else if (parts.length > 0) break;
    if (parts.length === 2) break;
  }
  return parts.join(' ');
}
