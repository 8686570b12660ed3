#!/usr/bin/env bats
# Addresses and ports: what is taken, what is silent, how a control plane is found.
load helper

setup() { fw_setup; }
teardown() { fw_teardown; }

some_key='rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7'

listen() { # PORT
	"$PYTHON" "$REPO/tests/e2e/peers.py" listen "$1" 3>&- >"$fw_dir/listen" &
	LISTENER=$!
	wait_for grep -q listening "$fw_dir/listen"
}

@test "a port in use: the message names it and its holder" {
	# Another test that runs beside this one may take a port of the row first: then the next row.
	for _ in 1 2 3; do
		p=$(free_ports)
		listen $((p + 2))
		try 78 start --base-address "tcp://127.0.0.1:$p" --discovery-address auto
		[[ $stderr != *":$((p + 2)):"* ]] || break
		kill "$LISTENER"
	done
	has "$stderr" "$((p + 2))"
	has "$stderr" "python"
	has "$stderr" "$LISTENER"
}

@test "a second control plane of the same name is refused; the first serves on" {
	fw_start
	try 78 start --base-address auto
	has "$stderr" "$(context pid)"
	try 0 submit add 5 3
}

@test "nobody listening: 69 at once, what was tried and what to do" {
	p=$(free_ports)
	begun=$(ms)
	try 69 workers --discovery-address "tcp://127.0.0.1:$p" --server-key "$some_key"
	[ $(($(ms) - begun)) -lt $((PATIENCE * 100)) ]
	has "$stderr" "127.0.0.1:$p"
	has "$stderr" "start"
}

@test "silence: --connect-timeout" {
	p=$(free_ports)
	listen "$p"
	begun=$(ms)
	try 69 workers --discovery-address "tcp://127.0.0.1:$p" --server-key "$some_key" --connect-timeout 700ms
	took=$(($(ms) - begun))
	[ $took -ge 600 ]
	[ $took -lt $((700 + PATIENCE * 150)) ]
	has "$stderr" "127.0.0.1:$p"
}

@test "ports count from the base address, and any verb is taken on each" {
	p=$(free_ports)
	try 0 start --base-address "tcp://127.0.0.1:$p" --discovery-address "tcp://127.0.0.1:$((p + 6))" -t "$REPO/examples/tasks.sh"
	key=$(context server_key)
	for i in 0 1 2 3 4 6; do
		try 0 submit add $i 3 --discovery-address "tcp://127.0.0.1:$((p + i))" --server-key "$key"
		is "$output" $((i + 3))
		try 0 tasks --discovery-address "tcp://127.0.0.1:$((p + i))"
	done
	try 0 workers --discovery-address "127.0.0.1:$p"
	try 0 workers --discovery-address "tcp://localhost:$p" --server-key "$key"
}

@test "IPv6: [::1]" {
	[ -e /proc/net/if_inet6 ] && grep -q '^0*1 ' /proc/net/if_inet6 || skip "this machine has no ::1"
	p=$(free_ports)
	try 0 start --base-address "tcp://[::1]:$p" --discovery-address "tcp://[::1]:$((p + 6))" -t "$REPO/examples/tasks.sh"
	try 0 submit add 5 3
	is "$output" 8
	try 0 submit add 5 3 --discovery-address "tcp://[::1]:$p" --server-key "$(context server_key)"
	fw_subworker w6 --control-plane-address "tcp://[::1]:$p"
}

@test "--bind: only there" {
	p=$(free_ports)
	try 0 start --base-address "tcp://127.0.0.1:$p" --bind 127.0.0.2 --bind 127.0.0.3 --discovery-address auto
	key=$(context server_key)
	try 0 workers
	try 0 workers --discovery-address "tcp://127.0.0.2:$p" --server-key "$key"
	try 0 workers --discovery-address "tcp://127.0.0.3:$p" --server-key "$key"
	try 69 workers --discovery-address "tcp://127.0.0.1:$p" --server-key "$key"
}

@test "--base-address auto: two side by side, -P chooses" {
	fw_start -P one
	fw_start -P two
	[ "$(base_port one)" != "$(base_port two)" ]
	try 0 submit -P one add 1 1
	try 0 submit -P one add 1 1
	try 0 submit -P two add 2 2
	is "$(fw tasks -P one --json | wc -l)" 2
	is "$(fw tasks -P two --json | wc -l)" 1
	# Never another one by itself: not the only one either.
	try 69 tasks
	has "$stderr" "-P one, -P two"
	try 69 stop
	fw stop -P two >/dev/null
	try 69 stop
	is "$(fw tasks -P one --json | wc -l)" 2
	fw_start -P two
	try 0 submit -P two add 2 2
	FASTWORKER_PROFILE=two try 0 tasks --json
	is "$(wc -l <<<"$output")" 2 # with the one of before the stop: it is kept
}

