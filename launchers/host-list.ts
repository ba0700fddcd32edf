/**
 * Text of bash that finds the hosts of a job. Pure; knows no launcher.
 *
 * PBS lists a host once per chunk or MPI process in the file that PBS_NODEFILE names (PBS Professional 2022.1 User's Guide, "The Job's Node
 * File"); Slurm gives SLURM_JOB_NODELIST, which `scontrol show hostnames` expands (man scontrol).
 */
import { quoteForShell } from '../lib/shell-quote.ts';

/** Prints the hosts of the job, one per line; nothing where no scheduler told. */
const FROM_SCHEDULER = `if [ -n "\${PBS_NODEFILE:-}" ]; then cat -- "$PBS_NODEFILE"
  elif [ -n "\${SLURM_JOB_NODELIST:-}" ]; then scontrol show hostnames "$SLURM_JOB_NODELIST"
  fi`;

export interface HostList {
  readonly nodesPerBlock: number;
  /** Those that a person wrote; absent: what the scheduler gave to the job. */
  readonly hosts?: readonly string[] | undefined;
  /** What to do when there are too few, for the message. */
  readonly remedy: string;
}

/** Fills the array `flotilla_hosts`, each host once and in order; ends the script when there are fewer than nodesPerBlock. */
export function buildHostList({ nodesPerBlock, hosts, remedy }: HostList): string {
  const source = hosts === undefined ? FROM_SCHEDULER : `printf '%s\\n' ${hosts.map(quoteForShell).join(' ')}`;
  return `flotilla_list_hosts() {
  ${source}
}
declare -A flotilla_seen=()
flotilla_hosts=()
while read -r flotilla_host flotilla_rest || [ -n "$flotilla_host" ]; do
  [ -n "$flotilla_host" ] && [ -z "\${flotilla_seen[$flotilla_host]:-}" ] || continue
  flotilla_seen[$flotilla_host]=1
  flotilla_hosts+=("$flotilla_host")
done < <(flotilla_list_hosts)
if [ "\${#flotilla_hosts[@]}" -lt ${nodesPerBlock} ]; then
  echo "flotilla: the block needs ${nodesPerBlock} host(s) but the job has \${#flotilla_hosts[@]}: \${flotilla_hosts[*]:-none}; "${quoteForShell(remedy)} >&2
  exit 1
fi`;
}

export const ASK_FOR_WHOLE_NODES = 'ask the scheduler for whole nodes (PBS: -l place=scatter), or lower nodesPerBlock';
