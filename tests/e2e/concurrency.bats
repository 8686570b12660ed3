#!/usr/bin/env bats
# Many at once: everybody gets the answer to what they asked.
load helper

setup_file() { fw_setup && fw_start; }
teardown_file() { fw_teardown; }

asker() { # N: a hundred additions, each waited for; a line for each wrong answer
	for i in $(seq 100); do
		got=$("$FW" submit add "$1" "$i")
		[ "$got" = $(($1 + i)) ] || echo "$1 + $i = $got"
	done
	echo "done $1"
}

@test "400 submissions from 4 processes at once: each gets its own answer" {
	for n in 1000 2000 3000 4000; do asker $n 3>&- >"$BATS_TEST_TMPDIR/$n" & done
	wait
	is "$(cat "$BATS_TEST_TMPDIR"/[1-4]000)" $'done 1000\ndone 2000\ndone 3000\ndone 4000'
}

@test "40 at the same moment, of all priorities" {
	for i in $(seq 40); do
		"$FW" submit add "$i" 500 --priority "$(set -- low normal high critical && shift $((i % 4)) && echo "$1")" 3>&- \
			>"$BATS_TEST_TMPDIR/$i" 2>&1 &
	done
	wait
	for i in $(seq 40); do is "$(cat "$BATS_TEST_TMPDIR/$i")" $((i + 500)); done
}

@test "results of many tasks, fetched in any order, are their own" {
	for i in $(seq 50); do ids[i]=$(fw submit -n add "$i" 0); done
	fw wait -q "${ids[@]}"
	for i in $(seq 50 -1 1); do is "$(fw result "${ids[i]}")" "$i"; done
}
