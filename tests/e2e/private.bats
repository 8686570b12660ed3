#!/usr/bin/env bats
# Commands that start a control plane of their own when none is there, and its end when it is idle.
load helper

setup() {
	fw_setup
	TASKS=$REPO/examples/tasks.sh
	# The default ports may be another's; then it takes free ones.
	export FASTWORKER_IDLE_EXIT=1h
}
teardown() { fw_teardown; }

gone() { # the control plane of PROFILE has ended, and nothing of it is left
	[ ! -e "$XDG_RUNTIME_DIR/fastworker/${1:-default}.ctx" ] && nothing_left
}

# How often one became ready, by its log.
starts() {
	grep -c ' ready worker_id=' "$XDG_STATE_HOME/fastworker/${1:-default}.log"
}

@test "submit -t on empty folders prints the result and says nothing; the control plane ends when it is idle" {
	FASTWORKER_IDLE_EXIT=1s try 0 submit -t "$TASKS" add 5 3
	is "$output" 8
	is "$stderr" ""
	wait_for gone
	has "$(cat "$XDG_STATE_HOME/fastworker/default.log")" idle.exit
}

@test "the next command uses it" {
	try 0 submit -t "$TASKS" add 5 3
	pid=$(context pid)
	try 0 submit add 1 2
	is "$output" 3
	try 0 submit -t "$TASKS" add 1 2
	is "$(context pid)" "$pid"
	is "$(starts)" 1
}

@test "run starts one, too" {
	try 3 run -- sh -c 'echo here; exit 3'
	is "$output" here
	is "$stderr" ""
	is "$(starts)" 1
}

@test "map starts one, too, with a module or for programs" {
	try 0 map -t "$TASKS" add ::: 1 2 ::: 3
	is "$output" $'4\n5'
	try 0 map -P other -- echo {}! ::: a b
	is "$output" $'a!\nb!'
	is "$(starts) $(starts other)" "1 1"
	try 125 map -P third --no-start -- echo ::: a
	has "$stderr" "fastworker start"
}

@test "wrong words start nothing" {
	try 125 submit -t "$TASKS"
	try 125 submit -t "$TASKS" --kwargs '{' add
	try 125 run
	wait_for gone
}

@test "ten at once start one" {
	for i in 1 2 3 4 5 6 7 8 9 10; do
		"$FW" submit -t "$TASKS" add "$i" 1 3>&- >"out.$i" 2>&1 &
	done
	wait
	for i in 1 2 3 4 5 6 7 8 9 10; do
		is "$(cat "out.$i")" $((i + 1))
	done
	is "$(starts)" 1
}

@test "--no-start, and submit without -t: as before" {
	try 125 submit --no-start -t "$TASKS" add 5 3
	has "$stderr" "fastworker start"
	try 125 run --no-start true
	has "$stderr" "fastworker start"
	try 125 submit add 5 3
	has "$stderr" "fastworker start"
	try 69 workers
	gone
}

@test "an address of another host, in any of the places where it may stand, starts nothing" {
	away=tcp://192.0.2.1:5550
	try 125 submit -t "$TASKS" --discovery-address $away add 5 3
	FASTWORKER_DISCOVERY_ADDRESS=$away try 125 submit -t "$TASKS" add 5 3
	FASTWORKER_CONTROL_PLANE_ADDRESS=$away try 125 submit -t "$TASKS" add 5 3
	FASTWORKER_BASE_ADDRESS=$away try 125 submit -t "$TASKS" add 5 3
	FASTWORKER_BASE_ADDRESS=tcp://0.0.0.0:5555 try 125 submit -t "$TASKS" add 5 3
	mkdir -p "$XDG_CONFIG_HOME/fastworker"
	printf '[profile far]\ndiscovery-address = %s\n' $away >"$XDG_CONFIG_HOME/fastworker/config"
	try 125 submit -P far -t "$TASKS" add 5 3
	try 125 run -P far true
	gone && gone far
}

