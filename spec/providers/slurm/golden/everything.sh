#!/bin/bash
#SBATCH --nodes=3
#SBATCH --ntasks-per-node=1
#SBATCH --time=72:00:00
#SBATCH --exclusive
#SBATCH --account=m1234
#SBATCH --partition=regular,debug
#SBATCH --qos=normal
#SBATCH --constraint="gpu&hbm80g"
#SBATCH --cpus-per-task=64
#SBATCH --mem=204800M
#SBATCH --gpus-per-node=a100:4
#SBATCH --gres=lscratch:100
#SBATCH --mail-type=FAIL
#SBATCH --reservation="my days"
# Job flotilla.000-0123456789ab.htex-0
flotilla_end=/scratch/me/runinfo/000/blocks/htex/flotilla.000-0123456789ab.htex-0.end
rm -f -- "$flotilla_end" # Of an earlier start of the same job.
flotilla_ended() { echo "$?" > "$flotilla_end"; }
trap flotilla_ended EXIT
trap 'exit $?' TERM
(
trap 'exit $?' TERM
export FLOTILLA_BLOCK_ID=0
export SRUN_CPUS_PER_TASK=64
flotilla-manager settings.json
)
exit "$?"

# submit a block: sbatch --parsable --clusters=perlmutter --job-name=flotilla.000-0123456789ab.htex-0 --chdir=/scratch/me --output=/scratch/me/runinfo/000/blocks/htex/flotilla.000-0123456789ab.htex-0.stdout --error=/scratch/me/runinfo/000/blocks/htex/flotilla.000-0123456789ab.htex-0.stderr /scratch/me/runinfo/000/blocks/htex/flotilla.000-0123456789ab.htex-0.sh
# look for a block whose submission was not answered: squeue --noheader --me --clusters=perlmutter --format=%i|%j|%T
# ask for the state of all blocks: squeue --noheader --states=all --clusters=perlmutter --jobs=JOB_ID --Format=JobID:20|,State:20|,exit_code:12|,Reason:200|
# ask for those that are not known there: sacct --noheader --parsable2 --allocations --clusters=perlmutter --jobs=JOB_ID --format=JobIDRaw,State,ExitCode,Reason
# cancel blocks: scancel --clusters=perlmutter JOB_ID
