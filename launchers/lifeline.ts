/**
 * Text of bash by which managers on other nodes learn that their block is to end, or has. Pure; knows neither ssh nor srun.
 *
 * Neither takes a TERM to the other side: sshd ends nothing when a connection without terminal closes, and srun answers TERM and HUP
 * with a KILL of every task ("forcing job termination"; seen with Slurm 22.05). But both carry stdin, and its end. So what runs on a
 * node watches its stdin, and ends what it has started when that closes: when the block is told to end, and when the block's shell, the
 * ssh or srun, or the network dies. Needs bash 4.4, for the id of a process substitution.
 */

/** A pipe without a name to which nobody writes. The block's shell alone holds the end that would: a reader learns when it is gone. */
export const OPEN_LIFELINE = `flotilla_pipe=$(mktemp -d "\${TMPDIR:-/tmp}/flotilla-pipe.XXXXXX") || exit 1
mkfifo -m 600 "$flotilla_pipe/lifeline" || exit 1
exec {flotilla_both}<>"$flotilla_pipe/lifeline"
exec {flotilla_held}>"$flotilla_pipe/lifeline" {flotilla_lifeline}<"$flotilla_pipe/lifeline" {flotilla_both}>&-
rm -r -- "$flotilla_pipe"`;

/**
 * A copy that runs `program` on the other end of the line, with `input` first on its stdin, and stays until it has ended. The copy's
 * shell alone may be signalled: it then closes the program's stdin.
 */
export const runOnLifeline = (program: string, input = ''): string => `exec {flotilla_held}>&-
flotilla_told=0
exec {flotilla_stdin}< <(${input === '' ? '' : `${input}; `}exec cat <&"$flotilla_lifeline")
flotilla_feeder=$!
trap 'flotilla_told=$((flotilla_told + 1)); kill "$flotilla_feeder" 2>/dev/null || :' TERM INT HUP
${program} <&"$flotilla_stdin" {flotilla_lifeline}<&- &
flotilla_program=$!
exec {flotilla_stdin}<&-
while :; do
  flotilla_seen="$flotilla_told"
  flotilla_status=0
  wait "$flotilla_program" || flotilla_status=$?
  [ "$flotilla_seen" -ne "$flotilla_told" ] || break
done
kill "$flotilla_feeder" 2>/dev/null || :`;

/** On the node, in front of what is to end with the line. Bash must not read the script itself from stdin after it. */
export const WATCH_LIFELINE = `exec {flotilla_stdin}<&0 </dev/null
(while read -r -n 4096 -u "$flotilla_stdin" flotilla_line; do :; done; kill -TERM $$) >/dev/null 2>&1 &
flotilla_watcher=$!
exec {flotilla_stdin}<&-
trap 'kill "$flotilla_watcher" 2>/dev/null' EXIT`;
