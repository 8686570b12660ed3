#!/usr/bin/env bats
# Results: stdout byte for byte, as JSON where it is JSON, and what a terminal gets.
load helper

setup_file() { fw_setup && fw_start; }
teardown_file() { fw_teardown; }

same_bytes() { # FILE: goes through a task unchanged, waited for and fetched later
	"$FW" submit bytes "$1" >"$BATS_TEST_TMPDIR/now"
	cmp "$1" "$BATS_TEST_TMPDIR/now"
	"$FW" result last >"$BATS_TEST_TMPDIR/later"
	cmp "$1" "$BATS_TEST_TMPDIR/later"
}

@test "all 256 byte values come back as they are" {
	for i in $(seq 0 255); do printf "\\x$(printf %x "$i")"; done >"$BATS_TEST_TMPDIR/all"
	same_bytes "$BATS_TEST_TMPDIR/all"
}

@test "no newline is added in a pipe, none is taken" {
	for text in '' x $'x\n' $'x\n\n' $'\n' '"quoted"' $'5\n' '{"a": 1}'; do
		printf %s "$text" >"$BATS_TEST_TMPDIR/text"
		same_bytes "$BATS_TEST_TMPDIR/text"
	done
}

@test "random bytes of every size class: inline, at the limit, large" {
	for size in 1 98303 98304 98305 131072 1000000 8000000; do
		head -c $size /dev/urandom >"$BATS_TEST_TMPDIR/random"
		same_bytes "$BATS_TEST_TMPDIR/random"
	done
}

@test "in --json a result that is a JSON value is that value, another a string without its last newline" {
	json() { # TEXT JSON
		try 0 submit --json --str say "$1"
		is "$(jq -c .result <<<"$output")" "$2"
	}
	json 8 8
	json $'[1, 2]\n' '[1,2]'
	json '{"a":"b"}' '{"a":"b"}'
	json 007 '"007"'
	json $'two\nlines\n' '"two\nlines"'
	json '"s"' '"s"'
	json true true
	json '' '""'
}

@test "echo: a string prints raw, other JSON as written" {
	try 0 submit echo hello
	is "$output" hello
	try 0 submit echo '"a\nb"'
	is "$output" $'a\nb'
	try 0 submit echo '{"a": 1.0}'
	is "$output" '{"a": 1.0}'
	try 0 submit echo
	is "$output" null
}

@test "a terminal gets a newline if one is missing, and no second one" {
	script -qec "'$FW' submit --str say abc" /dev/null </dev/null >"$BATS_TEST_TMPDIR/tty"
	is "$(tr -d '\r' <"$BATS_TEST_TMPDIR/tty" | od -An -c | tr -s ' ')" " a b c \\n"
	script -qec "'$FW' submit add 5 3" /dev/null </dev/null >"$BATS_TEST_TMPDIR/tty"
	is "$(tr -d '\r' <"$BATS_TEST_TMPDIR/tty" | od -An -c | tr -s ' ')" " 8 \\n"
}

@test "a terminal is not obeyed: escape sequences are shown, not sent" {
	printf '\033]0;owned\007\033[31mred' >"$BATS_TEST_TMPDIR/esc"
	script -qec "'$FW' submit bytes '$BATS_TEST_TMPDIR/esc'" /dev/null </dev/null >"$BATS_TEST_TMPDIR/tty"
	run ! grep -q $'\033' "$BATS_TEST_TMPDIR/tty"
	grep -q 'red' "$BATS_TEST_TMPDIR/tty"
}

@test "stderr of a failure is in the message, stdout is not lost" {
	try 3 submit fail_with 3
	has "$stderr" "failing with 3, as asked"
	has "$stderr" "fail_with"
}

@test "result of a task that runs, is unknown or has failed" {
	gate=$BATS_TEST_TMPDIR/gate
	id=$(fw submit -n wait_file "$gate")
	run --separate-stderr "$FW" result "$id"
	[ "$status" -ne 0 ]
	[ -n "$stderr" ]
	touch "$gate"
	try 0 wait "$id"
	run --separate-stderr "$FW" result 01900000-0000-7000-8000-000000000000
	[ "$status" -ne 0 ]
	has "$stderr" "01900000"
}

@test "the cache holds what it is told to" {
	fw_setup
	fw_start -P small --durability memory --result-cache-size 3
	for i in 1 2 3 4 5; do ids[i]=$(fw submit -P small -n add "$i" 0) && fw wait -q -P small "${ids[i]}"; done
	try 0 result -P small "${ids[5]}"
	is "$output" 5
	run --separate-stderr "$FW" result -P small "${ids[1]}"
	[ "$status" -ne 0 ]
	fw_teardown
}

@test "results expire after the time they are told to" {
	fw_setup
	fw_start -P brief --durability memory --result-cache-ttl 1
	id=$(fw submit -P brief -n add 1 0)
	fw wait -q -P brief "$id"
	gone() { ! "$FW" result -P brief "$id"; }
	wait_for gone
	fw_teardown
}

@test "wait: several tasks at once, some of them over already" {
	a=$(fw submit -n true) b=$(fw submit -n sleep 0.3) c=$(fw submit -n sleep 0.2) d=$(fw submit -n fail_with 4)
	try 4 wait "$a" "$b" "$c" "$d"
	is "$(wc -l <<<"$output")" 4
}
