#!/usr/bin/env bats
# Groups: b3 names all tasks of a map, for every command that takes tasks; it outlives a restart.
load helper

setup() { fw_setup; fw_start; }
teardown() { fw_teardown; }

# A map of programs that write and sleep, left alone: B is its number.
leave_map() { # SECONDS...
	fw_bg map -j9 -- sh -c 'echo "out $1"; echo "err $1" >&2; sleep $1' - ::: "$@"
	all_in() { [ "$(fw tasks --json | jq -s 'map(select(.name == "fw.run")) | length')" = "$n" ]; }
	n=$#
	wait_for all_in
	kill -INT "$BG"
	wait "$BG" || true
	B=$(fw tasks --json | jq -s 'map(.batch) | max')
}

@test "numbers, the filter, wait, status, result, logs" {
	try 0 map echo ::: a b
	try 0 map echo ::: c
	try 0 tasks --json batch=1
	is "$(jq -r .args_preview <<<"$output" | sort)" $'["a"]\n["b"]'
	try 0 tasks --json batch=2
	is "$(jq -r .batch <<<"$output")" 2
	try 0 wait b1
	is "$(wc -l <<<"$output")" 2
	try 0 status b1 --json
	is "$(jq -r .batch <<<"$output")" $'1\n1'
	try 0 result b1 --json
	is "$(jq -r .result <<<"$output")" $'a\nb'
	try 127 wait b7
	has "$stderr" "no such task: b7"
	leave_map 0.1 0.2
	try 0 wait "b$B"
	try 0 logs -f "b$B"
	has "$output" "| out 0.1"
	has "$output" "| err 0.2"
}

@test "cancel ends all of it, and it takes no more" {
	leave_map 30 31 32
	try 0 cancel "b$B" --reason enough
	is "$(grep -c cancelled <<<"$output")" 3
	try 0 status "b$B" --json
	is "$(jq -r .cancel_reason <<<"$output" | sort -u)" enough
	try 1 cancel "b$B"
	has "$stderr" "all of its tasks have ended"
}

@test "a map whose group is cancelled hands in no more" {
	fw_bg map -j1 -- sleep ::: 30 31 32
	one_runs() { fw tasks --json state=running | jq -e .batch; }
	wait_for one_runs
	try 0 cancel b1
	status=0
	wait "$BG" || status=$?
	is "$status" 1
	has "$(<"$fw_dir/bg.err")" "b1 was cancelled"
	has "$(<"$fw_dir/bg.err")" "2 inputs were not handed in"
	is "$(fw tasks --json | wc -l)" 1
}

@test "groups and their numbers outlive a restart" {
	try 0 map echo ::: a b
	fw stop
	fw_start
	try 0 result b1 --json
	is "$(jq -r .result <<<"$output")" $'a\nb'
	try 0 map echo ::: c
	try 0 tasks --json batch=2
	is "$(jq -r .args_preview <<<"$output")" '["c"]'
}
