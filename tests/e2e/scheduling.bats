#!/usr/bin/env bats
# Who runs when and where.
load helper

setup() { fw_setup && log=$fw_dir/log gate=$fw_dir/gate; }
teardown() { touch "$gate" && fw_teardown; }

# shellcheck disable=SC2120 # arguments are for some of the tests
blocked() { # a task that holds the only slot until the gate opens
	fw submit -n wait_file "$gate" "$@"
	wait_for task_is running last
}

@test "1,000 low tasks queued, then one critical: it starts next" {
	fw_start --concurrency 1
	blocked
	for part in 1 2 3 4; do
		(for i in $(seq 250); do "$FW" submit -n --priority low note "$log" low >/dev/null; done) 3>&- &
	done
	wait
	is "$(fw queues --json | jq -c 'select(.priority == "low") | .queued')" 1000
	id=$(fw submit -n --priority critical note "$log" critical)
	touch "$gate"
	fw wait -q "$id"
	is "$(head -n 1 "$log")" critical
}

@test "strict priority, first in first out within one" {
	fw_start --concurrency 1
	blocked
	for i in 1 2 3; do
		for p in low normal high critical; do fw submit -n --priority $p note "$log" "$p$i"; done
	done
	touch "$gate"
	done_all() { [ "$(wc -l <"$log")" = 12 ]; }
	wait_for done_all
	is "$(tr '\n' ' ' <"$log")" "critical1 critical2 critical3 high1 high2 high3 normal1 normal2 normal3 low1 low2 low3 "
}

@test "the local worker runs a task only when no subworker has a free slot" {
	fw_start --concurrency 1
	fw_subworker w2 --concurrency 2
	for _ in 1 2 3 4 5; do
		fw submit add 1 1
		is "$(fw status last --json | jq -r .worker)" w2
	done
	for _ in 1 2 3; do fw submit -n wait_file "$gate"; done
	wait_for task_is running last
	is "$(fw status last --json | jq -r .worker)" control-plane/local
}

@test "the least-loaded worker is chosen" {
	fw_start --concurrency 0
	fw_subworker w1 --concurrency 4
	fw_subworker w2 --concurrency 4
	for _ in 1 2 3 4; do fw submit -n wait_file "$gate" && wait_for task_is running last; done
	is "$(fw tasks --json | jq -r .worker | sort | uniq -c | tr -s ' ' | tr '\n' ';')" " 2 w1; 2 w2;"
}

@test "a task goes to a worker that announced its name" {
	fw_start --concurrency 1
	printf '# @task\nonly_here() { echo here; }\n' >"$fw_dir/mine.sh"
	fw_bg --name w3 subworker --worker-id w3 -t "$fw_dir/mine.sh"
	wait_for has_worker w3
	try 0 submit only_here
	is "$output" here
	is "$(fw status last --json | jq -r .worker)" w3
	try 0 submit add 1 1
	is "$(fw status last --json | jq -r .worker)" control-plane/local
	kill "$BG"
	away() { ! has_worker w3; }
	wait_for away
	id=$(fw submit -n only_here)
	is "$(fw status "$id" --json | jq -r .state)" queued
	fw_bg --name w3 subworker --worker-id w3 -t "$fw_dir/mine.sh"
	try 0 wait "$id"
}

@test "--concurrency slots at a time, no more" {
	fw_start --concurrency 3
	for _ in 1 2 3 4 5; do fw submit -n wait_file "$gate"; done
	three() { [ "$(fw tasks --json | jq -r .state | sort | uniq -c | tr -s ' ' | tr '\n' ';')" = " 2 queued; 3 running;" ]; }
	wait_for three
	fw submit -n --priority critical note "$log" critical
	sleep 0.3
	three_still() { [ "$(fw tasks --json | jq -r 'select(.state == "running") | .state' | wc -l)" = 3 ]; }
	three_still
	[ ! -e "$log" ]
	touch "$gate"
	wait_for test -e "$log"
}

@test "cancel: what is queued never runs, what runs is ended with its whole tree" {
	fw_start --concurrency 1
	printf '# @task\ntree() {\n\t(trap "" TERM; sleep 300) &\n\tsetsid sleep 301 &\n\techo $$ >"$1"\n\tsleep 302\n}\n' >"$fw_dir/tree.sh"
	fw_bg subworker --worker-id w2 -t "$fw_dir/tree.sh"
	wait_for has_worker w2
	blocked
	queued=$(fw submit -n note "$log" never)
	running=$(fw submit -n tree "$fw_dir/pid")
	wait_for test -s "$fw_dir/pid"
	try 0 cancel "$queued"
	try 1 cancel "$queued"
	try 0 cancel "$running"
	is "$(fw status "$running" --json | jq -r .state)" cancelled
	gone() { ! grep -lsz "^HOME=$HOME\$" /proc/[0-9]*/environ | sed 's,environ,cmdline,' | xargs -r cat 2>/dev/null | tr '\0' ' ' | grep -q 'sleep 30[0-2]'; }
	PATIENCE=$((PATIENCE + 15)) wait_for gone
	touch "$gate"
	fw submit add 1 1
	[ ! -e "$log" ]
}

@test "a worker that is killed: its task goes to another" {
	fw_start --concurrency 0 --lease 1s
	fw_subworker w1
	id=$(fw submit -n wait_file "$gate")
	wait_for task_is running "$id"
	fw_subworker w2
	FW_KILLED=1
	kill -9 "$(fw workers --json | jq 'select(.id == "w1") | .pid')"
	elsewhere() { [ "$(fw status "$id" --json | jq -r '.worker + .state')" = w2running ]; }
	wait_for elsewhere
	touch "$gate"
	try 0 wait "$id"
	[ "$(fw status "$id" --json | jq .attempt)" -ge 2 ]
}
