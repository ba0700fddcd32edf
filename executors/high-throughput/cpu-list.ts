/**
 * The kernel's notation for sets of CPUs, '0-3,8': as in /proc/self/status, cpusets and `taskset -c`.
 * Owns the notation only; whether a process may use those CPUs is for others to check.
 */

/**
 * @returns the ids in ascending order, each once.
 * @throws RangeError when `text` is not such a list.
 * @example parseCpuList('0-2,8') // [0, 1, 2, 8]
 */
export function parseCpuList(text: string): number[] {
  const ids = text.split(',').flatMap((part) => parseRange(part.trim(), text));
  return [...new Set(ids)].sort((a, b) => a - b);
}

function parseRange(part: string, whole: string): number[] {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(part);
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? match?.[1]);
  if (match === null || last < first) {
    throw new RangeError(`${JSON.stringify(whole)} is not a list of CPUs; write it as '0-3,8'`);
  }
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

/** The shortest text for a set of CPUs: `[0, 1, 2, 8]` is '0-2,8'. */
export function formatCpuList(ids: readonly number[]): string {
  const parts: string[] = [];
  for (let at = 0; at < ids.length; ) {
    let end = at;
    while (ids[end + 1] === (ids[end] ?? 0) + 1) end++;
    parts.push(end === at ? `${ids[at]}` : `${ids[at]}-${ids[end]}`);
    at = end + 1;
  }
  return parts.join(',');
}
