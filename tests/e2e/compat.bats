#!/usr/bin/env bats
# What people who come from FastWorker type: every command, option and variable that is documented there behaves so here, but for the table of
# deliberate differences in the manual. One row each; the last test checks that none of the documented ones lacks a row.
load helper

setup_file() { fw_setup && fw_start && fw submit add 1 1; }
teardown_file() { fw_teardown; }
teardown() {
	[ -z "${LATER:-}" ] || kill "$LATER" 2>/dev/null || true
	[ "$fw_dir" = "$BATS_FILE_TMPDIR" ] || fw_teardown
}

# row STATUS STDOUT STDERR WORDS...: patterns; variables stand before, as VAR=VALUE words.
row() {
	local want=$1 out=$2 err=$3 status=0 stdout
	shift 3
	stdout=$(timeout "$PATIENCE" env "${ENV[@]}" "$FW" "$@" 2>"$fw_dir/stderr" 3>&- </dev/null) || status=$?
	[ "$status" = "$want" ] && [[ $stdout =~ $out ]] && [[ $(<"$fw_dir/stderr") =~ $err ]] || {
		printf 'fastworker %s\nexit: %s, not %s\nout: %s  (%s)\nerr: %s  (%s)\n' "${ENV[*]} $*" "$status" "$want" "$stdout" "$out" \
			"$(<"$fw_dir/stderr")" "$err" >&2
		return 1
	}
	[ -n "$out" ] || is "$stdout" ""
}
ENV=()

@test "submit" {
	disc=$(context discovery_address)
	#   exit  stdout                    stderr       words
	row 0     '^8$'                     ''           submit --task-name add --args 5 3
	row 0     '^8$'                     ''           submit --args 5 3 --task-name add
	row 0     "^Task ID: $uuid\$"       ''           submit --task-name add --args 5 3 --priority high --non-blocking
	row 0     '^8$'                     ''           submit --task-name add --args 5 3 --priority low
	row 0     '^8$'                     ''           submit --task-name add --args 5 3 --priority normal
	row 0     '^8$'                     ''           submit --task-name add --args 5 3 --priority critical
	row 125   ''                        'low.*critical' submit --task-name add --args 5 3 --priority none
	row 0     '^8$'                     ''           submit --discovery-address "$disc" --task-name add --args 5 3
	row 0     '^8$'                     ''           submit --task-modules "$REPO/examples/tasks.sh" --task-name add --args 5 3
	row 0     '^8$'                     ''           --log-level DEBUG submit --task-name add --args 5 3
	row 0     '^\[5,1.5,true,"x","True","007"\]$' '' submit --task-name echo --args 5 1.5 true x True 007
	row 127   ''                        'add'        submit --task-name ad --args 5 3
	row 125   ''                        'task'       submit --args 5 3
}

@test "status" {
	disc=$(context discovery_address)
	id=$(fw submit -n add 2 2)
	fw wait -q "$id"
	row 0     "$id.*success"            ''           status --task-id "$id"
	row 0     success                   ''           status --discovery-address "$disc" --task-id "$id"
	row 1     ''                        'no'         status --task-id 01900000-0000-7000-8000-000000000000
	row 64    ''                        ''           status
}

@test "cancel" {
	disc=$(context discovery_address)
	id=$(fw submit -n sleep 100)
	row 0     "$id|cancel"              ''           cancel --task-id "$id"
	row 1     ''                        'cancelled'  cancel --task-id "$id"
	id=$(fw submit -n sleep 100)
	row 0     "$id|cancel"              ''           cancel --discovery-address "$disc" --task-id "$id"
	row 1     ''                        'no'         cancel --task-id 01900000-0000-7000-8000-000000000000
}

@test "list needs no control plane" {
	fw_setup
	row 0     'add'                     ''           list --task-modules "$REPO/examples/tasks.sh"
	row 0     'tasks'                   ''           list --tree --task-modules "$REPO/examples/tasks.sh"
	row 0     'show_args'               ''           list --task-modules "$REPO/examples/tasks.sh" "$REPO/tests/e2e/tasks.sh"
	row 0     'show_args'               ''           list --task-modules "$REPO/examples/tasks.sh,$REPO/tests/e2e/tasks.sh"
}

@test "--log-level" {
	for level in DEBUG INFO WARNING ERROR debug; do
		row 0 'control-plane'       ''           --log-level $level workers
		row 0 'control-plane'       ''           workers --log-level $level
	done
	row 64    ''                        'ERROR'      --log-level LOUD workers
	fw_setup
	later control-plane --base-address auto --log-level DEBUG
	[ "$(grep -c level=debug later.err)" -gt 0 ]
	ended
	later control-plane --base-address auto --log-level ERROR
	is "$(grep -c level=info later.err)" 0
	ended
}

# later WORDS...: a process in the foreground of its own, ready.
later() {
	rm -f "$fw_dir/later.out"
	env "${ENV[@]}" "$FW" "$@" 3>&- </dev/null >"$fw_dir/later.out" 2>"$fw_dir/later.err" &
	LATER=$!
	wait_for test -s "$fw_dir/later.out"
}

