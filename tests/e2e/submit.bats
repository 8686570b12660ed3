#!/usr/bin/env bats
# submit: waiting, queueing, FastWorker's spelling, arguments and their types.
load helper

setup_file() { fw_setup && fw_start; }
teardown_file() { fw_teardown; }

@test "add 5 3 prints 8" {
	try 0 submit add 5 3
	is "$output" 8
	is "$stderr" ""
}

@test "-n prints the UUID alone, wait and result find it" {
	try 0 submit -n add 1 2
	matches "$output" "^$uuid\$"
	id=$output
	try 0 wait "$id"
	try 0 result "$id"
	is "$output" 3
}

@test "FastWorker's spelling, verbatim" {
	try 0 submit --task-name add --args 5 3 --priority high --non-blocking
	matches "$output" "^Task ID: $uuid\$"
	id=${output#Task ID: }
	try 0 wait "$id"
	try 0 status --task-id "$id" --json
	is "$(jq -r '.state + " " + .priority' <<<"$output")" "success high"
	try 0 submit --task-name add --args 5 3
	is "$output" 8
}

@test "options stand anywhere before --" {
	try 0 submit add 5 --priority low 3
	is "$output" 8
	try 0 submit show_args -- -n --json
	is "$output" $'<-n>\n<--json>'
	try 0 submit --priority low --task-name show_args --args -3 x --str
	is "$output" $'<-3>\n<x>'
}

@test "an argument is typed only when it is one whole JSON value" {
	try 0 submit echo 5 true null 1.50 '[1, 2]' '{"a":1}' '"q"'
	is "$output" '[5,true,null,1.50,[1, 2],{"a":1},"q"]'
	try 0 submit echo 007 +1555 nan NaN True 1e 0x10 '' ' ' '[1'
	is "$output" '["007","+1555","nan","NaN","True","1e","0x10",""," ","[1"]'
	try 0 submit echo 12345678901234567890123 1e400
	is "$output" '[12345678901234567890123,1e400]'
}

@test "--str makes all arguments strings" {
	try 0 submit --str echo 5 true
	is "$output" '["5","true"]'
	try 0 submit --str show_args 5 '"q"'
	is "$output" $'<5>\n<"q">'
}

@test "arguments reach a task as they are" {
	try 0 submit --str show_args 'a b' '$(id)' '`id`' "it's" '"' '*' $'two\nlines' '' '; rm -rf /' 'ü€😀' '\n'
	is "$output" $'<a b>\n<$(id)>\n<`id`>\n<it\'s>\n<">\n<*>\n<two\nlines>\n<>\n<; rm -rf />\n<ü€😀>\n<\\n>'
}

@test "- takes an argument from stdin" {
	run --separate-stderr "$FW" submit length - < <(head -c 100000 /dev/zero | tr '\0' x)
	is "$status $output" "0 100000"
	run --separate-stderr "$FW" submit echo a - b <<<'[1,2]'
	is "$status" 0
	has "$output" '[1,2]'
}

@test "--kw and --kwargs" {
	try 0 submit keywords --kw a=1 --kw 'b=two words'
	is "$output" "1,two words"
	try 0 submit keywords --kwargs '{"a": 5, "b": [1]}'
	is "$output" "5,[1]"
	try 0 submit keywords --kwargs '{"a": 5}' --kw b==
	is "$output" "5,="
}

@test "an unknown name: 127 with a did-you-mean, and nothing is queued" {
	before=$(fw tasks --json | wc -l)
	try 127 submit ad 1 2
	has "$stderr" "add"
	try 127 submit -n ad 1 2
	try 127 submit qqqqqqqqqqqq
	is "$(fw tasks --json | wc -l)" "$before"
}

@test "--defer queues an unknown name" {
	try 0 submit -n --defer unknown_task_name 1
	id=$output
	try 0 status --json "$id"
	is "$(jq -r .state <<<"$output")" queued
	try 0 cancel "$id"
}

@test "a priority that is none is a usage error" {
	try 125 submit --priority urgent add 1 2
	has "$stderr" "urgent"
	has "$stderr" "critical"
}

@test "the task goes on when the client is gone" {
	gate=$BATS_TEST_TMPDIR/gate
	"$FW" submit wait_file "$gate" 3>&- >/dev/null 2>&1 &
	client=$!
	running() { fw tasks --json | jq -r 'select(.name == "wait_file" and .state == "running") | .id' >"$BATS_TEST_TMPDIR/id"; [ -s "$BATS_TEST_TMPDIR/id" ]; }
	wait_for running
	id=$(cat "$BATS_TEST_TMPDIR/id")
	kill -9 $client
	touch "$gate"
	try 0 wait "$id"
}

@test "numbers, last and ranges name tasks" {
	fw submit add 1 1
	fw submit add 2 2
	n=$(fw status --json last | jq .n)
	try 0 result last
	is "$output" 4
	try 0 result $((n - 1))
	is "$output" 2
	try 0 wait $((n - 1))-$n
}
