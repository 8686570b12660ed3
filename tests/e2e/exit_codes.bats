#!/usr/bin/env bats
# The table of exit codes: 0-123 and 128+n are the task's where one is run; 124-127 ours; sysexits elsewhere.
load helper

setup_file() { fw_setup && fw_start; }
teardown_file() { fw_teardown; }

@test "submit and wait pass on the task's status" {
	try 0 submit true
	for code in 1 2 3 64 75 123; do
		try $code submit fail_with $code
		try $code wait last -q
	done
}

@test "a task that a signal killed: 128+n" {
	try 143 submit killed TERM
	try 137 submit killed KILL
}

@test "a task over its own time-out: 124, and it says so" {
	try 124 submit too_slow
	matches "$stderr" "time"
	try 124 submit --timeout 200ms sleep 30
}

@test "--wait-timeout: 124, and the task goes on" {
	gate=$BATS_TEST_TMPDIR/gate
	try 124 submit --wait-timeout 200ms wait_file "$gate"
	is "$(fw status --json last | jq -r .state)" running
	try 124 wait --wait-timeout 200ms last
	touch "$gate"
	try 0 wait last
}

@test "no such task name: 127; our own failures: 125" {
	try 127 submit nothing_like_it
	try 125 submit
	try 125 submit --no-such-option add 1 2
	try 125 submit --priority urgent add 1 2
	try 127 wait 01900000-0000-7000-8000-000000000000
}

@test "--json tells whose status it is" {
	try 3 submit --json fail_with 3
	is "$(jq -r .exit_from <<<"$output")" task
	try 125 submit --json --priority urgent add 1 2
	is "$(jq -r .exit_from <<<"$stderr")" fastworker
}

@test "a cancelled task: 143" {
	id=$(fw submit -n sleep 60)
	try 0 cancel "$id"
	try 143 wait "$id"
}

@test "no: unknown ids and what is final already" {
	try 1 status 01900000-0000-7000-8000-000000000000
	try 1 status 999999
	try 1 cancel 999999
	fw submit add 1 1
	try 1 cancel last
	has "$stderr$output" success
}

@test "usage: 64" {
	try 64 no-such-command
	try 64 statsu
	has "$stderr" "did you mean"
	try 64 status
	try 64 cancel
	try 64 tasks --no-such-option
	try 64 tasks --log-level LOUD
	try 64 workers --jsno
	has "$stderr" "--json"
}

@test "no control plane: 69; where a task's status is passed on: 125" {
	fw_setup
	try 69 status 1
	has "$stderr" "start"
	try 69 workers
	try 125 submit add 1 2
	has "$stderr" "start"
}

@test "wrong configuration: 78" {
	fw_setup
	mkdir -p "$XDG_CONFIG_HOME/fastworker"
	echo 'nonsense = 1' >"$XDG_CONFIG_HOME/fastworker/config"
	try 78 workers
	has "$stderr" "config:1"
	echo 'log-level = LOUD' >"$XDG_CONFIG_HOME/fastworker/config"
	try 78 workers
	has "$stderr" LOUD
}

@test "busy: 75, and nothing was queued" {
	fw_setup
	fw_start -P full --max-queued 2 --concurrency 1
	gate=$BATS_TEST_TMPDIR/gate
	fw submit -P full -n wait_file "$gate"
	wait_for task_is running 1 -P full
	fw submit -P full -n add 1 1
	fw submit -P full -n add 1 1
	try 75 submit -P full -n add 1 1
	try 75 submit -P full add 1 1
	is "$(fw tasks -P full --json | wc -l)" 3
	touch "$gate"
	fw wait -P full -q 1-3
	try 0 submit -P full add 2 2
	fw_teardown
}

@test "stdout that cannot be written: 74; a reader that goes away is no error to talk about" {
	run --separate-stderr sh -c "'$FW' tasks >/dev/full"
	is "$status" 74
	has "$stderr" "space"
	run --separate-stderr bash -c "'$FW' help | head -n 1"
	is "$status" 0
	is "$stderr" ""
}

@test "a word too many is refused, above all by what stops things" {
	for command in stop workers queues version config start list; do
		try 64 $command surplus
		has "$stderr" surplus
	done
}
