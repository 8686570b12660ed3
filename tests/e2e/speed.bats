#!/usr/bin/env bats
# Work ahead of its slot: nothing waits behind a long task, nothing is lost with a runner; and shells that stay.
load helper

setup() { fw_setup && gate=$fw_dir/gate; }
teardown() { touch "$gate" && fw_teardown; }

bulk() { # COUNT NAME ARGS...: ids in $fw_dir/ids
	"$PYTHON" "$REPO/tests/e2e/bulk.py" "$(($(base_port) + 2))" "$(context server_key)" "$XDG_CONFIG_HOME/fastworker/client.key" "$@" >"$fw_dir/ids"
}

all_are() { # STATE NAME COUNT
	is "$(fw tasks --json -l 100000 "state=$1" "task=$2" | wc -l)" "$3"
}

cancel_running() {
	# shellcheck disable=SC2046 # several numbers
	fw cancel $(fw tasks --json state=running | jq -r .n)
}

# Names are measured before credit is given.
warm() {
	bulk 50 "$1" "$2"
	wait_for all_are success "$1" 50
}

@test "one long and many short tasks on two slots: no short one waits for the long one" {
	fw_start --concurrency 2
	warm sleep '[0.0001]'
	# By its name it is short, and so it is given ahead with the others.
	bulk 1 sleep '[1000]' 500 sleep '[0.0001]' 1 true '[]'
	wait_for all_are success sleep 550
	wait_for all_are success true 1
	all_are running sleep 1
	cancel_running
}

@test "work that waits at a worker with a long task moves to another one" {
	fw_start --concurrency 0
	fw_subworker w1 --concurrency 1
	warm sleep '[0.0001]'
	bulk 1 sleep '[1000]' 100 sleep '[0.0001]'
	wait_for all_are running sleep 1
	# All that was sent with it waits, at the worker or not.
	fw_subworker w2 --concurrency 1
	wait_for all_are success sleep 150
	is "$(fw tasks --json state=running | jq -r .worker)" w1
	cancel_running
}

@test "kill -9 of the echo runner under load: every answer comes, each once" {
	make -s -C "$REPO" build/bench/echo
	fw_start --concurrency 2
	"$REPO/build/bench/echo" -n 60000 -w 1000 >"$fw_dir/echo.out" 2>"$fw_dir/echo.err" 3>&- &
	local load=$!
	for _ in 1 2 3 4; do
		wait_for runner_of_ours
		kill -9 "$(runner_of_ours | head -n 1)" || :
		wait_for runner_of_ours
	done
	wait $load || { cat "$fw_dir/echo.err" "$fw_dir/echo.out"; return 1; }
	is "$(grep -P '^echo.tasks\t' "$fw_dir/echo.out" | cut -f2)" 60000
	is "$(grep -P '^echo.wrong\t' "$fw_dir/echo.out" | cut -f2)" 0
	[ "$(grep -c -P '^echo.pid\t' "$fw_dir/echo.out")" -gt 2 ]
}

runner_of_ours() { # pids; false when there is none
	local pid found=1
	for pid in $(pgrep -f '[_]_runner'); do
		grep -qz "^HOME=$HOME\$" "/proc/$pid/environ" 2>/dev/null || continue
		echo "$pid" && found=0
	done
	return $found
}

resident() {
	MODULES="$REPO/tests/e2e/resident.sh"
	fw_start --concurrency 1
}

@test "a resident shell loads its module once, and arguments are data" {
	resident
	is "$(fw submit -- r_show 'a b' '' $'l1\nl2\n' "it's \"q\"" '$(id)' '`x`;|&*?~' '[1, {"k":"v"}]' é -n)" \
		$'<a b><><l1\nl2\n><it\'s "q"><$(id)><`x`;|&*?~><[1, {"k":"v"}]><é><-n>'
	is "$(fw submit r_show)" ""
	is "$(fw submit r_env --kwargs '{"x":"a\nb;$(id)"}')" $'r_env|1|a\nb;$(id)|/dev/null'
	is "$(fw submit r_seen)" nonenone
	is "$(cat "$HOME/loads")" loaded
	try 7 submit r_return 7
	has "$stderr" "so 7"
	try 130 submit r_return 130
	try 200 submit r_exit 200
	is "$(cat "$HOME/loads")" loaded
}

@test "a call that ends its shell costs only itself" {
	resident
	shell=$(fw submit r_shell)
	try 137 submit r_kill_self
	has "$stderr" "signal 9"
	is "$(fw submit r_shell)" "$shell"
	try 137 submit r_kill_shell
	has "$stderr" "signal 9"
	[ "$(fw submit r_shell)" != "$shell" ]
	kill -9 "$(fw submit r_shell)"
	is "$(fw submit r_show idle)" "<idle>"
}

@test "the tree of a call is ended like any other's" {
	resident
	is "$(fw submit r_leave)" left
	run ! pgrep -s 0 -f 'sleep [1]000'
	fw submit -n r_hang "$fw_dir/pid"
	wait_for test -s "$fw_dir/pid"
	fw cancel --grace 0.2 last
	pid_gone() { [ ! -e "/proc/$(cat "$fw_dir/pid")" ]; }
	wait_for pid_gone
	is "$(fw submit r_show next)" "<next>"
	fw submit -n r_stop_shell
	wait_for task_is running last
	fw cancel --grace 0.2 last
	is "$(fw submit r_show after)" "<after>"
}

@test "the calls of a killed runner end, too" {
	resident
	fw submit -n r_hang "$fw_dir/pid"
	wait_for test -s "$fw_dir/pid"
	kill -9 "$(runner_of_ours)"
	pid_gone() { [ ! -e "/proc/$(cat "$fw_dir/pid")" ]; }
	wait_for pid_gone
	wait_for task_is failure last
	FW_KILLED=1
}
