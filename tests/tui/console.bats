#!/usr/bin/env bats
# shellcheck disable=SC2016,SC2154,SC2314 # backquotes in messages; $fw_dir, $stderr of helper.bash; ! stands last
# The console: what it shows, what its keys do, and that it leaves the terminal as it was, however it ends.

load helper

setup() {
	fw_setup
	fw_start
}

# Running tasks would hold up the end of the control plane.
teardown() {
	tui_teardown
	touch "$fw_dir/go"
	fw_teardown
}

# A task that waits for the file $fw_dir/go: its id.
waiting() {
	fw submit -n wait_file "$fw_dir/go"
}

@test "a task that is submitted shows up, and its end" {
	tui_run
	tui_wait 'live [0-9:]{8}'
	tui_wait 'no tasks yet'
	waiting
	tui_wait '> +1 norm running +wait_file'
	tui_wait 'slots 1/2'
	touch "$fw_dir/go"
	tui_wait '> +1 norm success +wait_file'
	fw submit fail_with 3 || true
	tui_wait '2 norm FAILURE +fail_with'
	tui_wait 'ok 1 +FAILED 1'
}

@test "queues, workers and results have a panel each" {
	fw submit add 5 3
	tui_run
	tui_wait '\[1 Tasks\]'
	tui_keys 2
	tui_wait '\[2 Queues\].*PRIORITY +QUEUED +OLDEST.*> critical +0 +-.*low'
	tui_keys Tab
	tui_wait '\[3 Workers\].*> control-plane/local +active +0/2'
	tui_keys 4
	tui_wait '\[4 Results\].*> +1 success +add +0 '
	tui_keys 1
	tui_wait '\[1 Tasks\].*norm success +add'
}

@test "x asks, naming the task; y cancels it" {
	local id
	id=$(waiting)
	tui_run
	tui_wait '> +1 norm running'
	tui_keys x
	tui_wait "Cancel task 1, wait_file\?.*$id.*\[ No \]"
	tui_keys y
	tui_wait '1 norm cancelled'
	tui_wait '1 cancelled \(was running\)'
	task_is cancelled "$id"
}

@test "x and then Enter, Esc, n or another x cancels nothing" {
	local id key
	id=$(waiting)
	tui_run
	tui_wait '> +1 norm running'
	for key in Enter Escape n x; do
		tui_keys x
		tui_wait 'Cancel task 1, wait_file\?'
		tui_keys "$key"
		tui_gone 'Cancel task 1'
	done
	fw submit -n say hello
	tui_wait 'say'
	has "$screen" "1 norm running"
	task_is running "$id"
}

@test "the dialog acts on the task that was selected, whatever comes in meanwhile" {
	local first second
	first=$(waiting)
	tui_run
	tui_wait '> +1 norm running'
	tui_keys x
	tui_wait 'Cancel task 1, wait_file\?'
	second=$(waiting)
	tui_wait '> +2 norm'
	tui_keys y
	tui_wait '1 norm cancelled'
	task_is cancelled "$first"
	task_is running "$second"
}

@test "the selection stays on its task when others come in above it" {
	waiting
	waiting
	tui_run
	tui_wait '> +2 norm'
	tui_keys j
	tui_wait '> +1 norm'
	waiting
	tui_wait '3 norm'
	matches "$screen" '> +1 norm'
	tui_keys g
	tui_wait '> +3 norm'
}

@test "Enter shows all about a task, live" {
	waiting
	fw submit -n say "later"
	tui_run
	tui_wait '> +2 '
	tui_keys G Enter
	tui_wait 'Task 1 wait_file +running.*arguments +\["'
	touch "$fw_dir/go"
	tui_wait 'Task 1 wait_file +success.*> ended \+'
	tui_keys Escape
	tui_wait '\[1 Tasks\].*ARGS'
	tui_keys k Enter
	tui_wait 'Task 2 say +success.*result +bytes, 5 B.later'
}

