#!/usr/bin/env bats
# Whoever has no key that was let in gets nothing, within a second, with a line that helps; and disturbs nobody.
load helper

setup_file() { fw_setup && fw_start; }
teardown_file() { fw_teardown; }
teardown() { [ -z "${other:-}" ] || rm -rf "$other"; [ -z "${BG:-}" ] || kill "$BG" 2>/dev/null || true; }

peer() {
	"$PYTHON" "$REPO/tests/e2e/peers.py" "$@" 3>&-
}

# As another local user, with folders and a copy of the binary of its own.
as_other() {
	# The mark of the suite goes with it: what is left behind must be found. EXEC=exec: in the background, $! is the program itself.
	${EXEC:-} setpriv --reuid 65534 --regid 65534 --clear-groups env -i ${FWTEST_JOB:+FWTEST_JOB="$FWTEST_JOB"} \
		PATH="$PATH" HOME="$other" XDG_CONFIG_HOME="$other/config" \
		XDG_STATE_HOME="$other/state" XDG_RUNTIME_DIR="$other/run" LC_ALL=C.UTF-8 NO_COLOR=1 ${ASAN_OPTIONS:+ASAN_OPTIONS=detect_leaks=0} \
		"$@"
}

other_user() {
	[ "$(id -u)" = 0 ] || skip "only root can become another user"
	other=$(mktemp -d /tmp/fwo.XXXXXX)
	mkdir -m 700 "$other/config" "$other/state" "$other/run"
	cp "$FW" "$other/fw"
	chown -R 65534:65534 "$other"
	server_key=$(context server_key)
	port=$(base_port)
}

# refused STATUS WORDS...: by as_other, within a second (the machine may be busy: three).
refused() {
	local want=$1 begun
	shift
	begun=$(ms)
	status=0
	output=$(as_other "$other/fw" "$@" 2>"$fw_dir/stderr" 3>&-) || status=$?
	stderr=$(<"$fw_dir/stderr")
	took=$(($(ms) - begun))
	[ "$status" = "$want" ] || { echo "exit $status, not $want: $output $stderr" >&2 && return 1; }
	[ "$took" -lt "$limit" ] || { echo "took $took ms" >&2 && return 1; }
	is "$output" ""
}

limit=1000
[ -z "${FW_SANITIZED:-}" ] || limit=5000

@test "another local user: there is no control plane of its own, and it is told how to join" {
	other_user
	refused 69 workers
	has "$stderr" "authorized_keys"
	refused 125 submit add 5 3
}

@test "another local user without the server's key" {
	other_user
	refused 78 workers --discovery-address "tcp://127.0.0.1:$port"
	has "$stderr" "key"
}

@test "another local user with the server's key: 77, and whom to ask for what" {
	other_user
	for p in $port $((port + 4)) "$(context discovery_address | sed 's/.*://')"; do
		refused 77 workers --discovery-address "tcp://127.0.0.1:$p" --server-key "$server_key"
		has "$stderr" "authorized_keys"
		refused 77 stop --discovery-address "tcp://127.0.0.1:$p" --server-key "$server_key"
	done
	refused 125 submit add 5 3 --discovery-address "tcp://127.0.0.1:$port" --server-key "$server_key"
	# A worker goes on trying: its key may be let in later. It says so at once.
	EXEC='exec' as_other "$other/fw" subworker --worker-id evil --control-plane-address "tcp://127.0.0.1:$port" --server-key "$server_key" \
		3>&- 2>"$fw_dir/evil.err" &
	BG=$!
	PATIENCE=2 wait_for grep -q "authorized_keys" "$fw_dir/evil.err"
	grep -q "role=worker" "$fw_dir/evil.err"
	run ! has_worker evil
	kill "$BG"
}