ended() {
	kill "$LATER" && wait "$LATER"
}

@test "control-plane and its options" {
	fw_setup
	p=$(free_ports 8)
	later control-plane --worker-id boss --base-address "tcp://127.0.0.1:$p" --discovery-address "tcp://127.0.0.1:$((p + 7))" \
		--subworker-port $((p + 6)) --result-cache-size 2 --result-cache-ttl 3600 --task-modules "$REPO/examples/tasks.sh" "$REPO/tests/e2e/tasks.sh" \
		--concurrency 3 --no-gui
	is "$(context worker_id)" boss
	is "$(context base_address)" "tcp://127.0.0.1:$p"
	is "$(context discovery_address)" "tcp://127.0.0.1:$((p + 7))"
	is "$(fw workers --json | jq -c '[.id, .slots]')" '["boss/local",3]'
	for i in 0 1 2 3 4 6 7; do timeout 1 bash -c "exec 5<>/dev/tcp/127.0.0.1/$((p + i))"; done
	run timeout 1 bash -c "exec 5<>/dev/tcp/127.0.0.1/$((p + 5))"
	[ "$status" -ne 0 ]
	for _ in 1 2 3; do fw submit show_args 1; done
	is "$(fw tasks --json | wc -l)" 2
	ended
	later control-plane --base-address "tcp://127.0.0.1:$p" --discovery-address "tcp://127.0.0.1:$((p + 7))" --result-cache-ttl 1
	is "$(context worker_id)" control-plane
	timeout 1 bash -c "exec 5<>/dev/tcp/127.0.0.1/$((p + 5))"
	is "$(fw workers --json | jq .slots)" "$(nproc)"
	fw submit true
	forgotten() { [ "$(fw tasks --json | wc -l)" = 0 ]; }
	wait_for forgotten
	ended
	row 78 '' 'web page' control-plane --base-address auto --gui
	for gui in "--gui-host 127.0.0.1" "--gui-port 8080"; do
		# shellcheck disable=SC2086
		later control-plane --base-address auto $gui
		grep -q 'web page' later.err
		ended
	done
}

@test "the default ports" {
	fw_setup
	exec 9>/tmp/fastworker-test-default-ports && flock 9 # the same test may run on another build just now
	for p in 5550 5555 5556 5557 5558 5559 5560; do
		! timeout 1 bash -c "exec 5<>/dev/tcp/127.0.0.1/$p" 2>/dev/null || skip "port $p is in use on this machine"
	done
	later control-plane
	is "$(context base_address) $(context discovery_address)" "tcp://127.0.0.1:5555 tcp://127.0.0.1:5550"
	for p in 5550 5555 5556 5557 5558 5559 5560; do timeout 1 bash -c "exec 5<>/dev/tcp/127.0.0.1/$p"; done
	ended
	exec 9>&-
}

@test "subworker and its options" {
	fw_setup
	fw_start --concurrency 0
	p=$(base_port)
	disc=$(context discovery_address)
	later subworker --worker-id w2 --control-plane-address "tcp://127.0.0.1:$p" --base-address tcp://127.0.0.1:5561 --discovery-address "$disc" \
		--task-modules "$REPO/examples/tasks.sh" --concurrency 2
	is "$(fw workers --json | jq -c '[.id, .slots]')" '["w2",2]'
	ended
	later subworker --control-plane-address "tcp://127.0.0.1:$p"
	is "$(fw workers --json | jq -c '[.id, .slots]')" "[\"$(hostname)\",1]"
	ended
}

@test "worker and its options" {
	fw_setup
	p=$(free_ports 8)
	later worker --worker-id w1 --base-address "tcp://127.0.0.1:$p" --discovery-address "tcp://127.0.0.1:$((p + 7))" --task-modules "$REPO/examples/tasks.sh" \
		--concurrency 2
	is "$(fw workers --json | jq -c '[.id, .slots]')" '["w1/local",2]'
	is "$(fw submit add 5 3)" 8
	ended
	later worker --worker-id w1 --base-address auto
	is "$(fw workers --json | jq .slots)" 1
	ended
	row 64 '' 'worker-id' worker
}

