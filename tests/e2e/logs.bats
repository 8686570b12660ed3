#!/usr/bin/env bats
# The output of tasks: kept, followed, capped, and read from anywhere.
load helper

setup() {
	fw_setup
	MODULES="$REPO/tests/e2e/logs_tasks.sh $REPO/tests/e2e/tasks.sh"
}
teardown() {
	fw_teardown
	umount "$fw_dir/small" 2>/dev/null || true
}

done_task() { # WORDS: submits, waits; its number in $n
	n=$(fw submit -n "$@") && fw wait -q "$n" || true
	n=$(fw status --json "$n" | jq .n)
}

follow() { # ARGS: in the background; $BG
	"$FW" logs -f "$@" >"$fw_dir/out" 2>"$fw_dir/err" 3>&- &
	BG=$!
}

high_water() { # PID: VmHWM in KiB
	awk '/^VmHWM/ { print $2 }' "/proc/$1/status"
}

logs_dir() {
	echo "$XDG_STATE_HOME/fastworker/default/local/logs"
}

@test "stdout of a task to stdout, its stderr to stderr; one stream; times and notes" {
	fw_start
	done_task both 1
	try 0 logs "$n"
	is "$output" "out 1"
	is "$stderr" "err 1"
	try 0 logs --stdout last
	is "$output$stderr" "out 1"
	try 0 logs --stderr last
	is "$output$stderr" "err 1"
	try 0 logs --stdout --times --notes last
	matches "$output" '20[0-9-]+T[0-9:.]+Z out 1'
	has "$output" "run it again: fastworker submit both 1"
	matches "$output" 'ended after [^:]*: exit status 0'
	done_task fails
	try 0 logs --notes "$n"
	has "$output" "exit status 3: no luck"
	is "$(fw status --json "$n" | jq .errs)" 8
}

@test "a task that has not begun is followed until it is over" {
	fw_start --concurrency 1
	first=$(fw submit -n wait_file "$fw_dir/go")
	second=$(fw submit -n between "$fw_dir/on")
	try 0 logs "$second"
	has "$stderr" "queued"
	is "$output" ""
	follow "$second"
	touch "$fw_dir/go"
	wait_for grep -q before "$fw_dir/out"
	run ! grep -q after "$fw_dir/out"
	kill -0 "$BG"
	touch "$fw_dir/on"
	wait "$BG"
	is "$(cat "$fw_dir/out")" $'before\nafter'
	fw wait -q "$first"
}

@test "several tasks: a prefix for each line, in the order that was asked for; --json" {
	fw_start
	done_task both 1
	done_task silent
	done_task both 3
	try 0 logs 1-3
	is "$(sort <<<"$output")" $'1 | err 1\n1 | out 1\n3 | err 3\n3 | out 3'
	is "$stderr" ""
	try 0 logs --json 3
	is "$(jq -r 'select(.stream == "stderr") | "\(.n) \(.line)"' <<<"$output")" "3 err 3"
	fw submit -n between "$fw_dir/a"
	fw submit -n between "$fw_dir/b"
	follow 4 5
	wait_for grep -q '5 | before' "$fw_dir/out"
	touch "$fw_dir/b"
	wait_for grep -q '5 | after' "$fw_dir/out"
	touch "$fw_dir/a"
	wait "$BG"
	is "$(tail -n 1 "$fw_dir/out")" "4 | after"
}

@test "no such task: 1, and the others are shown; none named: 64" {
	fw_start
	done_task both 1
	try 1 logs 99 "$n"
	has "$output" "out 1"
	has "$stderr" "99"
	try 64 logs
	try 64 logs -n nonsense 1
	has "$stderr" "64MiB"
}

@test "control characters are shown to a terminal, not obeyed; --raw; bytes in a pipe stay" {
	fw_start
	done_task evil
	is "$(fw logs "$n" | od -An -tx1 | tr -d ' \n')" 611b5b33316d72656407c3a90a
	on_terminal() { script -qec "$FW logs $*" /dev/null </dev/null; }
	out=$(on_terminal "$n")
	has "$out" 'a\x1b[31mred\x07é'
	has "$(on_terminal --raw "$n")" $'\033[31m'
	# Of several: a colour for each prefix.
	has "$(NO_COLOR='' TERM=xterm on_terminal "$n" "$n")" $'\033[31m'"$n |"
}

