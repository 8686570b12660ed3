#!/usr/bin/env bats
# Cancelling: recorded at once, everything ended, and what it took is told.
load helper

setup() { fw_setup && MODULES="$REPO/tests/e2e/tasks.sh $REPO/tests/e2e/stubborn.sh" && ready=$fw_dir/ready; }
teardown() { fw_teardown; }

# begun TASK [ARG...]: its id, once it stands.
begun() {
	rm -f "$ready"
	fw submit -n "$1" "$ready" "${@:2}"
	wait_for test -s "$ready"
}

# What runs of a task, found by its id in the environment; itself not.
of_task() {
	env -i /usr/bin/grep -lsz "^FW_TASK_ID=$1\$" /proc/[0-9]*/environ | while IFS=/ read -r _ _ pid _; do
		case $(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null) in
		'' | Z*) continue ;;
		esac
		echo "$pid"
	done
}

@test "a polite task: cancel says that it ended on TERM, and so does the record" {
	fw_start --concurrency 1
	id=$(begun polite)
	try 0 cancel --reason 'wrong input' "$id"
	matches "$output" '^1 cancelled \(was running\): ended on TERM after 0\.[0-9] s$'
	fw status "$id" --json >record
	is "$(jq -r '.state + " " + .cause + " " + .cancel_reason + " " + .cancel_by' record)" "cancelled cancelled wrong input owner"
	matches "$(jq -r .report record)" '^ended on TERM after'
	[ "$(jq .rss_kb record)" -gt 100 ]
	try 143 wait "$id"
}

@test "a tree that ignores TERM, double-forks and makes sessions is gone within the grace time and half a second" {
	fw_start --concurrency 1
	id=$(begun tree)
	[ "$(of_task "$id" | wc -l)" -ge 5 ]
	from=$(ms)
	try 0 cancel --grace 0.3 "$id"
	took=$(($(ms) - from))
	is "$(of_task "$id")" ""
	[ $took -ge 300 ] && [ $took -lt $((FW_SANITIZED ? 3000 : 800)) ] || { echo "it took $took ms" >&2 && false; }
	matches "$output" '^1 cancelled \(was running\): killed after 0\.[3-9] s, [5-9] processes$'
}

hopper_gone() { # TASK ARG...
	fw_start --concurrency 1
	id=$(begun "$@")
	from=$(ms)
	try 0 cancel --grace 0.3 "$id"
	took=$(($(ms) - from))
	is "$(of_task "$id")" ""
	[ $took -lt $((FW_SANITIZED ? 3000 : 800)) ] || { echo "it took $took ms" >&2 && false; }
	matches "$output" 'killed after 0\.[3-9] s'
}

@test "one that forks and exits as fast as it can is gone in time" {
	hopper_gone hopper_below
}

@test "one that makes a new session with each fork, too" {
	hopper_gone hopper_below setsid
}

@test "cancelled twice: no error while it still ends, and a shorter grace hurries it; 1 when it is over" {
	fw_start --concurrency 1
	id=$(begun tree)
	try 0 cancel -n --grace 1h "$id"
	is "$output" "1 cancelled (was running): its processes still end"
	is "$(fw status "$id" --json | jq -r .state)" cancelled
	[ -n "$(of_task "$id")" ]
	try 0 cancel -n "$id"
	is "$output" "1 was cancelled before: its processes still end"
	try 0 cancel --grace 0 --json "$id"
	is "$(jq -r '"\(.ok) \(.again) \(.was)"' <<<"$output")" "true true cancelled"
	matches "$(jq -r .report <<<"$output")" '^killed after [0-9.]* s, [5-9] processes$'
	is "$(of_task "$id")" ""
	try 1 cancel "$id"
	has "$stderr" "task 1 is over already: cancelled"
}

@test "it does not wait longer than grace and a second; others are told at once" {
	fw_start --concurrency 2
	# A worker that is stopped says nothing.
	fw_subworker w2 --concurrency 1
	id=$(begun polite)
	pid=$(fw workers --json | jq 'select(.id == "w2") | .pid')
	is "$(fw status "$id" --json | jq -r .worker)" w2
	kill -STOP "$pid"
	queued=$(fw submit --defer -n no_such_task)
	from=$(ms)
	try 0 cancel --grace 0.5 "$id" "$queued"
	took=$(($(ms) - from))
	kill -CONT "$pid"
	[ $took -ge 1400 ] && [ $took -lt 4000 ]
	is "$(sort <<<"$output")" "$(printf '1 cancelled (was running): its processes still end\n2 cancelled (was queued)')"
	reported() { [ "$(fw status "$id" --json | jq -r .report)" != null ]; }
	wait_for reported
	is "$(of_task "$id")" ""
}

@test "the slot is free when the report says so, and runs the next task" {
	fw_start --concurrency 1
	id=$(begun tree)
	next=$(fw submit -n say hello)
	fw cancel --grace 0 "$id"
	try 0 wait "$next"
	is "$(fw result "$next")" hello
}