@test "variables of workers: option, then variable, then configuration, then default" {
	fw_setup
	p=$(free_ports 8)
	ENV=(FASTWORKER_WORKER_ID=boss FASTWORKER_BASE_ADDRESS="tcp://127.0.0.1:$p" FASTWORKER_DISCOVERY_ADDRESS="tcp://127.0.0.1:$((p + 7))"
		FASTWORKER_SUBWORKER_PORT=$((p + 6)) FASTWORKER_RESULT_CACHE_SIZE=2 FASTWORKER_RESULT_CACHE_TTL=3600 FASTWORKER_WORKER_CONCURRENCY=3
		FASTWORKER_SERIALIZATION_FORMAT=JSON FASTWORKER_GUI_ENABLED=false FASTWORKER_GUI_HOST=127.0.0.1 FASTWORKER_GUI_PORT=8080)
	mkdir -p "$XDG_CONFIG_HOME/fastworker"
	printf 'worker-id = conf\nresult-cache-ttl = 77\nlease = 20s\n' >"$XDG_CONFIG_HOME/fastworker/config"
	later control-plane
	is "$(context worker_id)" boss
	is "$(context base_address) $(context discovery_address)" "tcp://127.0.0.1:$p tcp://127.0.0.1:$((p + 7))"
	is "$(fw workers --json | jq -c '[.id, .slots]')" '["boss/local",3]'
	timeout 1 bash -c "exec 5<>/dev/tcp/127.0.0.1/$((p + 6))"
	for _ in 1 2 3; do fw submit true; done
	is "$(fw tasks --json | wc -l)" 2
	ended
	later control-plane --worker-id given
	is "$(context worker_id)" given
	ended
	ENV=()
	later control-plane --base-address auto
	is "$(context worker_id)" conf
	value() { fw config --json | jq -r --arg s "$1" 'select(.setting == $s or .name == $s) | [.value, .origin] | map(tostring) | join(" ")'; }
	matches "$(value result-cache-ttl)" '^77 .*config'
	matches "$(FASTWORKER_RESULT_CACHE_TTL=5 value result-cache-ttl)" '^5 .*env|^5 .*FASTWORKER'
	matches "$(value result-cache-size)" '^10000 default'
	ended
	ENV=(FASTWORKER_RESULT_CACHE_SIZE=0)
	row 64 '' FASTWORKER_RESULT_CACHE_SIZE control-plane --base-address auto
	ENV=(FASTWORKER_GUI_ENABLED=true)
	later control-plane --base-address auto
	grep -q 'web page' later.err
	ended
	ENV=(FASTWORKER_SERIALIZATION_FORMAT=PICKLE)
	row 78 '' 'SecurityWarning' control-plane --base-address auto
}

@test "variables of a subworker" {
	fw_setup
	fw_start --concurrency 0
	ENV=(FASTWORKER_WORKER_ID=w9 FASTWORKER_CONTROL_PLANE_ADDRESS="tcp://127.0.0.1:$(base_port)" FASTWORKER_WORKER_CONCURRENCY=2
		FASTWORKER_BASE_ADDRESS=tcp://127.0.0.1:5561)
	later subworker
	is "$(fw workers --json | jq -c '[.id, .slots]')" '["w9",2]'
	ended
	ENV=(FASTWORKER_SERIALIZATION_FORMAT=PICKLE)
	row 78 '' 'SecurityWarning' subworker
}

@test "variables of a client" {
	ENV=(FASTWORKER_DISCOVERY_ADDRESS="$(context discovery_address)")
	row 0 '^8$' '' submit add 5 3
	# FASTWORKER_TIMEOUT and _RETRIES concern reaching the control plane: they are no task's time-out.
	ENV=(FASTWORKER_TIMEOUT=1 FASTWORKER_RETRIES=0)
	row 0 'null' '' submit sleep 2
	ENV=(FASTWORKER_TIMEOUT=soon)
	row 64 '' FASTWORKER_TIMEOUT workers
	ENV=(FASTWORKER_RETRIES=x)
	row 64 '' FASTWORKER_RETRIES workers
	ENV=(FASTWORKER_DISCOVERY_ADDRESS="tcp://127.0.0.1:$(free_ports)")
	row 78 '' key workers
}

@test "all that is documented, and belongs here, has a row" {
	mine=$(sed '/^@test "all that is/,$d' "$BATS_TEST_FILENAME")
	for word in submit\ --task-name status\ --task-id cancel\ --task-id list\ --task-modules list\ --tree control-plane subworker 'worker --worker-id' \
		--args --priority --non-blocking --discovery-address --task-modules --log-level --worker-id --base-address --subworker-port \
		--result-cache-size --result-cache-ttl --concurrency --gui-host --gui-port --no-gui --control-plane-address \
		FASTWORKER_DISCOVERY_ADDRESS FASTWORKER_SERIALIZATION_FORMAT FASTWORKER_TIMEOUT FASTWORKER_RETRIES FASTWORKER_WORKER_ID \
		FASTWORKER_BASE_ADDRESS FASTWORKER_CONTROL_PLANE_ADDRESS FASTWORKER_SUBWORKER_PORT FASTWORKER_RESULT_CACHE_SIZE \
		FASTWORKER_RESULT_CACHE_TTL FASTWORKER_WORKER_CONCURRENCY FASTWORKER_GUI_ENABLED FASTWORKER_GUI_HOST FASTWORKER_GUI_PORT; do
		has "$mine" "$word"
	done
	# Those of later issues: --countdown, --eta, --list-periodic, FASTWORKER_GUI_API_KEY, _GUI_CORS_ORIGIN, _TELEMETRY_ENABLED, OTEL_*.
}
