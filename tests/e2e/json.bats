#!/usr/bin/env bats
# --json: one object, or one per line for lists; each with "schema": 1.
load helper

setup_file() {
	fw_setup && fw_start && fw submit add 5 3 >/dev/null && fw submit -n add 1 1 && { fw submit fail_with 2 || true; }
	return 0
}
teardown_file() { fw_teardown; }

lines() { # how many JSON objects with schema 1; anything else is an error
	jq -ce 'if .schema == 1 then . else error("no schema: \(.)") end' <<<"$output" >"$BATS_TEST_TMPDIR/lines"
	is "$(wc -l <"$BATS_TEST_TMPDIR/lines")" "$(wc -l <<<"$output")"
	wc -l <"$BATS_TEST_TMPDIR/lines"
}

@test "one object" {
	for words in "submit add 5 3" "submit -n add 5 3" "status last" "status --task-id 1" "result 1" "version"; do
		# shellcheck disable=SC2086
		try 0 $words --json
		is "$(lines)" 1
	done
}

@test "lists are JSON lines" {
	for words in tasks ps workers queues "list -t $REPO/examples/tasks.sh" "list" config; do
		# shellcheck disable=SC2086
		try 0 $words --json
		[ "$(lines)" -ge 1 ]
	done
}

@test "wait is a line per task" {
	try 0 wait 1-2 --json
	is "$(lines)" 2
}

@test "cancel" {
	id=$(fw submit -n sleep 60)
	try 0 cancel "$id" --json
	is "$(lines)" 1
	is "$(jq -r .id <<<"$output")" "$id"
}

@test "what submit says" {
	try 0 submit --json add 5 3
	is "$(jq -c '[.name, .state, .result, .exit_status, .exit_from]' <<<"$output")" '["add","success",8,0,"task"]'
	matches "$(jq -r .id <<<"$output")" "^$uuid\$"
}

@test "errors are an object on stderr, and stdout stays empty" {
	try 1 status 999999 --json
	is "$(jq -r '[.schema, .code, .exit] | join(" ")' <<<"$stderr")" "1 no 1"
	try 64 tasks --nonsense --json
	is "$output" ""
	is "$(jq -r .exit <<<"$stderr")" 64
	try 127 submit nothing_like_it --json
	is "$(jq -r .exit <<<"$stderr")" 127
}

@test "start and stop" {
	fw_setup
	try 0 start -P other --base-address auto --json
	is "$(lines)" 1
	try 0 stop -P other --json
	is "$(lines)" 1
	fw_teardown
}
