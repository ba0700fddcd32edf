/** Patterns of hosts, as OpenSSH's files have them: `*`, `?`, and `!` for what is not meant. Source: ssh_config(5), PATTERNS. */

/** One must match, and none of those with `!`. Small and capital letters differ, as in ssh's configuration. */
export function matchesPatterns(host: string, patterns: readonly string[]): boolean {
  const isRefused = patterns.some((pattern) => pattern.startsWith('!') && matchesPattern(host, pattern.slice(1)));
  return !isRefused && patterns.some((pattern) => !pattern.startsWith('!') && matchesPattern(host, pattern));
}

function matchesPattern(host: string, pattern: string): boolean {
  const expression = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${expression}$`).test(host);
}
