#!/usr/bin/env bats
# What was acknowledged is there after a crash, and counts once.
load helper

setup() { fw_setup && fw_start && port=$(base_port) && discovery=$(context discovery_address); }
teardown() { FW_KILLED=1 fw_teardown; }

crash() {
	local pid
	pid=$(context pid)
	kill -9 "$pid"
	gone() { ! kill -0 "$pid" 2>/dev/null; }
	wait_for gone
}

# The same control plane again: same folders, same ports.
again() {
	# shellcheck disable=SC2086
	"$FW" start --base-address "tcp://127.0.0.1:$port" --discovery-address "$discovery" -t $MODULES \
		3>&- >"$fw_dir/again.out" 2>"$fw_dir/again.err" || {
		cat "$fw_dir/again.err" >&2
		return 1
	}
}

@test "results, waiting tasks and running tasks outlive a kill -9" {
	gate=$fw_dir/gate
	over=$(fw submit -n add 5 3)
	fw wait -q "$over"
	running=$(fw submit -n wait_file "$gate")
	wait_for task_is running "$running"
	mapfile -t waiting < <(for i in $(seq 50); do fw submit -n add "$i" 1; done)
	crash
	again
	has "$(fw tasks --json --limit 100 | jq -r .id)" "$over"
	try 0 result "$over"
	is "$output" 8
	touch "$gate"
	try 0 wait -q "$running" "${waiting[@]}"
	for i in 1 25 50; do is "$(fw result "${waiting[i - 1]}")" $((i + 1)); done
	# The local worker died with its control plane: that attempt is lost, the task is not.
	is "$(fw status --json "$running" | jq .attempt)" 2
	# Numbers go on.
	try 0 submit -n --json add 1 1
	is "$(jq .n <<<"$output")" 53
}

@test "a subworker goes on with what it runs, and hands it in" {
	gate=$fw_dir/gate
	fw_subworker w2
	w2=$BG
	id=$(fw submit -n wait_file "$gate")
	wait_for task_is running "$id"
	is "$(fw status --json "$id" | jq -r .worker)" w2
	crash
	touch "$gate" # it ends while nobody is there to hear of it
	again
	try 0 wait -q "$id"
	is "$(fw status --json "$id" | jq -r '"\(.attempt) \(.state) \(.worker)"')" "1 success w2"
	kill -0 "$w2"
}

@test "who waits goes on waiting" {
	gate=$fw_dir/gate
	fw_bg --name waiting submit wait_file "$gate"
	waiter=$BG
	running() { [ "$(fw tasks --json state=running | jq -s length)" = 1 ]; }
	wait_for running
	crash
	again
	touch "$gate"
	wait "$waiter"
	is "$(cat "$fw_dir/waiting.err" | grep -c lost)" 0
}

@test "killed again and again under load: each acknowledged task ends once" {
	rm -f "$fw_dir/ids"
	for round in 1 2 3; do
		for _ in 1 2 3 4; do
			(for i in $(seq 25); do fw submit -n --reach-timeout 1s note "$fw_dir/seen" "$round" 3>&- 2>/dev/null || break; done) >>"$fw_dir/ids" &
		done
		acked() { [ "$(wc -l <"$fw_dir/ids")" -ge $((round * 20)) ]; }
		wait_for acked
		crash
		wait_submitters() { [ -z "$(jobs -rp)" ]; }
		wait_for wait_submitters
		again
	done
	mapfile -t ids <"$fw_dir/ids"
	[ "${#ids[@]}" -ge 60 ]
	try 0 wait -q "${ids[@]}"
	is "$(fw status --json "${ids[@]}" | jq -r .state | sort -u)" success
	is "$(fw status --json "${ids[@]}" | jq -r .id | sort -u | wc -l)" "${#ids[@]}"
}

@test "stop keeps what waits, and says so" {
	fw submit -n sleep 0.5 >/dev/null
	fw submit -n sleep 0.5 >/dev/null
	mapfile -t waiting < <(for i in $(seq 5); do fw submit -n add "$i" 1; done)
	try 0 stop
	has "$stderr" "kept"
	again
	try 0 wait -q "${waiting[@]}"
}

@test "--durability memory: nothing is kept, and stop says that" {
	fw_start -P brief --durability memory --concurrency 1
	fw submit -P brief -n sleep 0.2 >/dev/null
	fw submit -P brief -n add 1 1 >/dev/null
	try 0 stop -P brief
	has "$stderr" "lost"
	[ ! -e "$XDG_STATE_HOME/fastworker/brief/store.db" ]
}

@test "a folder has one control plane, and the second one is told which" {
	mkdir -m 700 "$fw_dir/state2"
	fw_start -P one --state-dir "$fw_dir/state2"
	pid=$(context pid one)
	# shellcheck disable=SC2086
	try 78 control-plane -P two --base-address auto --discovery-address auto --state-dir "$fw_dir/state2"
	has "$stderr" "pid $pid"
	has "$stderr" "--state-dir"
}

@test "sqlite3 can look in while it runs" {
	id=$(fw submit -n add 5 3)
	fw wait -q "$id"
	is "$("$PYTHON" -c 'import sqlite3, sys; print(*sqlite3.connect("file:%s?mode=ro" % sys.argv[1], uri=True).execute("select state, attempt from task where name = ?", ("add",)).fetchall())' \
		"$XDG_STATE_HOME/fastworker/default/store.db")" "('success', 1)"
}

@test "a full disk: nothing new is taken in, what runs ends and is recorded, and it goes on by itself" {
	[ "$(id -u)" = 0 ] || skip "needs root: mounts a small file system"
	small=$fw_dir/small
	mkdir "$small" && mount -t tmpfs -o size=120m,mode=700 tmpfs "$small" || skip "needs root: mounts a small file system"
	full_disk
}

full_disk() {
	local status=0
	(set -e && full_disk_steps) || status=$?
	FASTWORKER_PROFILE='' "$FW" stop -P full >/dev/null 2>&1 || true
	umount "$small"
	return "$status"
}

full_disk_steps() {
	gate=$fw_dir/gate
	fw_start -P full --state-dir "$small/state"
	running=$(fw submit -P full -n wait_file "$gate")
	wait_for task_is running "$running" -P full
	dd if=/dev/zero of="$small/fill" bs=1M count=60 status=none
	refused() { ! "$FW" submit -P full -n add 1 1 >"$fw_dir/out" 2>"$fw_dir/why"; }
	wait_for refused
	has "$(cat "$fw_dir/why")" "no room"
	run fw submit -P full -n add 1 1
	is "$status" 75
	# To the last byte.
	dd if=/dev/zero of="$small/more" bs=4k status=none 2>/dev/null || true
	touch "$gate"
	fw wait -q -P full "$running"
	is "$(fw status -P full --json "$running" | jq -r .state)" success
	grep -q store.full "$XDG_STATE_HOME"/fastworker/full.log
	rm "$small/fill" "$small/more"
	accepted() { "$FW" submit -P full -n add 1 1; }
	wait_for accepted
	kill -9 "$(context pid full)"
	fw_start -P full --state-dir "$small/state"
	is "$(fw status -P full --json "$running" | jq -r .state)" success
}