@test "another local user cannot read our keys, contexts or logs" {
	other_user
	for f in "$XDG_CONFIG_HOME"/fastworker/*.key "$XDG_RUNTIME_DIR"/fastworker/* "$XDG_STATE_HOME"/fastworker/*; do
		matches "$(stat -c %a "$f")" '^[67]00$'
		run ! as_other cat "$f"
	done
}

@test "a wrong server key: 76 within a second" {
	wrong=$("$PYTHON" -c 'import zmq; print(zmq.curve_keypair()[0].decode())')
	begun=$(ms)
	try 76 workers --discovery-address "tcp://127.0.0.1:$(base_port)" --server-key "$wrong"
	[ $(($(ms) - begun)) -lt "$limit" ]
	has "$stderr" "key"
}

@test "plain ZeroMQ peers are refused within a second, on every port" {
	for p in $(seq "$(base_port)" $(($(base_port) + 5))); do
		out=$(peer plain "$p")
		matches "$out" '^(refused|disconnected|closed)'
		[ "${out##* }" -lt "$limit" ]
	done
}

@test "a stranger's key is refused within a second, on every port" {
	for p in $(seq "$(base_port)" $(($(base_port) + 5))); do
		out=$(peer stranger "$p" "$(context server_key)")
		matches "$out" '^refused: auth'
		[ "${out##* }" -lt "$limit" ]
	done
}

@test "a peer that pins a wrong key is refused within a second" {
	out=$(peer wrong "$(base_port)")
	matches "$out" '^(refused|disconnected|closed)'
	[ "${out##* }" -lt "$limit" ]
}

@test "bytes that are no ZeroMQ disturb nobody" {
	for p in $(base_port) $(($(base_port) + 5)); do
		is "$(peer garbage "$p")" closed
	done
	try 0 submit add 5 3
	is "$output" 8
}

@test "a 20-line REQ socket with CURVE is a full client" {
	for p in $(seq "$(base_port)" $(($(base_port) + 4))); do
		run --separate-stderr "$PYTHON" "$REPO/tests/e2e/req_client.py" "tcp://127.0.0.1:$p" "$(context server_key)" \
			"$XDG_CONFIG_HOME/fastworker/client.key" add '[5, 3]'
		is "$status $output" "0 success 8"
	done
	[ "$(grep -cv '^$' "$REPO/tests/e2e/req_client.py")" -le 25 ]
}

@test "keys are made once, for their owner alone" {
	before=$(sha256sum "$XDG_CONFIG_HOME"/fastworker/*.key)
	fw_start -P again && fw stop -P again
	is "$(sha256sum "$XDG_CONFIG_HOME"/fastworker/*.key)" "$before"
	[ "$(wc -l <<<"$before")" -ge 2 ]
}

@test "a key file that others may read is refused, with the command that mends it" {
	fw_setup
	fw_start
	chmod 644 "$XDG_CONFIG_HOME/fastworker/client.key"
	try 78 workers
	has "$stderr" "chmod"
	chmod 600 "$XDG_CONFIG_HOME/fastworker/client.key"
	try 0 workers
	fw_teardown
}

@test "a key that is let in has its own tasks and not those of others" {
	fw_setup
	mkdir -m 700 "$fw_dir/guest"
	guest() { XDG_CONFIG_HOME="$fw_dir/guest" "$FW" "$@" --discovery-address "tcp://127.0.0.1:$port" --server-key "$key"; }
	port=1 key='rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7'
	guest workers || true # makes the key
	public=$(sed -n 's/^public = //p' "$fw_dir/guest/fastworker/client.key")
	mkdir -p "$XDG_CONFIG_HOME/fastworker"
	echo "$public role=submit name=guest" >"$XDG_CONFIG_HOME/fastworker/authorized_keys"
	chmod 600 "$XDG_CONFIG_HOME/fastworker/authorized_keys"
	fw_start
	port=$(base_port) key=$(context server_key)
	id=$(fw submit -n --str say secret) && fw wait -q "$id"
	is "$(guest submit add 5 3)" 8
	is "$(guest status --json last | jq -r .owner)" guest
	run ! guest result "$id"
	run ! guest cancel "$id"
	hasnt "$(guest tasks --json)" "$id"
	run guest stop
	is "$status" 77
	has "$(fw tasks --json)" '"owner":"guest"'
	fw_teardown
}

@test "a broken authorized_keys is refused with its line" {
	fw_setup
	mkdir -p "$XDG_CONFIG_HOME/fastworker"
	printf '# mine\nnot-a-key role=submit\n' >"$XDG_CONFIG_HOME/fastworker/authorized_keys"
	chmod 600 "$XDG_CONFIG_HOME/fastworker/authorized_keys"
	try 78 start --base-address auto
	has "$stderr" "authorized_keys:2"
}