@test "what a task prints is not obeyed by the terminal" {
	printf '\033[31mred\033]0;title\007\n' >odd
	fw submit -n bytes "$fw_dir/odd"
	tui_run
	tui_wait 'success +bytes'
	tui_keys Enter
	tui_wait '\\x1b\[31mred\\x1b\]0;title\\x07'
}

@test "a command line runs behind a colon" {
	tui_run
	tui_wait 'no tasks yet'
	tui_keys :
	tui_type 'submit show_args "a  b" c\ d'
	tui_keys Enter
	tui_wait '<a  b>.<c d>'
	tui_keys q
	tui_wait '1 norm success +show_args .*\["a  b","c d"\]|1 norm success +show_args'
	tui_keys :
	tui_type 'version'
	tui_keys Enter
	tui_wait "$(fw version)"
}

@test "a command line that is wrong says how, and takes no terminal" {
	tui_run
	tui_wait 'no tasks yet'
	for line in 'say "x|column 5: the quote " is not closed' 'submti add|did you mean `submit`' \
		'shell|from a shell' 'console|from a shell' 'cancel 99|no such task'; do
		tui_keys :
		tui_type "${line%%|*}"
		tui_keys Enter
		tui_wait "${line#*|}"
	done
}

@test "Esc and ^C leave the prompt, and nothing is run" {
	waiting
	tui_run
	tui_wait '> +1 norm running'
	for key in Escape C-c; do
		tui_keys :
		tui_type 'cancel 1'
		tui_wait ':cancel 1'
		tui_keys "$key"
		tui_gone ':cancel'
	done
	task_is running 1
}

@test "^C lets go of a command that waits; the task goes on" {
	tui_run
	tui_wait 'no tasks yet'
	tui_keys :
	tui_type "submit wait_file $fw_dir/go"
	tui_keys Enter
	tui_wait '1 norm running'
	tui_keys C-c
	tui_gone 'wait_file .* \.\.\.'
	task_is running 1
	tui_wait '1 norm running'
}

@test "a filter is the control plane's, and is shown with n of all" {
	fw submit add 1 2
	fw submit say x
	fw submit fail_with 1 || true
	tui_run
	tui_wait '3 norm FAILURE'
	tui_keys /
	tui_type 'state=failure'
	tui_keys Enter
	tui_wait '1 of 3 +/state=failure'
	hasnt "$screen" "norm success"
	tui_keys / C-u
	tui_type 'nonsense=1'
	tui_keys Enter
	tui_wait 'no field "nonsense"'
	tui_wait '1 of 3 +/state=failure'
	tui_keys Escape
	tui_wait '1 norm success +add'
}

@test "the help is made from the tables" {
	tui_run -s 100x60
	tui_wait 'no tasks yet'
	tui_keys '?'
	tui_wait 'F9 x +cancel the task.*:cancel %id'
	for name in submit cancel tasks workers queues result; do
		matches "$screen" "  $name +[A-Z]"
	done
	tui_keys Escape
	tui_wait '\[1 Tasks\].*no tasks'
}

@test "a storm of sizes ends in the picture of the last one" {
	waiting
	tui_run -s 120x40
	tui_wait '> +1 norm running'
	for size in 30x6 200x50 81x25 40x8 39x30 1x1 10x3 60x16 120x40; do
		tui_size $size
	done
	tui_wait 'fastworker +control-plane +tcp://.*live [0-9:]{8}.*> +1 norm running +wait_file.*F10Quit'
	tui_size 40x8
	tui_wait '^control-plane.*> +1 running +wait_file.*F1Help'
	tui_size 39x8
	tui_gone 'F1Help'
	tui_wait '^ +ID STATE +TASK'
}

@test "without UTF-8 and colours it says the same in ASCII" {
	fw submit say "grün 漢字"
	fw submit fail_with 1 || true
	tui_run TERM=vt100 LC_ALL=C NO_COLOR=1
	tui_wait '2 norm FAILURE'
	matches "$screen" 'gr\?n'
	[ -z "$(tui_screen | LC_ALL=C tr -d '\n -~')" ]
	tui_tmux capture-pane -e -p -t t >colours
	! grep -E $'\e\\[([0-9]+;)*[34][0-7][;m]' colours
}

