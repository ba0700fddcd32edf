#!/bin/bash
#PBS -S /bin/bash
#PBS -N flotilla.r1.htex-0
#PBS -q debug
#PBS -A PROJECT
#PBS -l select=1:ncpus=64:ngpus=4
#PBS -l place=scatter
#PBS -l walltime=00:30:00
#PBS -m n
#PBS -o /project/runinfo/000/blocks/flotilla.r1.htex-0.stdout
#PBS -e /project/runinfo/000/blocks/flotilla.r1.htex-0.stderr
#PBS -l filesystems=home:eagle
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
flotilla_init_ended() {
  echo "flotilla: workerInit failed: it ended with exit code $1 and the command was not started" >&2
}
trap 'flotilla_init_ended $?' EXIT
export TMPDIR=/tmp
flotilla_status=$?
case "$(trap -p EXIT)" in *flotilla_init_ended*) trap - EXIT ;; esac
if [ "$flotilla_status" -ne 0 ]; then
  flotilla_init_ended "$flotilla_status"
  exit "$flotilla_status"
fi
# MpiExecLauncher {"bindCmd":"--cpu-bind","overrides":"--depth=64 --ppn 1"} starts on each node:
manager
)
exit "$?"
