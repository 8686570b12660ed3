#!/usr/bin/env bats
# Why a task ended, what it used, and what became of what it left behind.
load helper

setup_file() { fw_setup && MODULES="$REPO/tests/e2e/tasks.sh $REPO/tests/e2e/stubborn.sh" fw_start --concurrency 2; }
teardown_file() { fw_teardown; }

# ran STATUS TASK [ARG...]: $record is its record.
ran() {
	local want=$1
	shift
	try "$want" submit "$@"
	record=$(fw status last --json)
}

field() { jq -r ".$1" <<<"$record"; }
# Of this test's tasks: does a `sleep N` run?
running() {
	local pid
	for pid in $(pgrep -f "^sleep $1\$"); do
		grep -qsz "^HOME=$HOME\$" "/proc/$pid/environ" && return 0
	done
	return 1
}

@test "the record says how long it took and how much memory, and so does tasks --json" {
	ran 0 say hello
	[ "$(field rss_kb)" -gt 100 ]
	[ "$(field user_ms)" -ge 0 ] && [ "$(field sys_ms)" -ge 0 ] && [ "$(field run_ms)" -ge 0 ]
	is "$(field left)" null
	fw tasks --json --limit 1 | jq -e '.rss_kb > 100' >/dev/null
}

@test "processor time is the task's, with what it waited for" {
	try 0 submit -n busy
	id=$output
	run ! fw wait "$id"
	record=$(fw status "$id" --json)
	is "$(field cause) $(field signal)" "limit 24"
	has "$(field error)" "used more than 1 s of processor time (cpu=)"
	[ "$(field user_ms)" -ge 700 ] && [ "$(field user_ms)" -lt 3000 ]
}

@test "what a finished task leaves behind is killed and named" {
	ran 0 leave
	is "$output" left
	is "$(field left)" 3
	has "$(field left_names)" sleep
	run ! running 3007
	run ! running 3008
	ran 3 leave_and_fail
	has "$(field error)" "it left 1 process behind (sleep), which was killed"
	run ! running 3007
}

@test "a daemon may stay, and its runner goes on" {
	ran 0 daemon_task "$fw_dir/daemon"
	pid=$(<"$fw_dir/daemon")
	is "$(field left)" null
	ran 0 say hello
	kill -0 "$pid"
	runner=$(ps -o ppid= -p "$pid")
	hasnt "$(ps -o args= -p "$runner")" __runner
	kill -9 "$pid"
	# The next one's orphans are kept again.
	ran 0 leave
	is "$(field left)" 3
}

@test "a memory limit: the error names it" {
	ran 1 hungry
	has "$(field error)" "its memory is limited to 64 MiB (memory=)"
	has "$(field error)" MemoryError
}

@test "limits reach the process; core files are never written" {
	ran 0 limits
	is "$output" "$(printf '16\n0\nunlimited')"
}

@test "a signal, a time-out, a missing program" {
	ran 143 killed TERM
	is "$(field cause) $(field signal)" "signal 15"
	has "$(field error)" "killed by signal 15 (Terminated)"
	ran 124 too_slow
	is "$(field cause)" timeout
	has "$(field error)" "ran longer than 300 ms (time-out); set --timeout"
}

@test "memory that ran out in the task's cgroup is told for sure" {
	cg=/sys/fs/cgroup/memory/fw-test-$$
	grep -q ':memory:' /proc/self/cgroup && mkdir "$cg" 2>/dev/null || skip "no memory cgroup can be made here"
	if ! echo $((64 << 20)) >"$cg/memory.limit_in_bytes"; then
		rmdir "$cg"
		skip "no memory cgroup can be made here"
	fi
	printf '# @task\nhog() { exec python3 -c "b = bytearray(512 << 20)"; }\n' >"$fw_dir/hog.sh"
	(echo "$BASHPID" >"$cg/cgroup.procs" && exec "$FW" subworker --worker-id oom2 -t "$fw_dir/hog.sh" >/dev/null 2>&1 3>&-) &
	BG=$!
	wait_for has_worker oom2
	ran 137 hog
	kill "$BG"
	wait "$BG" || true
	empty() { [ ! -s "$cg/cgroup.procs" ]; }
	wait_for empty
	rmdir "$cg"
	is "$(field cause) $(field signal)" "oom 9"
	has "$(field error)" "memory ran out and the system killed it (OOM), its largest process had"
}
