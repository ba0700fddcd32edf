#!/bin/bash
#SBATCH --nodes=1
#SBATCH --ntasks-per-node=1
#SBATCH --time=00:10:00
#SBATCH --exclusive
# Job flotilla.000-0123456789ab.htex-0
flotilla_end=/scratch/me/runinfo/000/blocks/htex/flotilla.000-0123456789ab.htex-0.end
rm -f -- "$flotilla_end" # Of an earlier start of the same job.
flotilla_ended() { echo "$?" > "$flotilla_end"; }
trap flotilla_ended EXIT
trap 'exit $?' TERM
(
trap 'exit $?' TERM
export FLOTILLA_BLOCK_ID=0
flotilla-manager settings.json
)
exit "$?"

# submit a block: sbatch --parsable --job-name=flotilla.000-0123456789ab.htex-0 --chdir=/scratch/me --output=/scratch/me/runinfo/000/blocks/htex/flotilla.000-0123456789ab.htex-0.stdout --error=/scratch/me/runinfo/000/blocks/htex/flotilla.000-0123456789ab.htex-0.stderr /scratch/me/runinfo/000/blocks/htex/flotilla.000-0123456789ab.htex-0.sh
# look for a block whose submission was not answered: squeue --noheader --me --format=%i|%j|%T
# ask for the state of all blocks: squeue --noheader --states=all --jobs=JOB_ID --Format=JobID:20|,State:20|,exit_code:12|,Reason:200|
# ask for those that are not known there: sacct --noheader --parsable2 --allocations --jobs=JOB_ID --format=JobIDRaw,State,ExitCode,Reason
# cancel blocks: scancel JOB_ID
