/**
 * Text of the shell script that starts a bundle. Pure. For any POSIX sh: it runs before anything of ours does.
 *
 * It finds its folder from its own name, through symlinks, and then names everything by absolute path: workers on other nodes start
 * the same Node from there, whatever their PATH has.
 */
import { describeTarget, type Target } from './target.ts';

const SYSTEMS: Readonly<Record<Target['platform'], string>> = { linux: 'Linux', darwin: 'Darwin' };
/** What `uname -m` calls them. */
const MACHINES: Readonly<Record<string, string>> = { x64: 'x86_64|amd64', arm64: 'aarch64|arm64', ppc64: 'ppc64le' };

export const NODE_IN_BUNDLE = 'node/bin/node';
const COMMAND = 'node_modules/flotilla/dist/bin/flotilla.js';

export function launcherText(target: Target): string {
  const machines = MACHINES[target.arch] ?? target.arch;
  return `#!/bin/sh
# Runs the flotilla command of this bundle with the Node of this bundle. Made by \`flotilla bundle\`.

self=$0
case $self in
  */*) ;;
  *) if [ -f "$self" ]; then self=./$self; else self=$(command -v -- "$self"); fi ;;
esac
while [ -L "$self" ]; do
  link=$(readlink "$self")
  case $link in /*) self=$link ;; *) self=\${self%/*}/$link ;; esac
done
here=$(CDPATH='' cd -P -- "\${self%/*}/" && pwd -P) || exit 2

fail() {
  printf 'flotilla: %s\\n' "this bundle is for ${describeTarget(target)}; $1" >&2
  printf 'flotilla: %s\\n' 'make another with: flotilla bundle --node NODE_FOR_THIS_MACHINE (flotilla bundle --help)' >&2
  exit 2
}

case $(uname -s) in ${SYSTEMS[target.platform]}) ;; *) fail "this machine runs $(uname -s)" ;; esac
case $(uname -m) in ${machines}) ;; *) fail "this machine is $(uname -m)" ;; esac
${loaderCheck(target)}[ -x "$here/${NODE_IN_BUNDLE}" ] || { printf 'flotilla: %s\\n' "$here/${NODE_IN_BUNDLE} is not there or not executable; unpack the bundle again" >&2; exit 2; }

exec "$here/${NODE_IN_BUNDLE}" "$here/${COMMAND}" "$@"
`;
}

/** A path that a shell could read otherwise is no loader's. */
const loaderCheck = ({ loader, libc }: Target): string =>
  loader === undefined || !/^[\w./+-]+$/.test(loader)
    ? ''
    : `[ -e ${loader} ] || fail "this machine has no ${loader}: it has another libc than ${libc ?? 'that'}"\n`;
