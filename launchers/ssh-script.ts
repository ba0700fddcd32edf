/**
 * Text of bash that starts a manager on each host over ssh. Pure.
 */
import { buildHostList } from './host-list.ts';
import { OPEN_LIFELINE, runOnLifeline, WATCH_LIFELINE } from './lifeline.ts';
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
    buildSingleNodeScript({ command: startOnHost(script), copies: nodesPerBlock, debug, failOnAny: true, tell: 'shell' }),
  ].join('\n');
}

/**
 * ssh takes the first of two settings: what a person wrote comes first. Never asks (a job has nobody to answer); whether a host's key
 * is known is for ssh to decide as the user has configured it. The login shell may be any: it sees nothing but `exec bash -s`.
 */
function startOnHost({ sshCommand, overrides }: SshScript): string {
  const ssh = joinWords(sshCommand, onOneLine(overrides), '-T -o BatchMode=yes -o ServerAliveInterval=30');
  return `flotilla_host="\${flotilla_hosts[flotilla_number - 1]}"
${runOnLifeline(`${ssh} -- "$flotilla_host" 'exec bash -s'`, 'flotilla_tell')}
[ "$flotilla_status" -eq 0 ] || echo "flotilla: host $flotilla_host ended with exit code $flotilla_status" >&2
exit "$flotilla_status"`;
}

/**
 * What a host is told first. Variables that belong to a machine or a session stay here.
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
}`;

/** Runs within braces, so that bash has read all of it before it watches the stdin from which it came. */
const buildRemoteScript = (nodeScript: string): string => `${WATCH_LIFELINE}
${nodeScript}`;