@test "no screen without a terminal that can have one" {
	TERM=dumb try_on_tty 69 'cannot move its cursor'
	TERM=nonsense try_on_tty 69 'is not known here'
	try 69 console
	has "$stderr" "stdout is none"
}

# The console on a terminal of tmux, where it cannot run: its status, and what it says.
try_on_tty() {
	tui_run "TERM=$TERM"
	tui_wait "$2"
	tui_wait "EXIT $1"
	tui_sane
	tui_teardown
	wait_for tui_no_server
}

tui_no_server() {
	! tui_tmux has-session
}

@test "q, Q, F10 and ^C quit, and give the terminal back" {
	local key
	for key in q Q F10 C-c; do
		tui_run
		tui_wait 'no tasks yet'
		tui_keys "$key"
		tui_wait 'EXIT 0'
		tui_sane
		tui_teardown
		wait_for tui_no_server
	done
}

@test "a signal ends it, and the terminal is given back" {
	local signal
	for signal in TERM HUP INT QUIT ABRT SEGV; do
		tui_run
		tui_wait 'no tasks yet'
		kill -"$signal" "$(tui_pid)"
		tui_wait "EXIT $((128 + $(kill -l "$signal")))"
		tui_sane
		tui_teardown
		wait_for tui_no_server
	done
}

@test "a terminal without a second screen is given back, too" {
	tui_run TERM=vt100 LC_ALL=C
	tui_wait 'no tasks yet'
	kill -SEGV "$(tui_pid)"
	tui_wait 'EXIT 139'
	tui_sane
	hasnt "$screen" "[1 Tasks]"
}

@test "it ends when its terminal goes away" {
	local pid
	tui_run
	tui_wait 'no tasks yet'
	pid=$(tui_pid)
	tui_teardown
	wait_for gone "$pid"
}

gone() {
	! kill -0 "$1" 2>/dev/null
}

@test "^Z stops it, and it comes back" {
	tui_tmux new-session -d -s t -x 80 -y 24 "env TERM=screen PS1='ready>' bash --norc -i"
	tui_wait 'ready>'
	tui_type "'$FW' console"
	tui_keys Enter
	tui_wait 'no tasks yet'
	tui_keys C-z
	tui_wait 'Stopped'
	tui_wait 'ready>'
	waiting
	tui_type fg
	tui_keys Enter
	tui_wait '> +1 norm running +wait_file'
	tui_keys q
	tui_wait 'ready>'
	tui_type 'exit'
	tui_keys Enter
}

@test "a control plane that is lost: the last picture stays, and what cannot be done says why" {
	local base discovery
	fw submit say x
	tui_run
	tui_wait '> +1 norm success'
	base=$(context base_address)
	discovery=$(context discovery_address)
	fw stop
	tui_wait 'LOST'
	matches "$screen" '> +1 norm'
	tui_keys x
	tui_wait 'cancel: not now: the connection to the control plane is lost'
	tui_keys :
	tui_type 'tasks'
	tui_keys Enter
	tui_wait 'tasks: not now'
	fw start --base-address "$base" --discovery-address "$discovery"
	tui_wait 'live [0-9:]{8}'
}

@test "a frozen picture stays as it is" {
	tui_run
	tui_wait 'no tasks yet'
	tui_keys Z
	tui_wait 'FROZEN'
	fw submit add 1 2
	# Longer than it would take a live one.
	for _ in {1..30}; do
		hasnt "$(tui_screen)" "norm success"
		sleep 0.05
	done
	tui_keys Z
	tui_wait '1 norm success +add'
}

@test "no control plane: the same error as of any command" {
	fw stop
	tui_run
	tui_wait 'no control plane of yours is running.*EXIT 69'
	tui_sane
}
