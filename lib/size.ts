/**
 * Sizes as people write them: '6GiB', '500MB'. Inside, a size is bytes.
 *
 * Owns the notation only. Which fields also take a bare number is decided where the field is declared.
 */

const BYTES_PER_UNIT: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};

/**
 * @returns bytes, a whole number. KB, MB, … are powers of 1000, KiB, MiB, … of 1024.
 * @throws RangeError when `value` is not a size; the message shows it and how to write one.
 * @example parseSize('6GiB') // 6442450944
 */
export function parseSize(value: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(value.trim());
  const number = match?.[1] ?? '';
  const unit = (match?.[2] ?? '').toLowerCase();
  const scale = BYTES_PER_UNIT[unit];
  if (scale === undefined) throw new RangeError(`${JSON.stringify(value)} is not a size; ${hintFor(number, unit)}`);
  const bytes = Math.round(Number(number) * scale);
  if (!Number.isSafeInteger(bytes)) throw new RangeError(`${JSON.stringify(value)} is too large for a size`);
  return bytes;
}

/**
 * The shortest text for a size, rounded to a hundredth of its unit.
 * @example formatSize(6442450944) // '6 GiB'
 */
export function formatSize(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = bytes < 1024 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${Number((bytes / 1024 ** power).toFixed(2))} ${units[power]}`;
}

function hintFor(number: string, unit: string): string {
  if (number !== '' && unit === '') return `a bare number has no unit, write '${number}B' or '${number}GiB'`;
  if (/^[kmgt]$/.test(unit)) return `write '${number}${unit.toUpperCase()}iB' (1024) or '${number}${unit.toUpperCase()}B' (1000)`;
  return "write it as '6GiB' or '500MB'";
}
