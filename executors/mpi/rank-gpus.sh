# Starts one rank of an MPI program with its own part of the node's accelerators:
#   sh rank-gpus.sh COUNT PROGRAM ARGUMENTS...
# COUNT of those in FLOTILLA_GPUS, by the rank's number on its node, as the launcher says it. Knows nothing else of the program.
flotilla_count=$1
shift
flotilla_rank=${PALS_LOCAL_RANKID:-${OMPI_COMM_WORLD_LOCAL_RANK:-${MPI_LOCALRANKID:-${PMI_LOCAL_RANK:-${SLURM_LOCALID:-0}}}}}
flotilla_first=$((flotilla_rank * flotilla_count + 1))
flotilla_gpus=$(printf '%s\n' "$FLOTILLA_GPUS" | cut -d , -f "$flotilla_first-$((flotilla_first + flotilla_count - 1))")
if [ -z "$flotilla_gpus" ]; then
  echo "flotilla: rank $flotilla_rank of $(uname -n) is left without accelerator: each is to have $flotilla_count of '$FLOTILLA_GPUS'" >&2
  exit 1
fi
CUDA_VISIBLE_DEVICES=$flotilla_gpus ROCR_VISIBLE_DEVICES=$flotilla_gpus ZE_AFFINITY_MASK=$flotilla_gpus
HIP_VISIBLE_DEVICES=$(seq -s , 0 $((flotilla_count - 1)))
export CUDA_VISIBLE_DEVICES ROCR_VISIBLE_DEVICES HIP_VISIBLE_DEVICES ZE_AFFINITY_MASK
exec "$@"
