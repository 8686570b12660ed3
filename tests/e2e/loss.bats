#!/usr/bin/env bats
# Workers, runners and whole process trees that are killed, stopped or cut off.
load helper

setup() { fw_setup && MODULES="$REPO/tests/e2e/tasks.sh $REPO/tests/e2e/stubborn.sh" && ready=$fw_dir/ready gate=$fw_dir/gate FW_KILLED=1; }
teardown() { touch "$gate" && fw_teardown; }

begun() { # TASK [ARG...]
	rm -f "$ready"
	fw submit -n "$1" "$ready" "${@:2}"
	wait_for test -s "$ready"
}

of_task() {
	env -i /usr/bin/grep -lsz "^FW_TASK_ID=$1\$" /proc/[0-9]*/environ | while IFS=/ read -r _ _ pid _; do
		case $(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null) in
		'' | Z*) continue ;;
		esac
		echo "$pid"
	done
}

none_of() { [ -z "$(of_task "$1")" ]; }
pid_of() { fw workers --json | jq -r --arg id "$1" 'select(.id == $id) | .pid'; }
runner_of() { pgrep -P "$1" | head -n 1; }
field() { fw status "$1" --json | jq -r ".$2"; }

@test "kill -9 of a worker: its runners end their trees within a second, whatever they ignore" {
	fw_start --concurrency 0
	local n=0
	for task in tree "hopper_below setsid"; do
		n=$((n + 1))
		fw_subworker w$n
		# shellcheck disable=SC2086
		set -- $task
		rm -f "$ready"
		id=$(fw submit -n "$1" "$ready" "${@:2}")
		wait_for test -s "$ready"
		[ -n "$(of_task "$id")" ]
		pid=$(pid_of w$n)
		from=$(ms)
		kill -9 "$pid"
		PATIENCE=5 wait_for none_of "$id"
		took=$(($(ms) - from))
		[ $took -lt $((FW_SANITIZED ? 4000 : 1000)) ] || { echo "$task: it took $took ms" >&2 && false; }
		fw cancel -n "$id"
	done
	is "$(ls "$TMPDIR")" ""
}

@test "kill -9 of a runner: the worker ends the tree, tells what happened, removes the scratch folder, and goes on" {
	fw_start --concurrency 1
	id=$(begun tree)
	kill -9 "$(runner_of "$(pid_of control-plane/local)")"
	run ! fw wait "$id"
	none_of "$id"
	is "$(field "$id" cause)" lost
	has "$(field "$id" error)" "the runner of this task was killed by signal 9 (Killed)"
	is "$(ls "$TMPDIR")" ""
	try 0 submit say hello
}

@test "worker and runner killed: the first process goes at once; what it started stays, for there is nobody left to end it" {
	fw_start --concurrency 0
	fw_subworker w1
	id=$(begun tree)
	pid=$(pid_of w1)
	first=$(pgrep -P "$(runner_of "$pid")")
	kill -9 "$pid" "$(runner_of "$pid")"
	first_gone() { ! kill -0 "$first"; }
	PATIENCE=1 wait_for first_gone
	left=$(of_task "$id")
	# This is what the documents say; a cgroup of the service manager is what ends these.
	[ -n "$left" ]
	for pid in $left; do kill -9 "$pid"; done
	fw cancel -n "$id"
}

@test "and a cgroup knows what is left: one write ends it" {
	local root=/sys/fs/cgroup cg
	[ -e "$root/cgroup.controllers" ] || root=$root/unified
	cg=$root/fw-test-$$
	mkdir "$cg" 2>/dev/null && [ -e "$cg/cgroup.kill" ] || skip "no cgroup of version 2 can be made here"
	fw_start --concurrency 0
	# shellcheck disable=SC2086
	(echo "$BASHPID" >"$cg/cgroup.procs" && exec "$FW" subworker --worker-id w1 -t $MODULES >/dev/null 2>&1 3>&-) &
	wait_for has_worker w1
	id=$(begun tree)
	pid=$(pid_of w1)
	kill -9 "$pid" "$(runner_of "$pid")"
	[ "$(of_task "$id" | wc -l)" -ge 4 ]
	echo 1 >"$cg/cgroup.kill"
	empty() { grep -q 'populated 0' "$cg/cgroup.events"; }
	wait_for empty
	none_of "$id"
	rmdir "$cg"
	fw cancel -n "$id"
}

