#!/usr/bin/env bats
# Bad input: a clear error, the right code, nothing lost, nobody else disturbed.
load helper

setup_file() { fw_setup && fw_start; }
teardown_file() { fw_teardown; }
teardown() {
	[ "$fw_dir" = "$BATS_FILE_TMPDIR" ] || return 0 # one of its own
	# Nobody else was disturbed.
	is "$("$FW" submit add 5 3)" 8
}

module() { # LINES: a module of its own
	(umask 077 && mkdir -p "$BATS_TEST_TMPDIR/modules")
	printf '%s\n' "$@" >"$BATS_TEST_TMPDIR/modules/m.sh"
	m=$BATS_TEST_TMPDIR/modules/m.sh
}

@test "bad JSON: a caret under the byte" {
	try 125 submit keywords --kwargs '{"a": 1, "b": }'
	caret=$(grep -n '^ *^' <<<"$stderr" | cut -d: -f1)
	[ -n "$caret" ]
	above=$(sed -n "$((caret - 1))p" <<<"$stderr")
	below=$(sed -n "${caret}p" <<<"$stderr")
	before=${below%%^*}
	is "${above:${#before}:1}" "}"
	for bad in '{' '[1]' '{"a":1,}' '{a:1}' "{'a':1}" '{"a":01}' '{"a":1}x' '{"a":"\x"}' ''; do
		try 125 submit keywords --kwargs "$bad"
		[ -n "$stderr" ]
	done
}

@test "an argument of 300 MB: refused, and no process grew" {
	status=0
	stderr=$(head -c 300000000 /dev/zero | tr '\0' x | "$FW" submit length - 2>&1 3>&-) || status=$?
	is "$status" 125
	has "$stderr" "64 MiB"
	rss=$(awk '/VmHWM/ { print $2 }' "/proc/$(context pid)/status")
	[ -n "${FW_SANITIZED:-}" ] || [ "$rss" -lt 60000 ]
}

@test "an argument of 8 MB goes through; a program that cannot take it is told so" {
	head -c 8000000 /dev/urandom | base64 -w0 >"$BATS_TEST_TMPDIR/large"
	"$FW" submit --str echo - <"$BATS_TEST_TMPDIR/large" >"$BATS_TEST_TMPDIR/back"
	cmp "$BATS_TEST_TMPDIR/large" "$BATS_TEST_TMPDIR/back"
	status=0
	stderr=$("$FW" submit --str length - <"$BATS_TEST_TMPDIR/large" 2>&1 3>&-) || status=$?
	[ "$status" -ne 0 ]
	has "$stderr" "128 KiB"
}

@test "invalid UTF-8" {
	try 125 submit echo $'\xff\xfe'
	has "$stderr" "UTF-8"
	try 125 submit keywords --kw $'a=\xc3'
	has "$stderr" "UTF-8"
	run --separate-stderr "$FW" submit $'\xff'
	[ "$status" -ne 0 ]
	run ! grep -q $'\xff' <<<"$stderr"
}

@test "a name from outside is not obeyed by a terminal" {
	run --separate-stderr "$FW" submit $'\033[31mx'
	[ "$status" -ne 0 ]
	run ! grep -q $'\033' <<<"$stderr"
}

@test "bad addresses" {
	for bad in tcp:// tcp://x tcp://:5555 tcp://127.0.0.1 tcp://127.0.0.1:0x 127.0.0.1:99999 udp://127.0.0.1:5 'tcp://[::1:5' tcp://127.0.0.1:-1 ''; do
		try 64 start -P bad --base-address "$bad"
		has "$stderr" "base-address"
	done
	for bad in tcp://x 127.0.0.1:99999 '[::1]'; do
		try 64 workers --discovery-address "$bad"
		has "$stderr" "address"
	done
	try 64 start -P bad --base-address tcp://127.0.0.1:65533
}

@test "a host that does not exist" {
	try 69 workers --discovery-address tcp://no-such-host.invalid:5555 --server-key 'rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7' --connect-timeout 2s
	has "$stderr" "no-such-host.invalid"
}

