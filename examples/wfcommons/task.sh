#!/usr/bin/env bash
# One task of a workflow: checks that its input files are there with the right size, works (sleeps), and writes its output files.
#
# usage: task.sh FOLDER LIST SECONDS
# The list has a line for each file: in/BYTES/NAME or out/BYTES/NAME. Names lie in FOLDER and contain no slash.
# Prints which manager ran it, and with how many workers. Exit code 65: an input is missing or has another size (said on stderr).
# It starts few processes, each for many files: starting one costs as long as a short task works.
cd -- "$1" || exit 66
list=$2 seconds=$3
at_once=1000

inputs=()
declare -A wanted=() outputs=() found=()
while IFS=/ read -r kind bytes name; do
  if [[ $kind == in ]]; then
    inputs+=("./$name") wanted[./$name]=$bytes
  else
    outputs[$bytes]+="./$name"$'\n'
  fi
done < "$list" || exit 66

for ((first = 0; first < ${#inputs[@]}; first += at_once)); do
  while IFS=/ read -r bytes dot name; do
    found[$dot/$name]=$bytes
  done < <(exec stat -L -c '%s/%n' -- "${inputs[@]:first:at_once}" 2> /dev/null)
done

wrong=0
for name in "${inputs[@]}"; do
  if [[ -z ${found[$name]-} ]]; then
    echo "input ${name#./} is missing; it should have ${wanted[$name]} bytes" >&2
    wrong=1
  elif [[ ${found[$name]} != "${wanted[$name]}" ]]; then
    echo "input ${name#./} has ${found[$name]} bytes; it should have ${wanted[$name]}" >&2
    wrong=1
  fi
done
((wrong == 0)) || exit 65

[[ $seconds == 0 ]] || sleep "$seconds" || exit 66

for bytes in "${!outputs[@]}"; do
  mapfile -t names <<< "${outputs[$bytes]%$'\n'}"
  for ((first = 0; first < ${#names[@]}; first += at_once)); do
    truncate -s "$bytes" -- "${names[@]:first:at_once}" || exit 73
  done
done
echo "${FLOTILLA_MANAGER_ID-unknown} ${FLOTILLA_WORKER_COUNT-0}"
