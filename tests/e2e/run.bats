#!/usr/bin/env bats
# run: a program of one's own, as if it ran here.
load helper

setup_file() { fw_setup && fw_start; }
teardown_file() { fw_teardown; }

@test "stdout, stderr and exit status are the program's" {
	try 3 run -- sh -c 'echo out; echo err >&2; exit 3'
	is "$output" out
	is "$stderr" err
	try 0 run true
	is "$output$stderr" ""
	try 137 run -- sh -c 'kill -9 $$'
	has "$stderr" "signal 9"
}

@test "options of the program are its own, with and without --" {
	try 0 run printf '%s|' -n --json -- x
	is "$output" "-n|--json|--|x|"
	try 0 run -- printf '%s|' 'two words' '' $'a\nb' "'" '{}' '*' 5 true '[1]'
	is "$output" $'two words||a\nb|\'|{}|*|5|true|[1]|'
}

@test "my folder, my mask, my PATH; and what is said with options" {
	mkdir -p "$fw_dir/here/bin"
	cd "$fw_dir/here"
	try 0 run pwd
	is "$output" "$fw_dir/here"
	printf '#!/bin/sh\necho mine\n' >bin/my-own && chmod +x bin/my-own
	PATH=$fw_dir/here/bin:$PATH run --separate-stderr "$FW" run my-own
	is "$output" mine
	try 0 run ./bin/my-own
	is "$output" mine
	(umask 027 && fw run -- sh -c umask >mask)
	is "$(cat mask)" 0027
	try 0 run --cwd / pwd
	is "$output" /
	NOT_SENT=1 SENT='with "quotes"' TZ=Asia/Tokyo LC_TIME=C fw run --env SENT --env NEW=1=2 -- env >vars
	grep -qx 'SENT=with "quotes"' vars
	grep -qx 'NEW=1=2' vars
	grep -qx 'TZ=Asia/Tokyo' vars
	grep -qx 'LC_TIME=C' vars
	run ! grep -q NOT_SENT vars
	grep -q '^FW_TASK_ID=' vars
	TZ=Asia/Tokyo fw run --clean-env -- env >vars
	run ! grep -q Tokyo vars
	try 125 run --env NOWHERE_TO_BE_FOUND -- true
	has "$stderr" "--env NOWHERE_TO_BE_FOUND="
}

@test "variables of ours cannot be given" {
	try 0 run --env FW_TASK_ID=mine -- sh -c 'echo $FW_TASK_ID'
	run ! grep -q mine <<<"$output"
}

@test "what cannot be run says why, and where" {
	try 127 run no-such-program
	has "$stderr" "host $(hostname): cannot run no-such-program"
	# Never a file of the folder by chance.
	printf '#!/bin/sh\necho found\n' >by-chance && chmod +x by-chance
	try 127 run by-chance
	try 0 run ./by-chance
	is "$output" found
	mkdir -p "$fw_dir/first/tool" "$fw_dir/second"
	printf '#!/bin/sh\necho tool\n' >"$fw_dir/second/tool" && chmod +x "$fw_dir/second/tool"
	PATH=$fw_dir/first:$fw_dir/second:$PATH run --separate-stderr "$FW" run tool
	is "$output" tool
	printf '#!/no/interpreter\n' >bad && chmod +x bad
	try 126 run ./bad
	has "$stderr" "interpreter"
	try 126 run /etc/passwd
	has "$stderr" "Permission denied"
	try 126 run --cwd /no/such/folder true
	has "$stderr" "host $(hostname)"
	has "$stderr" "/no/such/folder"
	try 125 run
	has "$stderr" "PROGRAM"
}

@test "output comes as it is written, byte for byte, also to a slow reader" {
	head -c 20000000 /dev/urandom >bytes
	fw run cat bytes >copy
	cmp bytes copy
	fw run cat bytes | (
		read -rN 1 -t 1 || true
		sleep 0.5 # a reader that falls behind
		cat >/dev/null
	)
	"$FW" run -- sh -c 'echo first; until [ -e '"$fw_dir"'/go ]; do sleep 0.05; done; echo second' >lines &
	reader=$!
	first() { grep -qx first lines; }
	wait_for first
	run ! grep -q second lines
	touch "$fw_dir/go"
	wait "$reader"
	is "$(cat lines)" $'first\nsecond'
}

@test "signals go through; two ^C cancel" {
	"$FW" run -- sh -c 'trap "echo got TERM; exit 9" TERM; echo ready; while :; do sleep 0.1; done' >out &
	job=$!
	ready() { grep -qx ready out; }
	wait_for ready
	kill -TERM "$job"
	status=0
	wait "$job" || status=$?
	is "$status $(tail -1 out)" "9 got TERM"
	# A script's background jobs ignore INT: it is given back to this one.
	$PYTHON -c 'import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])' \
		"$FW" run -- sh -c 'trap "echo got INT" INT; echo stubborn; while :; do sleep 0.1; done' >out2 2>err2 &
	job=$!
	stubborn() { grep -qx stubborn out2; }
	wait_for stubborn
	kill -INT "$job"
	first_came() { grep -qx 'got INT' out2; }
	wait_for first_came
	kill -INT "$job"
	status=0
	wait "$job" || status=$?
	is "$status" 143
	has "$(cat err2)" "interrupted"
}

