#!/usr/bin/env bats
# Workers that get nothing new, and processes that end when what they run has ended.
load helper

setup() { fw_setup && MODULES="$REPO/tests/e2e/tasks.sh $REPO/tests/e2e/stubborn.sh" && gate=$fw_dir/gate; }
teardown() { touch "$gate" && fw_teardown; }

worker_state() { fw workers --json | jq -r --arg id "$1" 'select(.id == $id) | .state'; }
state_is() { [ "$(worker_state "$1")" = "$2" ]; }
pid_of() { fw workers --json | jq -r --arg id "$1" 'select(.id == $id) | .pid'; }
ended() { ! kill -0 "$1" 2>/dev/null; }

@test "a drained worker gets nothing new, and what it runs goes on; undrain ends that" {
	fw_start --concurrency 0
	fw_subworker w1
	running=$(fw submit -n wait_file "$gate")
	wait_for task_is running "$running"
	try 0 drain w1
	is "$output" "w1 gets nothing new, 1 running"
	is "$(worker_state w1)" draining
	try 0 drain w1
	is "$output" "w1 was draining already, 1 running"
	waiting=$(fw submit -n say hello)
	touch "$gate"
	try 0 wait "$running"
	is "$(fw status "$waiting" --json | jq -r .state)" queued
	# It is there still.
	state_is w1 draining
	try 0 undrain w1 --json
	is "$(jq -c '[.worker, .ok, .draining, .running]' <<<"$output")" '["w1",true,false,0]'
	try 0 wait "$waiting"
	is "$(worker_state w1)" active
	try 1 drain w1 nobody
	has "$stderr" "nobody: no such worker"
	is "$(worker_state w1)" draining
	try 64 drain
}

@test "the worker remembers it when the control plane starts anew, and so does the control plane when the worker is away" {
	port=$(free_ports)
	address=(--base-address "tcp://127.0.0.1:$port" --discovery-address "tcp://127.0.0.1:$((port + 6))")
	fw start "${address[@]}" -t "$REPO/tests/e2e/tasks.sh" --concurrency 0 >/dev/null
	fw_subworker w1
	fw drain w1
	fw stop
	fw start "${address[@]}" -t "$REPO/tests/e2e/tasks.sh" --concurrency 0 >/dev/null
	wait_for state_is w1 draining
	# Stopped, it hears nothing; the order waits for it.
	kill -STOP "$(pid_of w1)"
	try 0 undrain w1
	try 0 drain w1
	kill -CONT "$(pid_of w1)"
	id=$(fw submit -n say hello)
	is "$(worker_state w1)" draining
	fw undrain w1
	try 0 wait "$id"
}

@test "only an admin may drain" {
	fw_start --concurrency 1
	port=$(base_port) key=$(context server_key) discovery=$(context discovery_address)
	mkdir -m 700 "$fw_dir/guest"
	guest() { XDG_CONFIG_HOME="$fw_dir/guest" "$FW" "$@" --discovery-address "tcp://127.0.0.1:$port" --server-key "$key"; }
	guest workers || true # makes the key
	fw stop
	echo "$(sed -n 's/^public = //p' "$fw_dir/guest/fastworker/client.key") role=submit,query name=guest" >"$XDG_CONFIG_HOME/fastworker/authorized_keys"
	chmod 600 "$XDG_CONFIG_HOME/fastworker/authorized_keys"
	fw start --base-address "tcp://127.0.0.1:$port" --discovery-address "$discovery" --concurrency 1 -t "$REPO/tests/e2e/tasks.sh"
	guest workers
	run -77 guest drain control-plane/local
	is "$(worker_state control-plane/local)" active
}

@test "SIGTERM: what runs may end, nothing new comes, then the worker leaves with 0" {
	fw_start --concurrency 1
	fw_subworker w1
	id=$(fw submit -n wait_file "$gate")
	wait_for task_is running "$id"
	kill "$BG"
	wait_for state_is w1 draining
	try 0 submit say hello
	is "$(fw status last --json | jq -r .worker)" control-plane/local
	try 0 undrain w1
	is "$output" "w1 is ending and gets nothing new, 1 running"
	touch "$gate"
	try 0 wait "$id"
	wait "$BG"
	is "$(fw status "$id" --json | jq -r '"\(.worker) \(.attempt)"')" "w1 1"
}

@test "--shutdown-timeout: over it, what runs is ended and queued again" {
	fw_start --concurrency 0
	fw_subworker w1 --shutdown-timeout 300ms
	id=$(fw submit -n wait_file "$gate")
	wait_for task_is running "$id"
	kill "$BG"
	wait "$BG"
	queued() { [ "$(fw status "$id" --json | jq -r .state)" = queued ]; }
	wait_for queued
	# It left in order: that is not held against the task.
	is "$(fw status "$id" --json | jq .lost)" null
}

@test "a second SIGTERM stops at once" {
	fw_start --concurrency 0
	fw_subworker w1 --shutdown-timeout 1h
	id=$(fw submit -n wait_file "$gate")
	wait_for task_is running "$id"
	kill "$BG"
	wait_for state_is w1 draining
	from=$(ms)
	kill "$BG"
	wait "$BG"
	[ $(($(ms) - from)) -lt 4000 ]
	is "$(fw status "$id" --json | jq -r .state)" queued
}

@test "the control plane: SIGTERM lets its local worker's tasks end, a second one does not" {
	fw_start --concurrency 1 --shutdown-timeout 1h
	pid=$(context pid)
	id=$(fw submit -n wait_file "$gate")
	wait_for task_is running "$id"
	kill "$pid"
	refused() { ! fw submit say hello; }
	wait_for refused
	kill -0 "$pid"
	kill "$pid"
	wait_for ended "$pid"
	[ ! -e "$gate" ]
}
