#!/bin/bash
#SBATCH --nodes=1
#SBATCH --ntasks-per-node=1
#SBATCH --time=00:30:00
#SBATCH --exclusive
# Job flotilla.r1.htex-0
flotilla_end=/project/runinfo/000/blocks/flotilla.r1.htex-0.end
rm -f -- "$flotilla_end" # Of an earlier start of the same job.
flotilla_ended() { echo "$?" > "$flotilla_end"; }
trap flotilla_ended EXIT
trap 'exit $?' TERM
(
trap 'exit $?' TERM
export FLOTILLA_BLOCK_ID=0
# SrunLauncher {} starts on each node:
manager
)
exit "$?"
