# For every .bats file: own folders, own ports, own control plane; and nothing is left behind.
#
# setup() { fw_setup; fw_start; }  teardown() { fw_teardown; }     for each test its own, or the same in setup_file and teardown_file

bats_require_minimum_version 1.5.0
REPO=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
FW=${FW:-$REPO/fastworker}
PYTHON=python3
/usr/bin/python3 -c 'import zmq' 2>/dev/null && PYTHON=/usr/bin/python3 # a version manager's has no apt packages
PATIENCE=10
[ -z "${FW_SANITIZED:-}" ] || PATIENCE=40

# Folders of this test, or of this file when called in setup_file. HOME marks whatever is started here: tasks, too, get it.
fw_setup() {
	fw_dir=${BATS_TEST_TMPDIR:-$BATS_FILE_TMPDIR}
	for name in $(compgen -e FASTWORKER_); do unset "$name"; done
	unset TMUX FW_TASK_ID
	export FW REPO PYTHON PATIENCE fw_dir
	export HOME=$fw_dir/home XDG_CONFIG_HOME=$fw_dir/config XDG_STATE_HOME=$fw_dir/state XDG_RUNTIME_DIR=$fw_dir/run
	export TMPDIR=$fw_dir/tmp NO_COLOR=1 LC_ALL=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
	(umask 077 && mkdir -p "$HOME" "$XDG_CONFIG_HOME" "$XDG_STATE_HOME" "$XDG_RUNTIME_DIR" "$TMPDIR")
	MODULES="$REPO/examples/tasks.sh $REPO/tests/e2e/tasks.sh"
	export MODULES
	cd "$fw_dir" || return
}

fw() {
	"$FW" "$@"
}

# A control plane in the background, with the tasks of examples/ and of tasks.sh here.
fw_start() {
	# shellcheck disable=SC2086
	"$FW" start --base-address auto -t $MODULES "$@" 3>&- >"$fw_dir/start.out" 2>"$fw_dir/start.err" || {
		local status=$?
		cat "$fw_dir/start.out" "$fw_dir/start.err" >&2
		return $status
	}
}

# A process of ours in the background: its pid in $BG, what it says in bg.out and bg.err (or NAME.out).
fw_bg() {
	local name=bg
	[ "$1" != --name ] || { name=$2 && shift 2; }
	"$FW" "$@" 3>&- </dev/null >"$fw_dir/$name.out" 2>"$fw_dir/$name.err" &
	BG=$!
}

fw_subworker() { # ID [OPTIONS]
	local id=$1
	shift
	# shellcheck disable=SC2086
	fw_bg --name "$id" subworker --worker-id "$id" -t $MODULES "$@"
	wait_for has_worker "$id"
}

has_worker() {
	fw workers --json "${@:2}" | jq -se --arg id "$1" 'any(.[]; .id == $id and .state == "active")' >/dev/null
}

# task_is STATE ID [OPTIONS]
task_is() {
	fw status --json "${@:2}" | jq -se --arg state "$1" 'all(.[]; .state == $state)' >/dev/null
}

# What still runs with this HOME.
fw_left() {
	local f
	for f in $(env -i /usr/bin/grep -lsz "^HOME=$HOME\$" /proc/[0-9]*/environ); do
		f=${f#/proc/}
		f=${f%/environ}
		case $(sed 's/.*) //' "/proc/$f/stat" 2>/dev/null) in
		'' | Z*) continue ;;
		esac
		# Ourselves: the shell of a test and what it starts just now.
		[ "$(readlink "/proc/$f/exe")" = "$(readlink "/proc/$$/exe")" ] && [ "$(ps -o sid= -p "$f")" = "$(ps -o sid= -p $$)" ] &&
			tr '\0' ' ' <"/proc/$f/cmdline" | grep -q bats && continue
		printf '%s %s\n' "$f" "$(tr '\0' ' ' <"/proc/$f/cmdline" 2>/dev/null)"
	done
}

nothing_left() {
	[ -z "$(fw_left)" ]
}

# Stops every control plane and every job of this shell; what is still there after that is a failure, and killed.
fw_teardown() {
	local context pid left
	# Workers first: they have something to hand in.
	for pid in $(jobs -p); do
		kill "$pid" 2>/dev/null
	done
	jobs_ended() { [ -z "$(jobs -rp)" ]; }
	wait_for jobs_ended
	for context in "$XDG_RUNTIME_DIR"/fastworker/*.ctx; do
		[ -e "$context" ] || continue
		timeout "$PATIENCE" "$FW" stop -P "$(basename "$context" .ctx)" >/dev/null 2>&1
	done
	if wait_for nothing_left; then
		# Killed workers cannot tidy up: FW_KILLED=1 in such a test.
		[ -n "${FW_KILLED:-}" ] || is "$(ls "$TMPDIR")" ""
		return
	fi
	left=$(fw_left)
	echo "left behind: $left"
	printf '%s\n' "$left" | while read -r pid _; do
		kill -9 "$pid" 2>/dev/null
	done
	return 1
}

# wait_for COMMAND...: until it succeeds, at most $PATIENCE seconds.
wait_for() {
	local end=$((SECONDS + PATIENCE))
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || {
			echo "waited $PATIENCE s for: $*" >&2
			return 1
		}
		sleep 0.05
	done
}

# Checks that say what they saw.
is() {
	[ "$1" = "$2" ] || {
		printf 'got:  %s\nwant: %s\n' "$1" "$2" >&2
		return 1
	}
}

has() {
	[[ $1 == *"$2"* ]] || {
		printf 'got:           %s\nwants in there: %s\n' "$1" "$2" >&2
		return 1
	}
}

hasnt() {
	[[ $1 != *"$2"* ]] || {
		printf 'got:               %s\nmust not be there: %s\n' "$1" "$2" >&2
		return 1
	}
}

matches() {
	[[ $1 =~ $2 ]] || {
		printf 'got:     %s\npattern: %s\n' "$1" "$2" >&2
		return 1
	}
}

# try STATUS WORDS...: runs our binary; $output, $stderr as in bats.
try() {
	local want=$1
	shift
	status=0
	output=$("$FW" "$@" 2>"$fw_dir/stderr" 3>&-) || status=$?
	stderr=$(<"$fw_dir/stderr")
	[ "$status" = "$want" ] || {
		printf 'fastworker %s\nexit: %s, not %s\nout: %s\nerr: %s\n' "$*" "$status" "$want" "$output" "$stderr" >&2
		return 1
	}
}

context() { # KEY [PROFILE]
	jq -r ".$1" "$XDG_RUNTIME_DIR/fastworker/${2:-default}.ctx"
}

base_port() {
	local a
	a=$(context base_address "$@") && echo "${a##*:}"
}

# The first of N free ports in a row; not where `auto` or the kernel choose theirs.
free_ports() {
	"$PYTHON" - "${1:-7}" <<-'EOF'
		import random, socket, sys
		def free(p):
		    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
		        with socket.socket(family) as s:
		            try:
		                s.bind((host, p))
		            except OSError:
		                return False
		    return True
		while True:
		    first = random.randrange(10000, 19000)
		    if all(free(first + i) for i in range(int(sys.argv[1]))):
		        print(first)
		        break
	EOF
}

ms() {
	date +%s%3N
}

uuid='[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}'
