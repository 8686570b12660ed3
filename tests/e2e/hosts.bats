#!/usr/bin/env bats
# Two hosts: network namespaces with a cable between them. Everything is in namespaces of our own; the machine's network is not touched.

load helper

setup() {
	[ "$(id -u)" = 0 ] || skip "only root can make network namespaces"
	fw_setup
	tag=fw$$-$BATS_TEST_NUMBER
	hosts_up || {
		hosts_down
		skip "this system gives no network namespaces"
	}
	PATIENCE=$((PATIENCE * 4))
	real=$FW
	# What the helpers call is on the first host.
	printf '#!/bin/sh\nexec ip netns exec %s-a "%s" "$@"\n' "$tag" "$real" >host-a
	chmod +x host-a
	FW=$fw_dir/host-a
}

teardown() {
	[ -n "${tag:-}" ] || return 0
	local status=0
	fw_teardown || status=$?
	hosts_down
	return $status
}

hosts_up() {
	{
		ip netns add "$tag-a" && ip netns add "$tag-b" &&
			ip -n "$tag-a" link add cable type veth peer name cable netns "$tag-b" &&
			ip -n "$tag-a" addr add 10.213.7.1/24 dev cable && ip -n "$tag-b" addr add 10.213.7.2/24 dev cable &&
			ip -n "$tag-a" link set lo up && ip -n "$tag-b" link set lo up && cable up
	} 2>/dev/null
}

cable() { # up|down, at the second host: the first one notices nothing but silence
	ip -n "$tag-b" link set cable "$1" && ip -n "$tag-a" link set cable up
}

hosts_down() {
	ip netns del "$tag-a" 2>/dev/null
	ip netns del "$tag-b" 2>/dev/null
	return 0
}

# A command on the second host: own keys and folders, and what NAMES says in its /etc/hosts.
on_b() {
	XDG_CONFIG_HOME=$fw_dir/b/config XDG_STATE_HOME=$fw_dir/b/state XDG_RUNTIME_DIR=$fw_dir/b/run \
		exec ip netns exec "$tag-b" sh -c 'mount --bind "$1" /etc/hosts && shift && exec "$@"' sh "$fw_dir/names" "$real" "$@"
}

# The key of the second host, in the first one's authorized_keys. ROLES
let_b_in() {
	mkdir -p b/config b/state b/run "$XDG_CONFIG_HOME/fastworker"
	chmod 700 b b/* "$XDG_CONFIG_HOME/fastworker"
	printf '127.0.0.1 localhost\n' >names
	(on_b workers --discovery-address tcp://127.0.0.1:1 --server-key 'rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7') >/dev/null 2>&1 || true
	echo "$(sed -n 's/^public = //p' b/config/fastworker/client.key) role=$1 name=b" >"$XDG_CONFIG_HOME/fastworker/authorized_keys"
	chmod 600 "$XDG_CONFIG_HOME/fastworker/authorized_keys"
}

start_a() { # OPTIONS
	# shellcheck disable=SC2086
	"$FW" start --base-address tcp://10.213.7.1:5555 -t $MODULES "$@" 3>&- >"$fw_dir/start.out" 2>"$fw_dir/start.err"
}

worker_b() { # a subworker on the second host, as w1
	# shellcheck disable=SC2086
	on_b subworker --worker-id w1 --control-plane-address tcp://cp.example:5555 --server-key "$(context server_key)" -t $MODULES \
		3>&- </dev/null >"$fw_dir/w1.out" 2>"$fw_dir/w1.err" &
	BG=$!
	wait_for has_worker w1
}

field() { # KEY ID
	fw status --json "$2" | jq -r ".$1"
}

runs_on() { # WORKER ID
	[ "$(field state "$2") $(field worker "$2")" = "running $1" ]
}

@test "a subworker joins by host name, is cut off, its task moves, its late result is refused, it comes back and works on" {
	let_b_in worker
	start_a --lease 2s --concurrency 1
	echo '10.213.7.1 cp.example' >>names
	worker_b
	# Taken as work to come back to: it ends on both hosts at the same moment.
	try 0 submit -n wait_file "$fw_dir/go"
	id=$output
	wait_for runs_on w1 "$id"
	cable down
	wait_for runs_on control-plane/local "$id"
	is "$(field attempt "$id")" 2
	touch go
	try 0 wait "$id"
	cable up
	wait_for has_worker w1
	try 0 submit -n say hello
	two=$output
	try 0 wait "$two"
	is "$(field worker "$two")" w1
	is "$(fw result "$two")" hello
	# What w1 had done meanwhile came too late: counted, not recorded.
	late() { [ "$(fw workers --json | jq 'select(.id == "w1").stale')" = 1 ]; }
	wait_for late
	is "$(field worker "$id") $(field attempt "$id") $(field state "$id")" "control-plane/local 2 success"
}

@test "a name with two addresses, the first of which is dead" {
	let_b_in worker,submit,query
	start_a --concurrency 0
	printf '10.213.7.9 cp.example\n10.213.7.1 cp.example\n' >>names
	worker_b
	is "$(on_b submit --discovery-address tcp://cp.example:5555 --server-key "$(context server_key)" add 5 3)" 8
}

@test "a host without a key is refused, and told the line to ask for" {
	let_b_in worker
	rm "$XDG_CONFIG_HOME/fastworker/authorized_keys"
	start_a --concurrency 0
	echo '10.213.7.1 cp.example' >>names
	run on_b workers --discovery-address tcp://cp.example:5555 --server-key "$(context server_key)"
	is "$status" 77
	has "$output" authorized_keys
}
