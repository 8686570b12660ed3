#!/usr/bin/env bats
# Whoever has a valid key can be broken or hostile all the same: the control plane goes on, and tells no lies.
load helper

setup_file() { fw_setup && fw_start --max-queued 100000; }
teardown_file() { fw_teardown; }

hostile() {
	timeout 60 "$PYTHON" "$REPO/tests/e2e/hostile.py" "$(base_port)" "$(context server_key)" \
		"$XDG_CONFIG_HOME/fastworker/client.key" "$1" 3>&-
}

# The same process still serves.
unharmed() {
	is "$(context pid)" "$pid"
	try 0 submit add 1 2
	is "$output" 3
}

@test "a connection is one worker" {
	pid=$(context pid)
	is "$(hostile two)" data
	unharmed
}

@test "workers that vanish while they register" {
	pid=$(context pid)
	hostile vanish
	unharmed
}

@test "watchers that vanish while they are answered" {
	pid=$(context pid)
	hostile replay
	hostile flood
	unharmed
}

@test "a request that names too many tasks is refused, at once" {
	pid=$(context pid)
	is "$(hostile many)" $'usage\nusage'
	unharmed
}

@test "a result that never came is not a success" {
	pid=$(context pid)
	is "$(hostile lost)" failure
	unharmed
}

@test "numbers out of all ranges" {
	pid=$(context pid)
	is "$(hostile numbers)" data
	unharmed
}

@test "a connection has so many watches and no more" {
	pid=$(context pid)
	is "$(hostile watches)" $'256 busy\nbusy'
	unharmed
}

@test "an answer in several messages: what is there, and what is not" {
	pid=$(context pid)
	is "$(hostile missing)" '1000 12000'
	unharmed
}

@test "a request of the command line that is too large says so, and how large it may be" {
	mapfile -t ids < <(seq 1000000 1045000)
	pid=$(context pid)
	try 64 status "${ids[@]}"
	has "$stderr" "256"
	unharmed
}

@test "sixteen large results at once all arrive" {
	fw_setup
	fw_start -P large --concurrency 16
	yes 0123456789 | head -c 3000000 >"$fw_dir/large"
	for _ in $(seq 16); do fw submit -P large -n echo --str - <"$fw_dir/large"; done >"$fw_dir/ids"
	xargs "$FW" wait -P large -q --wait-timeout 60 <"$fw_dir/ids"
	while read -r id; do
		fw result -P large "$id" | cmp - "$fw_dir/large"
	done <"$fw_dir/ids"
	fw_teardown
}

@test "keyword arguments that do not fit in a message are refused" {
	head -c 90000 /dev/zero | tr '\0' z >"$fw_dir/long"
	try 125 submit echo 1 --kw "a=$(cat "$fw_dir/long")" --kw "b=$(cat "$fw_dir/long")"
	has "$stderr" "96 KiB"
	pid=$(context pid)
	unharmed
}

@test "a stdin is fed by its owner, for the attempt that runs, and with credit" {
	pid=$(context pid)
	is "$(hostile stdin)" "no no data data closed busy closed closed closed closed"
	unharmed
}