@test "a worker that is away is named; what the control plane kept is shown" {
	fw_start --concurrency 0
	fw_subworker w2
	pid=$BG
	done_task both 1
	small=$n
	done_task numbers 100000
	large=$n
	done_task silent
	is "$(fw logs "$large" 2>&1 | sha256sum)" "$(seq 100000 | sha256sum)"
	kill "$pid"
	wait "$pid"
	try 0 logs "$small"
	is "$output" "out 1"
	has "$stderr" "worker w2 is away"
	has "$stderr" "err 1"
	try 0 logs --stderr "$large"
	has "$stderr" "only the last 64 KiB"
	missing=$(sed -n 's/.*: \([0-9]*\) bytes .*missing here/\1/p' <<<"$stderr")
	kept=$(fw logs --json "$large" 2>/dev/null | jq -r .line)
	is "$(tail -n 1 <<<"$kept")" 100000
	is $((missing + ${#kept} + 1)) "$(seq 100000 | wc -c)"
	try 0 logs "$n"
	is "$output$stderr" ""
	# It outlives the control plane.
	fw stop
	fw_start --concurrency 0
	is "$(fw logs --json "$large" 2>/dev/null | jq -r .line)" "$kept"
	try 0 logs "$small"
	is "$output" "out 1"
}

@test "a follower of a task whose worker dies goes on with the next attempt" {
	fw_start --concurrency 0
	fw_subworker w1
	first=$BG
	n=$(fw submit -n between "$fw_dir/on")
	follow "$n"
	client=$BG
	wait_for grep -q before "$fw_dir/out" || {
		tail -v "$fw_dir"/out "$fw_dir"/err "$fw_dir"/w1.err
		fw status "$n"
		return 1
	}
	kill -9 "$first"
	FW_KILLED=1
	fw_subworker w2
	touch "$fw_dir/on"
	wait "$client"
	is "$(cat "$fw_dir/out")" $'before\nbefore\nafter'
	has "$(cat "$fw_dir/err")" "attempt 2"
}

@test "over the limit the beginning and the end stay, and the number of missing bytes is right" {
	fw_start --log-limit 1MiB
	done_task numbers 500000
	all=$(seq 500000 | wc -c)
	kept=$(fw logs --json "$n" 2>"$fw_dir/note" | jq -r .line | tee "$fw_dir/numbers" | wc -c)
	is "$(head -n 1 "$fw_dir/numbers")" 1
	is "$(tail -n 1 "$fw_dir/numbers")" 500000
	left_out=$(sed -n 's/.*: \([0-9]*\) bytes .*missing here/\1/p' "$fw_dir/note")
	echo "kept $kept, left out $left_out of $all" >&2
	[ "$left_out" -gt 1000000 ]
	# A line that was cut in two by the gap has a newline more.
	[ $((kept + left_out)) -ge "$all" ] && [ $((kept + left_out)) -le $((all + 1)) ]
	[ "$(du -sb "$(logs_dir)" | cut -f 1)" -lt 1200000 ]
	is "$(fw logs -n 7 "$n" 2>&1)" 500000
}

@test "files and folders are the owner's alone, a folder per thousand tasks" {
	fw_start
	done_task both 1
	dir=$(logs_dir)
	is "$(stat -c %a "$dir" "$dir/0")" $'700\n700'
	is "$(stat -c %a "$dir"/0/1-1-*.log)" 600
	fw submit -n silent && fw wait -q last
	is "$(find "$dir" -type f | wc -l)" 1
	is "$(fw status --json 1 | jq -r .log)" "$(echo "$dir"/0/1-1-*.log)"
}

@test "320 MB of output leave every process as small as it was; a reader that stops keeps nothing waiting" {
	[ -z "${FW_SANITIZED:-}" ] || skip "sanitizers keep what is freed"
	fw_start --concurrency 1 --log-limit 4MiB
	done_task numbers 10000
	fw logs "$n" >/dev/null 2>&1
	worker=$(fw workers --json | jq .pid)
	runner=$(pgrep -P "$worker") plane=$(ps -o ppid= -p "$worker" | tr -d ' ')
	before="$(high_water "$worker") $(high_water "$runner") $(high_water "$plane")"
	fw submit -n flood 320000000
	"$FW" logs -f last 3>&- 2>&1 >/dev/null | head -c 1000000 >/dev/null &
	mkfifo "$fw_dir/pipe"
	"$FW" logs -f last 2>"$fw_dir/pipe" 3>&- &
	client=$!
	exec 7<"$fw_dir/pipe" # reads nothing of it
	fw wait last
	read -r w r p <<<"$before"
	echo "KiB before: $before; now: $(high_water "$worker") $(high_water "$runner") $(high_water "$plane"); client $(high_water "$client")" >&2
	[ "$(high_water "$worker")" -lt $((w + 4000)) ]
	[ "$(high_water "$runner")" -lt $((r + 4000)) ]
	[ "$(high_water "$plane")" -lt $((p + 4000)) ]
	[ "$(high_water "$client")" -lt 16000 ]
	cat <&7 >/dev/null &
	exec 7<&-
	wait "$client"
}

@test "a full disk: the task goes on, and both its log and the worker's say so, once" {
	[ "$(id -u)" = 0 ] || skip "needs root for a small file system"
	mkdir "$fw_dir/small"
	mount -t tmpfs -o size=256k,mode=700 none "$fw_dir/small" || skip "may not mount"
	fw_start --concurrency 0
	fw_subworker w1 --state-dir "$fw_dir/small"
	fw submit -n numbers 500000
	"$FW" logs -f 1 2>"$fw_dir/err" >/dev/null 3>&-
	try 0 wait 1
	has "$(cat "$fw_dir/err")" "No space left on device"
	try 0 logs 1
	has "$stderr" "No space left on device"
	is "$(grep -c log.failed "$fw_dir/w1.err")" 1
}

@test "a folder that cannot be written does not hold up a task" {
	(umask 077 && mkdir -p "$XDG_STATE_HOME/fastworker/default/local")
	echo "no folder" >"$XDG_STATE_HOME/fastworker/default/local/logs"
	fw_start
	done_task both 1
	is "$(fw status --json "$n" | jq -r .state)" success
	try 0 logs "$n"
	is "$output" "out 1"
	has "$stderr" "err 1"
	has "$stderr" "could not write it down"
}

@test "old logs go: what is over --log-keep, oldest first, and never one that is written" {
	fw_start --concurrency 0
	fw_subworker w1 --concurrency 2
	pid=$BG
	dir=$XDG_STATE_HOME/fastworker/workers/w1/logs
	for _ in 1 2 3 4 5; do done_task numbers 20000; done
	is "$(find "$dir" -name '*.log' | wc -l)" 5
	touch -d '31 days ago' "$dir"/0/5-*.log
	kill "$pid" && wait "$pid"
	fw_subworker w1 --log-keep 300K
	only_two() { is "$(cd "$dir/0" && echo *.log | sed 's/-[^ ]*//g')" "3 4"; }
	wait_for only_two
	try 0 logs 1
	has "$stderr" "worker w1 has no file of it any more"
}

@test "a streamed task loses no byte to a slow reader, with a log far smaller than its output" {
	fw_start --log-limit 1MiB
	is "$("$PYTHON" "$REPO/tests/e2e/log_client.py" "tcp://127.0.0.1:$(($(base_port) + 4))" "$(context server_key)" \
		"$XDG_CONFIG_HOME/fastworker/client.key" random '[12000000]' 0.1 | cut -d ' ' -f 1,2,3,4)" \
		"$(fw logs --stderr last 2>&1 | grep -o '^[0-9a-f]\{64\}') 12000000 0 success"
	try 0 result last
	is "$output" ""
	has "$stderr" "fastworker logs 1"
}

@test "a streamed task does not wait for a reader that is gone" {
	fw_start --log-limit 1MiB
	timeout 1 "$PYTHON" "$REPO/tests/e2e/log_client.py" "tcp://127.0.0.1:$(($(base_port) + 4))" "$(context server_key)" \
		"$XDG_CONFIG_HOME/fastworker/client.key" random '[12000000]' 1000 || true
	try 0 wait last
}

@test "a key that may only submit reads the output of its own tasks alone" {
	mkdir -m 700 "$fw_dir/guest"
	guest() { XDG_CONFIG_HOME="$fw_dir/guest" "$FW" "$@" --discovery-address "tcp://127.0.0.1:$port" --server-key "$key"; }
	port=1 key='rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7'
	guest workers || true # makes the key
	public=$(sed -n 's/^public = //p' "$fw_dir/guest/fastworker/client.key")
	(umask 077 && mkdir -p "$XDG_CONFIG_HOME/fastworker" && echo "$public role=submit name=guest" >"$XDG_CONFIG_HOME/fastworker/authorized_keys")
	fw_start
	port=$(base_port) key=$(context server_key)
	done_task both secret
	run guest logs "$n"
	is "$status" 1
	hasnt "$output" "out secret"
	guest submit both mine >/dev/null 2>&1
	is "$(guest logs --stdout last)" "out mine"
	is "$(fw logs --stdout 2)" "out mine"
}
