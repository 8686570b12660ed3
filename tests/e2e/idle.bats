#!/usr/bin/env bats
# Nothing polls: an idle control plane sleeps.
# not sanitized: processor time says nothing there
load helper

setup() { fw_setup; }
teardown() { fw_teardown; }

ticks() { # of process $1
	awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$1/stat"
}

per_minute() { # PID SECONDS
	local before
	before=$(ticks "$1")
	sleep "$2"
	echo $((($(ticks "$1") - before) * 60 / $2))
}

@test "with 200 idle workers connected the control plane uses at most 30 clock ticks a minute" {
	fw_start --concurrency 0
	"$PYTHON" "$REPO/tests/e2e/peers.py" workers $(($(base_port) + 5)) "$(context server_key)" "$XDG_CONFIG_HOME/fastworker/client.key" 200 60 \
		3>&- >"$fw_dir/workers" 2>&1 &
	peers=$!
	PATIENCE=30 wait_for grep -q ready "$fw_dir/workers"
	is "$(fw workers --json | wc -l)" 200
	used=$(per_minute "$(context pid)" 20)
	echo "$used ticks a minute" >&2
	[ "$used" -le 30 ]
	is "$(fw workers --json | jq -c 'select(.state == "active")' | wc -l)" 200
	kill $peers
}

@test "a control plane and its local worker alone use next to nothing, and less than 10 MB" {
	fw_start
	fw submit add 1 1
	worker=$(fw workers --json | jq .pid)
	control_plane=$(context pid)
	before=$(($(ticks "$worker") + $(ticks "$control_plane")))
	sleep 10
	[ $(($(ticks "$worker") + $(ticks "$control_plane") - before)) -le 2 ]
	rss=$(awk '/^VmRSS/ { print $2 }' "/proc/$control_plane/status")
	echo "$rss kB" >&2
	[ "$rss" -lt 10240 ]
}