@test "a module that others can write is refused, with the command that mends it" {
	module '# @task' 'evil() { echo; }'
	chmod 666 "$m"
	try 78 start -P bad --base-address auto -t "$m"
	has "$stderr" "$m"
	has "$stderr" "chmod"
	chmod 644 "$m"
	chmod 777 "${m%/*}"
	try 78 list -t "$m"
	has "$stderr" "chmod"
	chmod 1777 "${m%/*}"
	try 0 list -t "$m"
}

@test "broken modules: file and line" {
	module '# @task' 'fine() { echo; }' '# @nonsense x' '# @task' 'other() { echo; }'
	try 65 list -t "$m"
	has "$stderr" "m.sh:3"
	has "$stderr" "nonsense"
	try 65 start -P bad --base-address auto -t "$m"
	has "$stderr" "m.sh:3"
	module '# @task' 'x=1'
	try 65 list -t "$m"
	has "$stderr" "m.sh:"
	try 65 list -t "$BATS_TEST_TMPDIR/missing.sh"
	has "$stderr" "missing.sh"
}

@test "the same name twice is refused at load, both places are named; module.name calls either" {
	module '# @task' 'twin() { echo a; }'
	printf '# @task\ntwin() { echo b; }\n' >"${m%/*}/n.sh"
	try 65 list -t "$m" "${m%/*}/n.sh"
	has "$stderr" twin
	has "$stderr" m.sh
	has "$stderr" n.sh
}

@test "few descriptors: a clear error and no crash" {
	for n in 4 6 8 10 12 16 20 24; do
		status=0
		stderr=$(ulimit -n $n && "$FW" submit -n add 1 1 2>&1 3>&-) || status=$?
		case $status in
		0 | 69 | 74 | 75 | 125) ;;
		*) echo "ulimit -n $n: exit $status: $stderr" >&2 && return 1 ;;
		esac
		[ "$status" = 0 ] || [ -n "$stderr" ]
	done
}

@test "a control plane with few descriptors serves on when they are used up" {
	fw_setup
	(ulimit -n 60 && fw_start -P narrow --concurrency 1) || { fw_teardown && return; }
	p=$(base_port narrow)
	for _ in $(seq 100); do
		exec {c}<>"/dev/tcp/127.0.0.1/$p" || true
		held+=("$c")
	done 2>/dev/null
	ticks=$(awk '{ print $14 + $15 }' "/proc/$(context pid narrow)/stat")
	for c in "${held[@]}"; do exec {c}>&- || true; done
	works() { [ "$("$FW" submit -P narrow --connect-timeout 2s add 5 3)" = 8 ]; }
	wait_for works
	[ -d "/proc/$(context pid narrow)" ]
	fw_teardown
}

@test "/dev/full and a closed stdout" {
	run --separate-stderr sh -c "'$FW' submit add 5 3 >/dev/full"
	is "$status" 125
	[ -n "$stderr" ]
	run --separate-stderr sh -c "'$FW' workers >&-"
	is "$status" 74
	run --separate-stderr sh -c "'$FW' workers <&-"
	is "$status" 0
}

@test "a full disk under the log: the control plane serves on" {
	fw_setup
	mkdir -p "$XDG_STATE_HOME/fastworker"
	ln -s /dev/full "$XDG_STATE_HOME/fastworker/default.log"
	run --separate-stderr "$FW" start --base-address auto
	[ "$status" -ne 0 ] # a link is not followed
	[ -n "$stderr" ]
	fw_teardown
}

@test "numbers and times that are none" {
	try 64 start -P bad --concurrency many
	has "$stderr" concurrency
	try 64 start -P bad --concurrency -1
	try 64 start -P bad --result-cache-ttl yesterday
	try 64 tasks --connect-timeout soon
	try 125 submit --timeout soon add 1 1
	FASTWORKER_WORKER_CONCURRENCY=x try 64 start -P bad
	has "$stderr" FASTWORKER_WORKER_CONCURRENCY
	try 64 start -P '../evil'
	try 64 start -P bad --worker-id 'a b'
}