@test "a runner that is stopped: the worker ends it and all below it some seconds after the grace time" {
	fw_start --concurrency 1
	id=$(begun tree)
	runner=$(runner_of "$(pid_of control-plane/local)")
	kill -STOP "$runner"
	try 0 cancel --grace 0 "$id"
	has "$output" "its processes still end"
	reported() { [ "$(field "$id" report)" != null ]; }
	PATIENCE=$((PATIENCE + 10)) wait_for reported
	none_of "$id"
	run ! kill -0 "$runner"
	matches "$(field "$id" report)" 'did not answer for 7 s, so it was killed with the [5-9] processes below it'
	is "$(ls "$TMPDIR")" ""
	try 0 submit say hello
}

@test "a worker that ends does not leave a stopped runner behind" {
	fw_start --concurrency 0
	fw_subworker w1 --shutdown-timeout 0
	id=$(begun tree)
	runner=$(runner_of "$(pid_of w1)")
	kill -STOP "$runner"
	kill "$BG"
	wait "$BG"
	none_of "$id"
	runner_gone() { ! kill -0 "$runner"; }
	wait_for runner_gone
	fw cancel -n "$id"
}

@test "a worker that was silent for its lease: its task runs elsewhere, once, and its late result is refused and counted" {
	fw_start --concurrency 0 --lease 600ms
	fw_subworker w1
	id=$(fw submit -n wait_file "$gate")
	wait_for task_is running "$id"
	is "$(field "$id" worker)" w1
	pid=$(pid_of w1)
	kill -STOP "$pid"
	fw_subworker w2
	elsewhere() { [ "$(field "$id" worker)" = w2 ] && [ "$(field "$id" state)" = running ]; }
	wait_for elsewhere
	is "$(field "$id" attempt)" 2
	touch "$gate"
	try 0 wait "$id"
	# The runner of the stopped worker is not stopped: its result waits in the pipe.
	kill -CONT "$pid"
	stale() { [ "$(fw status --summary --json | jq .stale_total)" = 1 ]; }
	wait_for stale
	matches "$(fw status --summary)" "stale_total +1"
	is "$(field "$id" worker) $(field "$id" attempt) $(field "$id" lost)" "w2 2 1"
	is "$(fw tasks --json | jq -s length)" 1
}

@test "a connection that is broken for longer than 2 s: the tasks go elsewhere, and the worker works on when it is back" {
	fw_start --concurrency 0
	port=$(context worker_port)
	[ "$port" != null ] || port=$(($(base_port) + 5))
	fw_subworker w1
	id=$(fw submit -n wait_file "$gate")
	wait_for task_is running "$id"
	pid=$(pid_of w1)
	# A stopped process whose connection is closed from outside: what a cut cable and a reset are.
	kill -STOP "$pid"
	ss -K "sport = :$port" >/dev/null 2>&1 || skip_kill=1
	if [ -n "${skip_kill:-}" ] || ss -tn "sport = :$port" | grep -q ESTAB; then
		kill -CONT "$pid"
		skip "connections cannot be killed here"
	fi
	fw_subworker w2
	elsewhere() { [ "$(field "$id" worker)" = w2 ]; }
	wait_for elsewhere
	kill -CONT "$pid"
	wait_for has_worker w1
	touch "$gate"
	try 0 wait "$id"
}

@test "a task that kills its worker each time is set aside after three" {
	fw_start --concurrency 0
	again() { # as a service manager does
		while [ ! -e "$gate" ]; do
			"$FW" subworker --worker-id w1 -t "$REPO/tests/e2e/stubborn.sh" 3>&- >>w1.out 2>&1 || true
			sleep 0.1
		done
	}
	again 3>&- &
	wait_for has_worker w1
	id=$(fw submit -n kills_worker "$fw_dir/attempts")
	over() { [ "$(field "$id" state)" = failure ]; }
	PATIENCE=$((PATIENCE + 20)) wait_for over || { cat "$fw_dir/w1.out" "$fw_dir/attempts" && fw status "$id" && false; }
	is "$(field "$id" cause) $(field "$id" attempt) $(field "$id" lost)" "poison 3 3"
	has "$(field "$id" error)" "its worker was lost each of the 3 times that it ran"
	is "$(tr '\n' ' ' <attempts)" "1 2 3 "
	try 125 wait "$id"
	touch "$gate"
	kill "$(pid_of w1)"
}
