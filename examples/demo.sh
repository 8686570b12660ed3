#!/bin/bash
# The main job, for real: tasks over many files, on a control plane and two subworkers, one of which is killed half-way; and the totals compared with
# plain find and xargs.
#
#     examples/demo.sh [FOLDER]       FOLDER: what to count; else the first of the usual ones that has 500 files
#
# Everything lives in a folder of its own below the temporary folder, with free ports: it disturbs nothing and leaves nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
fw=${FW:-$PWD/fastworker}
chunks=40

work=$(mktemp -d "${TMPDIR:-/tmp}/fastworker-demo.XXXXXX")
export XDG_CONFIG_HOME=$work/config XDG_STATE_HOME=$work/state XDG_RUNTIME_DIR=$work/run
workers=()
clean_up() {
	[ ${#workers[@]} = 0 ] || kill "${workers[@]}" 2>/dev/null || true
	"$fw" stop 2>/dev/null || true
	wait
	rm -rf "$work"
}
trap clean_up EXIT

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
run() {
	printf '  $ fastworker %s\n' "$*"
	"$fw" "$@" | sed 's/^/  /'
}

# The folder: regular files that we may read, and whose names hold no newline.
folder=${1-}
if [ -z "$folder" ]; then
	for folder in /usr/share/man /usr/share/doc /usr/share; do
		n=$(find "$folder" -type f -readable 2>/dev/null | head -500 | wc -l || true)
		[ "$n" -lt 500 ] || break
	done
fi
find "$folder" -type f -readable ! -name $'*\n*' 2>/dev/null | sort >"$work/files"
files=$(wc -l <"$work/files")

# Waits for one task after the other and shows how far it is; half-way, a worker dies.
progress() {
	local n=0 bar
	for id in "${ids[@]}"; do
		"$fw" wait -q "$id"
		n=$((n + 1))
		if [ $n = $((${#ids[@]} / 2)) ]; then
			disown "${workers[0]}"
			kill -9 "${workers[0]}"
			workers=("${workers[1]}")
			clear_line
			printf '  %d of %d tasks, and now: kill -9 of w2. What it had goes to the others in 2 s.\n' $n ${#ids[@]}
		fi
		if [ -t 1 ]; then
			printf -v bar '%*s' $((n * 40 / ${#ids[@]})) ''
			printf '\r  %-40s %d of %d ' "${bar// /=}" $n ${#ids[@]}
		fi
	done
	clear_line
}
clear_line() { [ ! -t 1 ] || printf '\r\033[K'; }

say "1. A control plane, in the background, and two subworkers"
run start --base-address auto --concurrency 1 -t examples/tasks.sh
base=$(sed 's/.*"base_address":"\([^"]*\)".*/\1/' "$work/run/fastworker/default.ctx")
mkfifo "$work/ready"
for id in w2 w3; do
	"$fw" subworker --worker-id $id --concurrency 2 -t examples/tasks.sh --control-plane-address "$base" >"$work/ready" 2>"$work/$id.log" &
	workers+=($!)
	read -r line <"$work/ready"
	printf '  $ fastworker subworker --worker-id %s --concurrency 2 -t examples/tasks.sh --control-plane-address %s &\n  %s\n' $id "$base" "$line"
done

say "2. The first task"
run submit add 5 3

say "3. $files files of $folder, in $chunks tasks"
split -n "l/$chunks" -a 3 "$work/files" "$work/list."
start=$(date +%s.%N)
ids=()
for list in "$work"/list.*; do
	ids+=("$("$fw" submit -n tally "$list")")
done
progress
read -r got_files got_lines got_bytes < <("$fw" result "${ids[@]}" | awk '{f += $1; l += $2; b += $3} END {printf "%d %d %d\n", f, l, b}')
end=$(date +%s.%N)
printf '  %d tasks in %.1f s, by worker: ' "${#ids[@]}" "$(echo "$end $start" | awk '{print $1 - $2}')"
"$fw" tasks --all --json task=tally | sed 's/.*"worker":"\([^"]*\)".*/\1/' | sort | uniq -c | awk '{printf "%s%s %d", n++ ? ", " : "", $2, $1} END {print ""}'
printf '  begun again because their worker died: %d\n' "$("$fw" tasks --all --json task=tally | grep -c '"attempt":[2-9]' || true)"

say "4. The same with find and xargs"
want=$(tr '\n' '\0' <"$work/files" | xargs -0 cat -- | wc -l -c | awk '{print $1, $2}')
printf '  fastworker      %s files, %s lines, %s bytes\n' "$got_files" "$got_lines" "$got_bytes"
printf '  find and xargs  %s files, %s lines, %s bytes\n' "$files" "${want% *}" "${want#* }"
if [ "$files $want" != "$got_files $got_lines $got_bytes" ]; then
	echo "  DIFFERENT"
	exit 1
fi
echo "  the same"

say "What to type next"
cat <<'NEXT'
  ./fastworker start -t examples/tasks.sh     your own control plane, with these sample tasks
  ./fastworker list --tree                    what can be submitted
  ./fastworker submit add 5 3                 8
  ./fastworker console                        everything, live; q leaves
  ./fastworker stop
NEXT
