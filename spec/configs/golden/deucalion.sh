#!/bin/bash
#SBATCH --nodes=1
#SBATCH --ntasks-per-node=1
#SBATCH --time=00:30:00
#SBATCH --account=PROJECT
#SBATCH --partition=dev-a100-40
#SBATCH --cpus-per-task=128
#SBATCH --gres=gpu:a100:4
# Job flotilla.r1.htex-0
flotilla_end=/project/runinfo/000/blocks/flotilla.r1.htex-0.end
rm -f -- "$flotilla_end" # Of an earlier start of the same job.
flotilla_ended() { echo "$?" > "$flotilla_end"; }
trap flotilla_ended EXIT
trap 'exit $?' TERM
(
trap 'exit $?' TERM
export FLOTILLA_BLOCK_ID=0
export SRUN_CPUS_PER_TASK=128
flotilla_init_ended() {
  echo "flotilla: workerInit failed: it ended with exit code $1 and the command was not started" >&2
}
trap 'flotilla_init_ended $?' EXIT
. /etc/profile
flotilla_status=$?
case "$(trap -p EXIT)" in *flotilla_init_ended*) trap - EXIT ;; esac
if [ "$flotilla_status" -ne 0 ]; then
  flotilla_init_ended "$flotilla_status"
  exit "$flotilla_status"
fi
# SrunLauncher {} starts on each node:
manager
)
exit "$?"