@test "a profile has its own, with the idle exit of the configuration" {
	unset FASTWORKER_IDLE_EXIT
	mkdir -p "$XDG_CONFIG_HOME/fastworker"
	printf '[profile mine]\nidle-exit = 1s\n' >"$XDG_CONFIG_HOME/fastworker/config"
	try 0 submit -P mine -t "$TASKS" add 5 3
	is "$output" 8
	is "$(starts mine)" 1
	wait_for gone mine
}

@test "results outlive the idle exit" {
	FASTWORKER_IDLE_EXIT=1s try 0 submit -t "$TASKS" -n add 20 3
	id=$output
	wait_for gone
	try 0 submit -t "$TASKS" add 1 1
	try 0 result "$id"
	is "$output" 23
	is "$(starts)" 2
}

@test "a running task keeps it" {
	export FASTWORKER_IDLE_EXIT=300ms
	fw_start --concurrency 1
	gate=$BATS_TEST_TMPDIR/gate
	id=$(fw submit -n wait_file "$gate")
	pid=$(context pid)
	sleep 2
	is "$(context pid)" "$pid"
	is "$(fw status --json "$id" | jq -r .state)" running
	touch "$gate"
	wait_for gone
}

@test "a connected subworker keeps it; it ends when that has gone" {
	export FASTWORKER_IDLE_EXIT=300ms
	fw_start --concurrency 0
	fw_subworker w1
	pid=$(context pid)
	sleep 2
	is "$(context pid)" "$pid"
	kill "$BG"
	wait_for gone
}

@test "--idle-exit wants a time" {
	try 64 start --idle-exit soon
	has "$stderr" idle-exit
}

@test "commands that come while it leaves get their answer" {
	export FASTWORKER_IDLE_EXIT=200ms
	for i in 1 2 3 4 5 6; do
		try 0 submit -t "$TASKS" add "$i" 1
		is "$output" $((i + 1))
		# At the time when its context file goes, and at the time when it ends.
		sleep 0.$((i % 2 * 2 + 1))
		[ $i -lt 4 ] || sleep 1
	done
}

@test "who knew the address before it left makes it stay; who wanted to start one meanwhile uses it" {
	FASTWORKER_IDLE_EXIT=1s fw_start
	pid=$(context pid)
	address=tcp://127.0.0.1:$(base_port)
	key=$(context server_key)
	left() { [ ! -e "$XDG_RUNTIME_DIR/fastworker/default.ctx" ]; }
	wait_for left
	fw_bg submit -t "$TASKS" add 5 3
	try 0 submit --discovery-address "$address" --server-key "$key" add 1 2
	is "$output" 3
	is "$(context pid)" "$pid"
	wait "$BG"
	is "$(cat bg.out)" 8
	is "$(starts)" 1
}

@test "taken ports: it takes free ones" {
	"$PYTHON" -c 'import socket, time
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
try: s.bind(("127.0.0.1", 5556)); s.listen()
except OSError: pass
print("bound", flush=True); time.sleep(60)' 3>&- >taken &
	wait_for grep -q bound taken
	try 0 submit -t "$TASKS" add 5 3
	[ "$(base_port)" != 5555 ]
	kill $!
}

@test "a module that is not loaded: which task, and what to do" {
	try 0 submit -t "$TASKS" add 5 3
	try 127 submit -t "$REPO/tests/e2e/tasks.sh" show_args 1
	has "$stderr" "fastworker subworker -t $REPO/tests/e2e/tasks.sh"
}

@test "a module that cannot be loaded: its file and line; nothing is left" {
	echo 'broken() {' >broken.sh
	try 125 submit -t broken.sh broken
	has "$stderr" broken.sh
	wait_for gone
}

@test "on a terminal it says so" {
	unset FASTWORKER_IDLE_EXIT
	script -qec "'$FW' submit -t '$TASKS' add 5 3" /dev/null 3>&- >tty.out
	has "$(cat tty.out)" "started a control plane for this; it ends after 10 idle minutes"
	script -qec "'$FW' submit -t '$TASKS' add 5 3" /dev/null 3>&- >tty.out
	hasnt "$(cat tty.out)" started
}
