#!/bin/bash
#PBS -S /bin/bash
#PBS -N flotilla.r1.htex-0
#PBS -q debug
#PBS -A PROJECT
#PBS -l select=1:ncpus=208
#PBS -l place=scatter
#PBS -l walltime=00:30:00
#PBS -m n
#PBS -o /project/runinfo/000/blocks/flotilla.r1.htex-0.stdout
#PBS -e /project/runinfo/000/blocks/flotilla.r1.htex-0.stderr
#PBS -l filesystems=home:flare
# Job flotilla.r1.htex-0
flotilla_end=/project/runinfo/000/blocks/flotilla.r1.htex-0.end
rm -f -- "$flotilla_end" # Of an earlier start of the same job.
flotilla_ended() { echo "$?" > "$flotilla_end"; }
trap flotilla_ended EXIT
trap 'exit $?' TERM
(
trap 'exit $?' TERM
cd -- /project || exit
export FLOTILLA_BLOCK_ID=0
# MpiExecLauncher {"bindCmd":"--cpu-bind","overrides":"--ppn 1"} starts on each node:
manager
)
exit "$?"
