#!/usr/bin/env bats
# shellcheck disable=SC2016,SC2154 # lines for another shell; $output and $stderr of helper.bash
# fastworker shell: scripts, and a terminal (tmux with a socket of its own).

load helper

setup_file() {
	fw_setup
	fw_start
}

teardown_file() {
	fw_teardown
}

setup() {
	fw_dir=$BATS_TEST_TMPDIR
	socket=fwsh-$$-$BATS_TEST_NUMBER
	uuid='[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}'
	cd "$fw_dir" || return
}

teardown() {
	tm kill-server 2>/dev/null || true
	fw stop -P away >/dev/null 2>&1 || true
}

# One that leaves a terminal as it finds it: bash would hide what we forgot.
PLAIN_SHELL='sh'

tm() {
	tmux -L "$socket" -f /dev/null "$@" 3>&-
}

# term [COMMAND]: a terminal with the shell in it.
term() {
	tm new-session -d -x 100 -y 40 "${1:-'$FW' shell}; echo left:\$?; exec sleep 1000"
	[ $# -gt 0 ] || wait_for at 'fw default>'
}

keys() {
	tm send-keys "$@"
}

type_text() {
	tm send-keys -l -- "$1"
}

line() {
	type_text "$1"
	keys Enter
}

screen() {
	tm capture-pane -p
}

# What the cursor's line shows, without blanks at the end.
at() {
	[ "$(screen | sed '/^$/d' | tail -n 1)" = "$1" ]
}

shows() {
	screen | grep -qF -- "$1"
}

shows_like() {
	screen | grep -qE -- "$1"
}

newest_is() {
	[ "$(fw tasks --json --limit 1 | jq -r .name)" = "$1" ]
}

@test "-c runs lines and gives the status of the last" {
	try 0 shell -c 'submit add 5 3'
	is "$output" 8
	is "$stderr" ''
	try 3 shell -c 'submit fail_with 3'
}

@test "a pipe has no prompt and leaves no history" {
	printf 'submit add 1 2\nsubmit add 3 4' >lines
	XDG_STATE_HOME=$fw_dir/own try 0 shell <lines
	is "$output" $'3\n7'
	is "$stderr" ''
	[ ! -e own/fastworker/history ]
}

@test "the first error ends a script with its status and its place" {
	printf '\n# three\nsubmit add 1 2\nstatsu\nsubmit add 3 4\n' >lines
	try 64 shell <lines
	is "$output" 3
	has "$stderr" 'fastworker: stdin:4: unknown command "statsu"'
	try 64 shell lines
	has "$stderr" 'fastworker: lines:4: unknown command "statsu"'
	try 64 shell -c 'statsu'
	has "$stderr" 'fastworker: -c:1: unknown command "statsu"'
}

@test "--keep-going runs on and ends with the last failure" {
	try 4 shell --keep-going -c $'submit fail_with 3\nsubmit add 1 2\nsubmit fail_with 4\nsubmit add 2 2'
	is "$output" $'3\n4'
}

@test "exit ends a script" {
	try 7 shell -c $'exit 7\nlist'
	is "$output" ''
	try 64 shell -c 'exit x'
	try 0 shell -c $'submit add 1 1\nquit\nlist'
	is "$output" 2
}

@test "quotes, JSON and a backslash go on in the next line" {
	cat >lines <<-'END'
		submit add \
		  4 4
		submit greet --kwargs {"name": "O'Neil \"x\"",
		  "greeting": "Hi"}
		submit echo 'a
		b'
	END
	try 0 shell <lines
	is "$output" $'8\nHi, O\'Neil "x"!\na\nb'
}

@test "JSON of any depth goes on until it is closed" {
	printf 'submit echo {"a":[1,[2\n,3]],\n"}":{"b":"]\\""}} \nsubmit add 1 1\n' >lines
	try 0 shell <lines
	is "$(jq -c . <<<"$output")" $'{"a":[1,[2,3]],"}":{"b":"]\\""}}\n2'
}

@test "what is never closed is an error with its line" {
	printf 'submit add 1 1\nsubmit echo "a\nb\n' >lines
	try 64 shell <lines
	is "$output" 2
	is "$stderr" 'fastworker: stdin:2: the " is not closed'
	try 64 shell -c 'submit echo [1,{'
	is "$stderr" 'fastworker: -c:1: the { is not closed'
}

@test "processes and faces are refused inside" {
	local name
	for name in shell console control-plane subworker worker; do
		try 64 shell -c "$name"
		has "$stderr" "$name"
		has "$stderr" 'shell'
	done
}

@test "options of the shell hold for its commands, theirs count more" {
	try 69 -P nobody shell -c list
	has "$stderr" nobody
	try 0 shell --json -c 'submit add 1 2'
	is "$(jq -r .state <<<"$output")" success
	try 0 shell --json -c 'submit --no-json add 1 2'
	is "$output" 3
}

@test "data that cannot be written is 74; a reader that went is nothing" {
	local status=0
	"$FW" shell -c list >/dev/full 2>err || status=$?
	is "$status" 74
	has "$(cat err)" 'cannot write to stdout'
	"$FW" shell -c $'list\nlist' 2>err | head -n 1 >/dev/null
	is "${PIPESTATUS[0]}" 0
	is "$(cat err)" ''
}

@test "a terminal: prompt, a failed command, ^D" {
	term
	line 'submit add 20 3'
	wait_for shows 23
	wait_for at 'fw default>'
	line 'statsu'
	wait_for at 'fw default!>'
	line 'submit add 1 1'
	wait_for at 'fw default>'
	keys C-d
	wait_for shows left:0
}

@test "exit and quit leave" {
	term
	line exit
	wait_for shows left:0
}

@test "^C clears the line, and drops what is not closed" {
	term
	type_text 'submit add 1'
	keys C-c
	wait_for shows 'submit add 1^C'
	wait_for at 'fw default>'
	line 'submit echo ["'
	wait_for at '"->'
	keys C-c
	wait_for at 'fw default>'
	line 'submit add 30 1'
	wait_for shows 31
}

@test "^C while a command waits: the prompt comes back, the task goes on" {
	local n
	term
	line 'submit sleep 100'
	wait_for newest_is sleep
	n=$(fw tasks --json --limit 1 | jq -r .n)
	wait_for task_is running "$n"
	keys C-c
	wait_for at 'fw default!>'
	shows "task $n goes on"
	task_is running "$n"
	line 'submit add 40 1'
	wait_for shows 41
	fw cancel "$n"
}

@test "notices come above a half-typed line" {
	term
	line 'submit -n sleep 0.7'
	wait_for shows_like "$uuid"
	wait_for at 'fw default>'
	type_text 'submit add 5 '
	keys Left Left
	wait_for shows_like '\[done\] [0-9]+ sleep success'
	at 'fw default> submit add 5'
	type_text '5'
	wait_for at 'fw default> submit add 55'
	keys C-e
	line '1'
	wait_for shows 56
}

@test "a notice says why a task failed; many in a second are one line" {
	local _
	term
	line 'submit -n fail_with 3'
	wait_for shows_like '\[done\] [0-9]+ fail_with failure: '
	line 'submit -n sleep 0.3'
	for _ in {1..30}; do line ' submit -n true'; done
	wait_for shows_like '\[done\] [0-9]+ success'
}

@test "history: private, without what begins with a blank, without repetitions" {
	local file=$fw_dir/own/fastworker/history
	export XDG_STATE_HOME=$fw_dir/own
	term
	line 'submit add 1 1'
	line 'submit add 1 1'
	line ' submit add 2 2'
	line 'submit echo "a'
	line 'b"'
	wait_for at 'fw default>'
	keys C-d
	wait_for shows left:0
	is "$(stat -c %a "$file")" 600
	is "$(grep -v '^#' "$file")" $'submit add 1 1\nsubmit echo "a\nb"'
	tm kill-server
	socket=$socket-b
	term
	keys Up
	wait_for at 'b"'
	keys Up
	wait_for at 'fw default> submit add 1 1'
}

@test "a paste of several lines runs each, whatever its size" {
	term
	{
		printf 'submit add 100 1\nsubmit add 100 2\nsubmit checksum ['
		head -c 65536 /dev/zero | tr '\0' 1
		printf '] 2\nsubmit add 100 4'
	} >pasted
	tm load-buffer pasted
	tm paste-buffer -p
	keys Enter
	wait_for shows 104
	wait_for at 'fw default>'
}

@test "TAB completes commands, options, values and names" {
	term
	# subworker is not for here.
	type_text 'su'
	keys Tab
	wait_for at 'fw default> submit'
	type_text 'check'
	# The control plane may be too late for the first, when the machine is busy.
	keys Tab
	PATIENCE=1 wait_for at 'fw default> submit checksum' || keys Tab
	wait_for at 'fw default> submit checksum'
	keys C-u
	type_text 'submit --prio'
	keys Tab
	type_text 'H'
	wait_for at 'fw default> submit --priority=H'
	keys Tab
	wait_for at 'fw default> submit --priority=high'
	keys C-u
	type_text "submit checksum '$REPO/examples/ta"
	keys Tab
	wait_for at "fw default> submit checksum '$REPO/examples/tasks.sh'"
	keys C-u
	type_text 'w'
	keys Tab Tab
	wait_for shows_like 'wait +workers'
}

@test "a lost connection stands in the prompt; the next command finds the control plane again" {
	fw_start -P away
	export FASTWORKER_PROFILE=away
	term "'$FW' shell"
	wait_for at 'fw away>'
	line 'submit add 60 1'
	wait_for shows 61
	type_text 'half'
	fw stop
	wait_for at 'fw away(lost)> half'
	keys C-u
	line list
	wait_for at 'fw away(lost)!>'
	fw_start -P away
	line 'submit add 70 1'
	wait_for shows 71
	wait_for at 'fw away>'
}

@test "a line that names another control plane goes there, and only that line" {
	fw_start -P away
	fw submit -P away add 500 1
	printf '%s\n' 'submit -n true' 'status -P away --json last' 'tasks -P away' 'submit add 1 1' 'tasks' >lines
	try 0 shell <lines
	has "$output" '"args_preview":"[500,1]"'
	is "$(grep -c '\[500,1\]' <<<"$output")" 2
	term
	line 'submit add 90 1'
	wait_for shows 91
	line 'submit add -P away 90 2'
	wait_for shows 92
	wait_for at 'fw default>'
	line 'stop -P away'
	wait_for shows 'stop -P away'
	wait_for at 'fw default>'
	hasnt "$(screen)" 'trying again'
	line 'submit add 90 3'
	wait_for shows 93
}

@test "^Z stops it, with the terminal as it was; fg brings the line back" {
	term "env PS1='B> ' $PLAIN_SHELL -i"
	wait_for at 'B>'
	line "'$FW' shell"
	wait_for at 'fw default>'
	type_text 'submit add 80 1'
	keys C-z
	wait_for shows Stopped
	line 'stty -a | grep -o -- "-*icanon" | sed s/^/tty:/'
	wait_for shows tty:icanon
	line fg
	wait_for at 'fw default> submit add 80 1'
	keys C-b
	type_text '1'
	wait_for at 'fw default> submit add 80 11'
	keys Enter
	wait_for shows 91
}

@test "SIGTERM leaves the terminal as it was" {
	term "env PS1='B> ' $PLAIN_SHELL -i"
	wait_for at 'B>'
	line 'bash -c '\''echo $$ >pid; exec "$FW" shell'\''; echo status:$?'
	wait_for at 'fw default>'
	kill -TERM "$(cat pid)"
	wait_for shows status:143
	line 'stty -a | grep -o -- "-*icanon" | sed s/^/tty:/'
	wait_for shows tty:icanon
}
