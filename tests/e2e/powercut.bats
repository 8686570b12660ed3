#!/usr/bin/env bats
# not sanitized: a preloaded recorder, and thousands of starts of a store
# The power goes: what was acknowledged before is on the disk, whatever became of writes that were not synced.
load helper

setup_file() {
	fw_setup
	build=$(dirname "$FW")
	[ -e "$build/faults/powercut" ] || build=$REPO/build
	export build
	mkdir -m 700 "$fw_dir/kept" "$fw_dir/scratch"
	LD_PRELOAD=$build/faults/recorder.so FW_RECORD_FOLDER=$fw_dir/kept FW_RECORD_LOG=$fw_dir/log \
		strace -f -y -o "$fw_dir/strace" -e trace=pwrite64,pwritev,pwritev2,writev,fdatasync,fsync,sync_file_range,ftruncate,unlink,unlinkat,rename,renameat,renameat2 \
		"$FW" control-plane --base-address auto --discovery-address auto --state-dir "$fw_dir/kept" 3>&- >"$fw_dir/out" 2>&1 &
	ready() { grep -q 'is ready' "$fw_dir/out"; }
	wait_for ready
	timeout 100 "$PYTHON" "$REPO/tests/faults/load.py" "$(base_port)" "$(context server_key)" "$XDG_CONFIG_HOME/fastworker/client.key" 600 10 \
		3>&- >"$fw_dir/acks"
	fw stop
}
teardown_file() { fw_teardown; }

calls() { # WORDS: how many calls on files of the store strace saw
	grep -cE "($1)\\(.*$fw_dir/kept" "$fw_dir/strace" || true
}

@test "the record has every write, sync, truncation and removal that strace saw" {
	run -0 "$build/faults/powercut" "$fw_dir/log" "$fw_dir/acks" "$fw_dir/scratch" 1
	is "${lines[0]}" "writes=$(calls pwrite64) syncs=$(calls 'fdatasync|fsync') truncations=$(calls ftruncate) removals=$(calls 'unlink|unlinkat')"
	is "$(calls 'pwritev|pwritev2|writev|sync_file_range|rename|renameat|renameat2')" 0
	is "$(grep -c submitted "$fw_dir/acks") $(grep -c success "$fw_dir/acks")" "600 600"
}

@test "2,000 power cuts: nothing that was acknowledged is lost, no file is refused" {
	run "$build/faults/powercut" "$fw_dir/log" "$fw_dir/acks" "$fw_dir/scratch" 2000 7
	echo "$output"
	is "$status" 0
	has "$output" ": 0 bad"
}

@test "with a log that is not synced, the same proof fails" {
	run "$build/faults/powercut" --unsynced "$fw_dir/log" "$fw_dir/acks" "$fw_dir/scratch" 200 7
	is "$status" 1
	has "$output" "is lost"
}
