/**
 * Text of bash that starts managers with mpiexec or mpirun of Open MPI, MPICH's Hydra, Intel MPI or Cray PALS. Pure.
 *
 * All but srun end every process when one ends with another code than 0. A manager that fails must not cost the others, so that the
 * script of a node always ends with 0 and prints its exit code on a line of its own, which is read from the stream here.
 *
 * Options: man mpirun of Open MPI 4.1 and 5.0; MPICH's hydra manual ("Using the Hydra Process Manager"); for PALS the ALCF's user
 * guide (docs/polaris/running-jobs, docs/aurora/running-jobs-aurora) and `cray mpiexec --help` of HPE's craycli.
 */
import { quoteForShell } from '../lib/shell-quote.ts';
import { ASK_FOR_WHOLE_NODES, buildHostList } from './host-list.ts';
import { buildNodeScript, defineNodeScript, joinWords, NODE_SCRIPT, onOneLine } from './node-script.ts';
import { buildSingleNodeScript } from './single-node-script.ts';

export interface MpiScript {
  readonly command: string;
  readonly nodesPerBlock: number;
  readonly tasksPerNode: number;
  readonly program: 'mpiexec' | 'mpirun';
  /** Option that binds to CPUs; '' for none; undefined: that of the program that is found. */
  readonly bindCmd: string | undefined;
  readonly overrides: string;
  readonly bash: string;
  readonly debug: boolean;
}

export function buildMpiScript(script: MpiScript): string {
  const { command, nodesPerBlock, tasksPerNode, debug } = script;
  const overrides = onOneLine(script.overrides);
  const bind = script.bindCmd === undefined || script.bindCmd === '' ? '' : `${onOneLine(script.bindCmd)} none`;
  const start = `${quoteForShell(script.bash)} -c "$${NODE_SCRIPT}" flotilla ${MPI_VARIABLES}`;
  const launch = joinWords(script.program, bind, overrides, `"\${flotilla_given[@]}"`, start);
  const copy = joinLines(
    `flotilla_given=(-n ${nodesPerBlock})`,
    chooseOptions(script.program, script.bindCmd, overrides),
    HOST_OPTION.test(overrides) ? '' : writeHostFile(nodesPerBlock),
    `set -o pipefail\n${launch} | flotilla_report`,
  );
  return joinLines(
    defineNodeScript(runAsNoRank(buildNodeScript(command, tasksPerNode))),
    DEFINE_REPORT,
    buildSingleNodeScript({ command: copy, copies: 1, debug, failOnAny: true }),
  );
}

/** Words that say how many processes a node gets, and those that name hosts. */
const PLACE_OPTION = /(^|\s)--?(ppn|perhost|map-by|npernode|pernode|N)\b/;
const HOST_OPTION = /(^|\s)--?(f|host|hosts|hostlist|hostfile|machinefile)\b/;

/**
 * Which program it is says `--version`. Open MPI fills a node before it takes the next, and lets variables of the environment travel
 * only when they are named, unless Slurm carries them.
 */
function chooseOptions(program: string, bindCmd: string | undefined, overrides: string): string {
  const places = !PLACE_OPTION.test(overrides);
  if (bindCmd === '--cpu-bind') return places ? 'flotilla_given+=(--ppn 1)' : '';
  const openMpi = joinWords(places ? '--map-by ppr:1:node' : '', bindCmd === undefined ? '--bind-to none' : '');
  return `case "$(${program} --version 2>&1 </dev/null)" in
  *'Open MPI'* | *OpenRTE* | *PRRTE* | *prterun*)
    flotilla_given+=(${openMpi})
    [ -n "\${SLURM_JOB_ID:-}" ] || for flotilla_name in $(compgen -e); do
      case "$flotilla_name" in OMPI_* | PMIX_* | PRTE_* | HOSTNAME | PWD | OLDPWD | SHLVL | _ | *[!A-Za-z0-9_]*) continue ;; esac
      flotilla_given+=(-x "$flotilla_name")
    done ;;
  *HYDRA* | *'Intel(R) MPI'*) flotilla_given+=(${places ? '-ppn 1' : ''}) ;;
  *PALS*) flotilla_given+=(${joinWords(places ? '--ppn 1' : '', bindCmd === undefined ? '--cpu-bind none' : '')}) ;;
esac`;
}

/** Where the job is PBS's; other schedulers' allocations are found by mpiexec itself. The copy's shell removes the file at its end. */
function writeHostFile(nodesPerBlock: number): string {
  return `if [ -n "\${PBS_NODEFILE:-}" ]; then
${buildHostList({ nodesPerBlock, remedy: ASK_FOR_WHOLE_NODES })}
flotilla_hostfile=$(mktemp "\${TMPDIR:-/tmp}/flotilla-hosts.XXXXXX") || exit 1
trap 'rm -f -- "$flotilla_hostfile"' EXIT
printf '%s\\n' "\${flotilla_hosts[@]}" > "$flotilla_hostfile"
flotilla_given+=(--hostfile "$flotilla_hostfile")
fi`;
}

/** Names of those variables that make a program take itself for a rank, or configure the MPI. */
const MPI_VARIABLES = ['OMPI_', 'PMIX_', 'PMI_', 'PALS_', 'HYDI_', 'HYDRA_'].map((prefix) => `\${!${prefix}@}`).join(' ');

/**
 * A manager is no rank, and programs that its tasks run are none: Open MPI would refuse an mpirun within, others would wait for ranks
 * that never come. Variables that the job had before (the arguments) stay.
 */
const runAsNoRank = (nodeScript: string): string => `trap 'flotilla_code=$?
[ "$flotilla_code" -eq 0 ] || echo "flotilla: node $(uname -n) ended with exit code $flotilla_code"
exit 0' EXIT
for flotilla_name in ${MPI_VARIABLES}; do
  case " $* " in *" $flotilla_name "*) ;; *) unset "$flotilla_name" ;; esac
done
${nodeScript}`;

/** Passes on what nodes print; its exit code is that of the first node that failed. It outlives a signal, to hear of the end. */
const DEFINE_REPORT = `flotilla_report() {
  trap '' TERM INT HUP
  local line failed=0
  while IFS= read -r line || [ -n "$line" ]; do
    if [[ "$line" =~ 'flotilla: node '[^' ']+' ended with exit code '([0-9]+) ]]; then
      printf '%s\\n' "$line" >&2
      [ "$failed" -ne 0 ] || failed="\${BASH_REMATCH[1]}"
    else
      printf '%s\\n' "$line"
    fi
  done
  return "$failed"
}`;

const joinLines = (...parts: readonly string[]): string => parts.filter((part) => part !== '').join('\n');
