#!/usr/bin/env bats
# `make demo` does what it says.
load helper

setup() {
	fw_setup
	mkdir "$fw_dir/files"
	for i in $(seq 60); do seq "$i" >"$fw_dir/files/f $i"; done
}
teardown() { fw_teardown; }

@test "the demo's totals equal those of find and xargs, also after a planted random file" {
	run --separate-stderr "$REPO/examples/demo.sh" "$fw_dir/files"
	is "$status" 0
	has "$output" "the same"
	has "$output" "kill -9 of w2"
	has "$output" "begun again because their worker died: "
	matches "$output" "fastworker +60 files, 1830 lines"
	head -c 100000 /dev/urandom >"$fw_dir/files/planted"
	nlines=$((1830 + $(wc -l <"$fw_dir/files/planted")))
	run --separate-stderr "$REPO/examples/demo.sh" "$fw_dir/files"
	is "$status" 0
	matches "$output" "fastworker +61 files, $nlines lines"
	matches "$output" "find and xargs +61 files, $nlines lines"
}

@test "the demo fails when a total is wrong" {
	printf '#!/bin/sh\n[ "$1" != result ] || { echo 1 1 1; exit; }\nexec "%s" "$@"\n' "$FW" >"$fw_dir/liar"
	chmod +x "$fw_dir/liar"
	FW=$fw_dir/liar run "$REPO/examples/demo.sh" "$fw_dir/files"
	is "$status" 1
	has "$output" DIFFERENT
}
