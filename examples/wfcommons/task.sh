#!/usr/bin/env bash
# One task of a workflow: checks that its input files are there with the right size, works (sleeps), and writes its output files.
#
# usage: task.sh FOLDER LIST SECONDS
# The list has a line for each file: in/BYTES/NAME or out/BYTES/NAME. Names lie in FOLDER and contain no slash.
# Prints which manager ran it, and with how many workers. Exit code 65: an input is missing or has another size (said on stderr).
set -u
cd -- "$1" || exit 66
list=$2 seconds=$3

names=() sizes=() outputs=()
while IFS=/ read -r kind bytes name; do
  if [[ $kind == in ]]; then
    names+=("./$name") sizes+=("$bytes")
  else
    outputs+=("$bytes/$name")
  fi
done < "$list" || exit 66

declare -A found=()
if ((${#names[@]} > 0)); then
  while IFS=/ read -r bytes _ name; do
    found[./$name]=$bytes
  done < <(printf '%s\0' "${names[@]}" | xargs -0 stat -c '%s/%n' -- 2> /dev/null)
fi

wrong=0
for i in "${!names[@]}"; do
  name=${names[i]} wanted=${sizes[i]} actual=${found[${names[i]}]-}
  if [[ -z $actual ]]; then
    echo "input ${name#./} is missing; it should have $wanted bytes" >&2
    wrong=1
  elif ((actual != wanted)); then
    echo "input ${name#./} has $actual bytes; it should have $wanted" >&2
    wrong=1
  fi
done
((wrong == 0)) || exit 65

[[ $seconds == 0 ]] || sleep "$seconds" || exit 66

for output in "${outputs[@]}"; do
  truncate -s "${output%%/*}" -- "./${output#*/}" || exit 73
done
echo "${FLOTILLA_MANAGER_ID-unknown} ${FLOTILLA_WORKER_COUNT-0}"
