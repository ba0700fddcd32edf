/**
 * Text of bash that starts a manager on each host over ssh. Pure.
 *
 * A remote process outlives its ssh: sshd ends nothing when a connection without terminal closes. So the script that a host gets on
 * its stdin watches that stdin, and ends what it has started when it closes: when the block's shell, the ssh or the network dies,
 * and when the block is told to end. The write end of what the stdins read is held by the block's shell alone.
 *
 * ssh itself ignores the signals that end a block (it leaves ignored signals ignored, OpenSSH clientloop.c), so that it stays until
 * the host's manager has taken its leave, with its exit code.
 */
import { buildHostList } from './host-list.ts';
import { buildNodeScript, defineNodeScript, joinWords, NODE_SCRIPT, onOneLine } from './node-script.ts';
import { buildSingleNodeScript } from './single-node-script.ts';

export interface SshScript {
  readonly command: string;
  readonly nodesPerBlock: number;
  readonly tasksPerNode: number;
  readonly hosts: readonly string[] | undefined;
  readonly sshCommand: string;
  readonly overrides: string;
  readonly debug: boolean;
}

export function buildSshScript(script: SshScript): string {
  const { command, nodesPerBlock, tasksPerNode, hosts, debug } = script;
  const remedy =
    hosts === undefined ? "there is no PBS_NODEFILE and no Slurm job with as many; name them: hosts: ['n1', 'n2']" : 'name more hosts';
  return [
    buildHostList({ nodesPerBlock, hosts, remedy }),
    defineNodeScript(buildRemoteScript(buildNodeScript(command, tasksPerNode))),
    DEFINE_ENVIRONMENT,
    OPEN_LIFELINE,
    buildSingleNodeScript({ command: startOnHost(script), copies: nodesPerBlock, debug, failOnAny: true }),
  ].join('\n');
}

/**
 * ssh takes the first of two settings: what a person wrote comes first. Never asks (a job has nobody to answer); whether a host's key
 * is known is for ssh to decide as the user has configured it. The login shell may be any: it sees nothing but `exec bash -s`.
 */
function startOnHost({ sshCommand, overrides }: SshScript): string {
  const ssh = joinWords(sshCommand, onOneLine(overrides), '-T -o BatchMode=yes -o ServerAliveInterval=30');
  return `exec {flotilla_held}>&-
flotilla_host="\${flotilla_hosts[flotilla_number - 1]}"
flotilla_status=0
(trap '' TERM INT HUP; exec ${ssh} -- "$flotilla_host" 'exec bash -s' < <(trap - TERM INT HUP; flotilla_tell)) || flotilla_status=$?
[ "$flotilla_status" -eq 0 ] || echo "flotilla: host $flotilla_host ended with exit code $flotilla_status" >&2
exit "$flotilla_status"`;
}

/**
 * What a host is told, and then nothing for as long as the block lives. Variables that belong to a machine or a session stay here.
 * Exported functions travel too (a site's \`module\` is one).
 */
const DEFINE_ENVIRONMENT = `flotilla_tell() {
  local name
  printf '{\\ncd -- %q || exit 1\\n' "$PWD"
  for name in $(compgen -e); do
    case "$name" in
      BASHOPTS | SHELLOPTS | HOSTNAME | HOSTTYPE | PWD | OLDPWD | SHLVL | _ | DISPLAY | XAUTHORITY | SSH_* | *[!A-Za-z0-9_]*) continue ;;
    esac
    printf 'export %s=%q\\n' "$name" "\${!name}"
  done
  while read -r _ _ name; do
    declare -f "$name" && printf 'export -f %s\\n' "$name"
  done < <(declare -Fx)
  printf '%s\\n}\\n' "$${NODE_SCRIPT}"
  exec cat <&"$flotilla_lifeline"
}`;

/** A pipe without a name that nobody writes to: who reads it learns that the last holder of its other end is gone. */
const OPEN_LIFELINE = `flotilla_pipe=$(mktemp -d "\${TMPDIR:-/tmp}/flotilla-ssh.XXXXXX") || exit 1
mkfifo -m 600 "$flotilla_pipe/lifeline" || exit 1
exec {flotilla_both}<>"$flotilla_pipe/lifeline"
exec {flotilla_held}>"$flotilla_pipe/lifeline" {flotilla_lifeline}<"$flotilla_pipe/lifeline" {flotilla_both}>&-
rm -r -- "$flotilla_pipe"`;

/** Runs within braces, so that bash has read all of it before it watches the stdin from which it came. */
const buildRemoteScript = (nodeScript: string): string => `exec {flotilla_stdin}<&0 </dev/null
(trap - TERM; while read -r -n 4096 -u "$flotilla_stdin" flotilla_line; do :; done; kill -TERM $$) >/dev/null 2>&1 &
flotilla_watcher=$!
exec {flotilla_stdin}<&-
trap 'kill "$flotilla_watcher" 2>/dev/null' EXIT
${nodeScript}`;
