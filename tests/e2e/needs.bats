#!/usr/bin/env bats
# Needs: a task goes only to a worker that has what it needs, and holds up nobody else.

load helper

setup() { fw_setup; }
teardown() { fw_teardown; }

field() { # KEY ID
	fw status --json "$2" | jq -r ".$1"
}

@test "a task that needs something waits for a worker that has it, says so, and holds up nobody" {
	fw_start --concurrency 1
	try 0 submit -n --needs 'gpu db' add 1 2
	id=$output
	is "$(field needs "$id")" "db,gpu"
	is "$(field waits "$id")" "no worker has db, gpu"
	try 0 status "$id"
	has "$output" "no worker has db, gpu"
	try 0 submit add 5 3
	is "$output" 8
	fw_subworker w-db --has db
	is "$(field waits "$id")" "no worker has gpu"
	fw_subworker w-both --has db,gpu
	try 0 wait "$id"
	is "$(field worker "$id")" w-both
	is "$(field waits "$id")" null
	is "$(fw workers --json | jq -r 'select(.id == "w-both").has')" "db,gpu"
}

@test "the local worker has what control-plane --has says" {
	fw_start --concurrency 1 --has db
	try 0 submit --needs db add 1 2
	is "$output" 3
}

@test "a module says what its task needs" {
	printf '# @task needs=db\nquery() { echo from db; }\n# @task\nother() { echo other; }\n' >m.sh
	MODULES=$PWD/m.sh
	fw_start --concurrency 1
	try 0 submit -n query
	id=$output
	is "$(field waits "$id")" "no worker has db"
	try 0 submit other
	fw_subworker w2 --has db
	try 0 wait "$id"
	is "$(field worker "$id")" w2
}

@test "needs are kept over a restart" {
	fw_start --concurrency 1
	try 0 submit -n --needs db add 1 2
	id=$output
	try 0 stop
	fw_start --concurrency 1
	is "$(field waits "$id")" "no worker has db"
	try 0 stop
	fw_start --concurrency 1 --has db
	try 0 wait "$id"
	is "$(fw result "$id")" 3
}

@test "words that are none are refused, and what was wrong is said" {
	fw_start --concurrency 1
	try 125 submit --needs 'a/b' add 1 2
	has "$stderr" 'a/b'
	try 64 subworker --worker-id w2 --has 'x y/z' -t "$REPO/examples/tasks.sh"
	has "$stderr" 'y/z'
	printf '# @task needs=\nf() { :; }\n' >m.sh
	try 65 subworker --worker-id w2 -t m.sh
	has "$stderr" 'm.sh:1: needs='
}
