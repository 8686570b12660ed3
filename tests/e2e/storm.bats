#!/usr/bin/env bats
# Many tasks of all kinds from many clients over many workers, one of which is killed: each ends once, and everybody gets his own answers.

load helper

setup() { fw_setup; }
teardown() { fw_teardown; }

@test "10,000 mixed tasks from 4 clients over 3 workers, one killed with kill -9 half-way" {
	FW_KILLED=1
	each=2500
	[ -z "${FW_SANITIZED:-}" ] || each=250
	printf '# @task\nsay() { printf %%s "$1"; }\n# @task\nend_with() { echo "$1" >&2; exit "$1"; }\n' >storm.sh
	MODULES=$fw_dir/storm.sh
	fw_start --concurrency 0 --result-cache-size 20000
	fw_subworker w1 --concurrency 2
	fw_subworker w2 --concurrency 2
	victim=$BG
	fw_subworker w3 --concurrency 2
	port=$(base_port) key=$(context server_key)
	clients=()
	for i in 0 1 2 3; do
		"$PYTHON" "$REPO/tests/e2e/storm_client.py" $((port + i)) "$key" "$XDG_CONFIG_HOME/fastworker/client.key" "$i" "$each" \
			3>&- >"client.$i" 2>&1 &
		clients+=($!)
	done
	PATIENCE=120
	wait_for grep -q . client.0
	kill -9 "$victim"
	for pid in "${clients[@]}"; do
		wait "$pid" || true
	done
	for i in 0 1 2 3; do
		is "$(<"client.$i")" "half"$'\n'"ok $each"
	done
	# Nothing is open, nothing was lost, nothing ran that nobody asked for.
	is "$(fw tasks --all --json state=success,failure | wc -l)" $((4 * each))
	is "$(fw tasks --all --json state!=success,failure | wc -l)" 0
	is "$(fw workers --json | jq -s 'map(select(.state == "active") | .load) | add')" 0
	# The runners of the killed one are gone: those of the others are all that is left.
	runners() { fw_left | grep -c __runner; }
	four() { [ "$(runners)" = 4 ]; }
	wait_for four
}
