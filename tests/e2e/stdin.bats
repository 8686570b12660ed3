#!/usr/bin/env bats
# --stdin: what we read goes into the task, with credit; half of it never looks like all of it.
load helper

setup() { fw_setup && fw_start; }
teardown() { fw_teardown; }

field() { # NAME ID
	fw status --json "$2" | jq -r ".$1"
}

@test "any bytes, a large amount, nothing at all" {
	head -c 9000001 /dev/urandom >in
	"$FW" submit inside --stdin cat <in >out
	cmp in out
	printf 'a\0b' >in
	"$FW" submit inside --stdin cat <in >out
	cmp in out
	try 0 submit inside --stdin -- wc -c </dev/null
	is "$output" 0
}

@test "tar goes in and comes out, byte for byte" {
	mkdir dir && head -c 300000 /dev/urandom >dir/a && echo b >dir/b
	tar c dir | tee in.tar | "$FW" submit inside --stdin -- gzip -c >out.tgz
	gzip -dc out.tgz | cmp - in.tar
}

@test "lines come as they are typed, not when all is there" {
	mkfifo lines
	"$FW" submit inside --stdin -- sh -c 'read -r a; echo "$a" >first; cat' <lines >out 3>&- &
	exec 4>lines
	echo one >&4
	wait_for grep -q one "$fw_dir/first"
	echo two >&4
	exec 4>&-
	wait
	is "$(cat out)" two
}

@test "a task that stops reading ends the stream quietly and gives its result" {
	"$FW" submit inside --stdin -- head -c 3 </dev/zero >out 2>err
	is "$(wc -c <out)" 3
	is "$(cat err)" ""
	try 0 submit inside --stdin -- sh -c 'exec <&-; echo closed' </dev/zero
	is "$output" closed
	try 0 submit --stdin echo x - </dev/zero
	is "$output" '["x","-"]'
	try 3 submit inside --stdin -- sh -c 'exit 3' </dev/zero
}

@test "nothing is read before the task runs" {
	slots=$(fw workers --json | jq -s '[.[].slots] | add')
	for _ in $(seq "$slots"); do fw submit -n wait_file "$fw_dir/go" >/dev/null; done
	head -c 200000 /dev/urandom >in
	exec 5<in
	"$FW" submit inside --stdin cat <&5 >out 3>&- &
	wait_for task_is queued last
	is "$(awk '/pos:/ { print $2 }' /proc/$$/fdinfo/5)" 0
	: >"$fw_dir/go"
	wait
	is "$(awk '/pos:/ { print $2 }' /proc/$$/fdinfo/5)" 200000
	exec 5<&-
	cmp in out
}

@test "a client that goes away: the task is ended with cause stdin, and never sees an end" {
	mkfifo lines
	"$FW" submit inside --stdin -- sh -c 'cat >seen; echo whole >whole' <lines 3>&- &
	client=$!
	exec 4>lines
	echo half >&4
	wait_for grep -q half "$fw_dir/seen"
	kill -9 "$client"
	wait_for task_is cancelled last
	exec 4>&-
	is "$(field cause last)" stdin
	has "$(field cancel_reason last)" "before the end of it"
	try 1 cancel last
	[ ! -e whole ]
}

@test "^C ends it, too, and says so" {
	mkfifo lines
	"$FW" submit inside --stdin cat <lines 2>err 3>&- &
	client=$!
	exec 4>lines
	wait_for task_is running last
	kill -TERM "$client"
	wait "$client" || status=$?
	is "$status" 143
	has "$(cat err)" "ended, as its stdin ends with us"
	exec 4>&-
	wait_for task_is cancelled last
}

@test "a stdin that cannot be read is no end of it" {
	try 125 submit inside --stdin -- sh -c 'cat; echo whole >whole' <"$fw_dir"
	has "$stderr" "cannot read stdin"
	wait_for task_is cancelled last
	[ ! -e whole ]
}

@test "-n and --stdin do not go together" {
	try 125 submit -n --stdin inside cat
	has "$stderr" "--stdin needs us to stay"
}

@test "a worker that is lost: it is not run again" {
	FW_KILLED=1
	fw_subworker w2 --concurrency 1
	mkfifo lines
	"$FW" submit inside --stdin -- sh -c 'cat >>runs' <lines 2>err 3>&- &
	client=$!
	exec 4>lines
	echo run >&4
	wait_for grep -q run "$fw_dir/runs"
	is "$(field worker last)" w2
	kill -9 "$BG"
	status=0
	wait "$client" || status=$?
	exec 4>&-
	is "$status" 125
	is "$(field cause last)" lost
	has "$(cat err)" "at most once"
	is "$(field attempt last)" 1
}

@test "a control plane that is killed and comes back: the stream goes on" {
	fw_subworker w2 --concurrency 1
	port=$(base_port)
	mkfifo lines
	"$FW" submit inside --stdin cat <lines >out 2>err 3>&- &
	client=$!
	exec 4>lines
	head -c 300000 /dev/urandom >in
	head -c 100000 in >&4
	wait_for task_is running last
	is "$(field worker last)" w2
	kill -9 "$(context pid)"
	(tail -c +100001 in >&4) 3>&- &
	writer=$!
	exec 4>&-
	# shellcheck disable=SC2086
	wait_for "$FW" start --base-address "tcp://127.0.0.1:$port" --discovery-address "tcp://127.0.0.1:$((port - 1))" -t $MODULES
	wait "$writer"
	wait "$client" || cat err >&2
	cmp in out
}

@test "much of it leaves every process small" {
	small=60000
	[ -z "${FW_SANITIZED:-}" ] || small=600000
	"$FW" submit inside --stdin -- sh -c 'wc -c; cat /proc/$PPID/status' < <(head -c 400000000 /dev/zero) >out
	is "$(head -1 out)" 400000000
	for pid in $(context pid) $(fw workers --json | jq .pid); do
		[ "$(awk '/VmHWM/ { print $2 }' "/proc/$pid/status")" -lt $small ]
	done
	[ "$(awk '/VmHWM/ { print $2 }' out)" -lt $small ]
}