@test "many at once: each has all of its output" {
	several() {
		local i got
		for i in $(seq 40); do
			got=$("$FW" run -- echo "$1-$i" 2>&1 3>&-) || got="$got, status $?"
			[ "$got" = "$1-$i" ] || echo "$1-$i: $got"
		done
	}
	for k in a b c d; do several $k >"several.$k" & done
	wait
	is "$(cat several.a several.b several.c several.d)" ""
}

@test "whoever reads its output goes: it ends" {
	run bash -c '"$FW" run -- yes 2>err | head -1; echo ${PIPESTATUS[0]}'
	is "$output" $'y\n141'
	ended() { [ "$(fw tasks --json state=running task=fw.run | jq -s length)" = 0 ]; }
	wait_for ended
}

@test "closed descriptors are no file of ours" {
	run timeout 20 bash -c '"$FW" run -- echo lost >&-'
	is "$status" 141
	run timeout 20 bash -c '"$FW" run -- sh -c "echo to-stdout" <&- 2>&-'
	is "$output" to-stdout
	run timeout 20 bash -c '"$FW" run --stdin -- cat <&-'
	is "$status" 125
}

@test "--stdin: my stdin, byte for byte" {
	head -c 3000000 /dev/urandom >in
	fw run --stdin -- cat <in >out3
	cmp in out3
	printf 'b\na\n' | fw run --stdin sort >sorted
	is "$(cat sorted)" $'a\nb'
	is "$(fw run cat </dev/null)" ""
	try 125 run -n --stdin cat
}

@test "-n prints the id and leaves; its output is kept" {
	try 0 run -n -- sh -c 'echo kept'
	id=$output
	fw wait -q "$id"
	is "$(fw logs "$id")" kept
	is "$(fw result "$id")" kept
}

@test "at most once, unless it is asked otherwise" {
	fw_subworker lost --allow exec
	lost=$BG
	fw run --needs '' -- true
	fw_subworker far --has far --allow exec
	far=$BG
	"$FW" run --needs far -- sleep 60 2>once.err &
	once=$!
	runs() { [ "$(fw tasks --json state=running task=fw.run | jq -s length)" = "$1" ]; }
	wait_for runs 1
	kill -9 "$far"
	status=0
	wait "$once" || status=$?
	is "$status" 125
	has "$(cat once.err)" "at most once"
	fw_subworker far2 --has far --allow exec
	far=$BG
	"$FW" run --at-least-once --needs far -- sh -c 'echo $FW_ATTEMPT; [ "$FW_ATTEMPT" -gt 1 ] || sleep 60' >twice &
	twice=$!
	wait_for runs 1
	kill -9 "$far"
	fw_subworker far3 --has far --allow exec
	wait "$twice"
	is "$(tail -1 twice)" 2
	kill "$lost" "$BG"
}

@test "workers run programs only when they were told to" {
	fw_start -P none --concurrency 0
	fw_bg --name plain subworker -P none --worker-id plain
	plain=$BG
	wait_for has_worker plain -P none
	try 126 run -P none -- true
	has "$stderr" "--allow exec"
	kill "$plain"
}

@test "a key without the role exec runs nothing of its own" {
	mkdir -p "$fw_dir/other"
	HOME=$fw_dir/other XDG_CONFIG_HOME=$fw_dir/other run "$FW" workers --discovery-address "$(context discovery_address)" --server-key "$(context server_key)"
	key=$(sed -n 's/^public = //p' "$fw_dir/other/fastworker/client.key")
	echo "$key role=submit name=guest" >"$XDG_CONFIG_HOME/fastworker/authorized_keys"
	chmod 600 "$XDG_CONFIG_HOME/fastworker/authorized_keys"
	fw_start -P guarded
	asked() {
		XDG_CONFIG_HOME=$fw_dir/other "$FW" "$1" --discovery-address "$(context discovery_address guarded)" \
			--server-key "$(context server_key guarded)" "${@:2}"
	}
	is "$(asked submit add 2 3)" 5
	status=0
	asked run -- touch "$fw_dir/intruder" 2>denied || status=$?
	is "$status" 125
	has "$(cat denied)" "exec"
	status=0
	asked submit fw.run touch "$fw_dir/intruder" 2>denied || status=$?
	is "$status" 125
	[ ! -e "$fw_dir/intruder" ]
}

@test "no module defines a name of ours" {
	printf '# @task fw.run\nmine() { :; }\n' >mine.sh
	try 65 list -t mine.sh
	has "$stderr" "fw."
}