@test "[profile NAME] of the configuration" {
	p=$(free_ports)
	mkdir -p "$XDG_CONFIG_HOME/fastworker"
	printf '[profile lab]\nbase-address = tcp://127.0.0.1:%d\ndiscovery_address = tcp://127.0.0.1:%d\nworker-id = lab-1\n' "$p" $((p + 6)) \
		>"$XDG_CONFIG_HOME/fastworker/config"
	try 0 start -P lab
	is "$(base_port lab)" "$p"
	is "$(context worker_id lab)" lab-1
	try 0 config -P lab
	has "$output" "config:2"
}

@test "a subworker joins, runs tasks and leaves" {
	fw_start --concurrency 0
	fw_subworker w2
	try 0 submit add 5 3
	is "$output" 8
	is "$(fw status last --json | jq -r .worker)" w2
	kill -TERM "$BG"
	status=0
	wait "$BG" || status=$?
	is "$status" 0
	run ! has_worker w2
}

@test "a second holder of a living worker id is refused by name" {
	fw_start --concurrency 0
	fw_subworker w2
	run --separate-stderr timeout "$PATIENCE" "$FW" subworker --worker-id w2 -t "$REPO/examples/tasks.sh"
	[ "$status" -ne 0 ] && [ "$status" -ne 124 ]
	has "$stderr" w2
	try 0 submit add 5 3
}

@test "a subworker's id is the host's name unless told" {
	fw_start --concurrency 0
	fw_bg subworker -t "$REPO/examples/tasks.sh"
	wait_for has_worker "$(hostname)"
}

@test "a subworker opens no port" {
	fw_start
	fw_subworker w2 --base-address tcp://127.0.0.1:6000
	has "$(cat w2.err)" "base-address"
	inodes=$(readlink /proc/"$BG"/fd/* | sed -n 's/socket:\[\(.*\)\]/\1/p')
	for inode in $inodes; do
		run ! awk -v inode="$inode" '$4 == "0A" && $10 == inode { found = 1 } END { exit !found }' /proc/net/tcp /proc/net/tcp6
	done
	[ -n "$inodes" ]
}

@test "subworkers come back by themselves when the control plane was killed and started again" {
	p=$(free_ports)
	try 0 start --base-address "tcp://127.0.0.1:$p" --discovery-address auto --concurrency 0
	fw_subworker w2
	FW_KILLED=1
	kill -9 "$(context pid)"
	dead() { try 69 workers; }
	wait_for dead
	has "$stderr" "start"
	try 0 start --base-address "tcp://127.0.0.1:$p" --discovery-address auto --concurrency 0
	wait_for has_worker w2
	try 0 submit add 5 3
	is "$output" 8
}

@test "the local worker is started again when it dies" {
	fw_start
	FW_KILLED=1
	kill -9 "$(fw workers --json | jq .pid)"
	try 0 submit add 5 3
	is "$output" 8
}

@test "worker --worker-id w1: a stand-alone worker binds no subworker port" {
	p=$(free_ports)
	fw_bg worker --worker-id w1 --base-address "tcp://127.0.0.1:$p" --discovery-address auto -t "$REPO/examples/tasks.sh"
	wait_for fw workers
	try 0 submit add 5 3
	is "$output" 8
	is "$(fw workers --json | jq -r .id)" w1/local
	is "$(fw workers --json | jq -r .slots)" 1
	run timeout 1 bash -c "exec 5<>/dev/tcp/127.0.0.1/$((p + 5))"
	[ "$status" -ne 0 ]
	timeout 1 bash -c "exec 5<>/dev/tcp/127.0.0.1/$p"
}

@test "start, stop, and again: nothing is left of it" {
	for _ in 1 2 3; do
		fw_start
		try 0 stop
		is "$(find "$XDG_RUNTIME_DIR/fastworker" -name "*.ctx" | wc -l)" 0
	done
	try 69 stop
}

@test "SIGTERM lets running tasks end, a second one does not" {
	fw_start
	gate=$BATS_TEST_TMPDIR/gate
	fw submit -n wait_file "$gate"
	wait_for task_is running last
	pid=$(context pid)
	kill -TERM "$pid"
	refuses() { ! fw submit -n add 1 1; }
	wait_for refuses

	kill -TERM "$pid"
	wait_for nothing_left
}
