#!/usr/bin/env bats
# not sanitized: figures say nothing there
# bench/run: the table, its checks, and that nothing stays behind. Short: what is measured here is bench/run, not how fast we are.
load helper

setup() {
	fw_setup
	export BENCH_ROUNDS=2 BENCH_SECONDS=0.02 BENCH_QUEUED=400 BENCH_RIVALS=xargs BENCH_DIR=$fw_dir/bench
	mkdir "$BENCH_DIR"
}
teardown() { fw_teardown; }

# A fastworker that does otherwise with one command; the words of $1 are the body of a shell's case.
liar() {
	printf '#!/bin/sh\ncase $1 in\n%s\nesac\nexec "%s" "$@"\n' "$1" "$FW" >"$fw_dir/liar"
	chmod +x "$fw_dir/liar"
}

@test "every measure has its row of ours, with spread, ratio and bar" {
	run --separate-stderr "$REPO/bench/run"
	is "$status" 0
	is "$stderr" ""
	is "$(ls "$BENCH_DIR")" ""
	matches "$output" 'fastworker shell: submit -n, wait \([0-9]+\) +[0-9.,]+ +[0-9.,]+ - [0-9.,]+'
	matches "$output" 'fastworker, client library \([0-9]+\) +[0-9.,]+ +[0-9.,]+ - [0-9.,]+'
	matches "$output" 'xargs -P2 -n1 true \([0-9]+\) +[0-9.,]+ +[0-9.,]+ - [0-9.,]+ +[0-9.]+x \([0-9.]+ - [0-9.]+\) +at least 0.900: (holds|MISSED)'
	matches "$output" 'xargs -P2 -n1 bash -c \([0-9]+\) .* at least 2.50: (holds|MISSED)'
	matches "$output" 'fastworker, 2 slots \([0-9]+\) +[0-9.,]+ .* at least 50,000: (holds|MISSED)'
	matches "$output" '[0-9.]+ tasks a message'
	matches "$output" 'fastworker submit -n true \([0-9]+\) +[0-9.]+ .* at most 10.0: (holds|MISSED)'
	matches "$output" 'fastworker: control plane +[0-9.]+ MB +[0-9.]+ MB +at most 10 MB: (holds|MISSED)'
	matches "$output" 'fastworker +[0-9.]+ MB +[0-9.]+ MB +[0-9.,]+'
	matches "$output" 'xargs -P2 -n1 true +1.00 '
	hasnt "$output" WRONG
	hasnt "$output" PROBLEM
	hasnt "$output" failed
}

@test "only what is asked for; a measure that there is not is an error" {
	run --separate-stderr "$REPO/bench/run" submit
	is "$status" 0
	has "$output" "a command that queues a task"
	hasnt "$output" "memory of"
	run --separate-stderr "$REPO/bench/run" submit nosuch
	is "$status" 1
	has "$stderr" "no measure nosuch; there are: true function"
	is "$(ls "$BENCH_DIR")" ""
}

@test "a wrong answer of ours is counted, told and the exit status" {
	liar 'shell) "'"$FW"'" "$@" | sed "s/^7$/8/"; exit ;;'
	FW=$fw_dir/liar run --separate-stderr "$REPO/bench/run" function
	is "$status" 1
	matches "$output" '[0-9]+ WRONG'
	has "$output" "PROBLEM: fastworker shell: submit -n, wait: "
}

@test "a command of ours that fails is told, the rest is measured" {
	liar 'submit) echo no luck >&2; exit 70 ;;'
	FW=$fw_dir/liar run --separate-stderr "$REPO/bench/run" true submit
	is "$status" 1
	has "$output" "failed: "
	has "$output" "exit status 70: no luck"
	matches "$output" 'xargs -P2 -n1 true \([0-9]+\) +[0-9.,]+'
	is "$(ls "$BENCH_DIR")" ""
}

@test "when we cannot be started, that is told, and no bar holds" {
	liar 'control-plane) echo no luck >&2; exit 70 ;;'
	FW=$fw_dir/liar run --separate-stderr "$REPO/bench/run" true
	is "$status" 1
	has "$output" "fastworker cannot be started: our control plane ended: no luck"
	has "$output" "at least 0.900: not measured"
}

@test "what is over its time is named" {
	BENCH_LIMIT=0 run --separate-stderr "$REPO/bench/run" submit memory
	is "$status" 0
	has "$output" "submit: not measured, the 0 s are over"
	has "$output" "memory: not measured, the 0 s are over"
}

@test "a rival that is not here is named" {
	PATH=/usr/bin:/bin BENCH_RIVALS="celery fastworker" run --separate-stderr env HOME="$HOME" "$REPO/bench/run" submit
	is "$status" 0
	[ -e "$REPO/build-bench/venv/bin/celery" ] || has "$output" "not installed: Celery + Redis (no "
}
