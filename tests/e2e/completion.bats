#!/usr/bin/env bats
# shellcheck disable=SC2016,SC2154 # lines for another shell; $output and $stderr of helper.bash
# Completion: __complete itself, the bash script without a terminal, and a real interactive bash.

load helper

setup_file() {
	fw_setup
	fw_start
	fw submit add 1 2
	mkdir "$HOME/bin"
	ln -s "$FW" "$HOME/bin/fastworker"
	ln -s "$FW" "$HOME/bin/fw"
}

teardown_file() {
	fw_teardown
}

setup() {
	fw_dir=$BATS_TEST_TMPDIR
	socket=fwco-$$-$BATS_TEST_NUMBER
	cd "$fw_dir" || return
}

teardown() {
	tmux -L "$socket" kill-server 2>/dev/null || true
	[ ! -e stopped ] || kill -CONT "$(cat stopped)"
}

# complete WORD...: candidates in $output, one a line; nothing may be said.
complete() {
	try 0 __complete -- "$@"
	is "$stderr" ''
}

complete_is() {
	local want=$1
	shift
	complete "$@" && is "$output" "$want"
}

# soon WANT WORD...: the control plane may be too late at first, when the machine is busy.
soon() {
	wait_for complete_is "$@" || complete_is "$@"
}

@test "commands, without aliases and hidden ones" {
	complete ''
	has "$output" $'submit\nwait'
	hasnt "$output" __
	hasnt "$output" repl
	complete sub
	is "$output" $'subworker\nsubmit'
	complete --json ta
	is "$output" tasks
	complete help que
	is "$output" queues
	complete nonsense ''
	is "$output" ''
}

@test "options of the command and of all" {
	complete submit --
	has "$output" --priority=
	has "$output" --profile=
	has "$output" --json
	hasnt "$output" --task-modules
	complete submit --non
	is "$output" --non-blocking
	complete --prof
	is "$output" --profile=
	complete submit -- --pri
	is "$output" ''
	# Everything behind a -- and behind the first word of others is theirs.
	complete submit add --pri
	is "$output" --priority=
}

@test "values: choices in any case, joined or apart" {
	complete submit --priority=
	is "$output" $'--priority=low\n--priority=normal\n--priority=high\n--priority=critical'
	complete submit --priority H
	is "$output" high
	complete submit --priority=C
	is "$output" --priority=critical
	complete submit -p ''
	is "$output" $'low\nnormal\nhigh\ncritical'
	complete submit --wait-timeout ''
	is "$output" ''
}

@test "names, numbers and profiles that are there now" {
	soon checksum submit che
	soon add submit --priority=low --timeout 5 ad
	soon greet submit --task-name gr
	soon $'last\n1' status ''
	soon 1 wait 1
	complete -P ''
	is "$output" default
	complete --profile=def
	is "$output" --profile=default
	printf '[profile prod]\nserver-key = x\n' >config
	FASTWORKER_CONFIG=$PWD/config complete -P p
	is "$output" prod
}

@test "files are left to the shell" {
	complete submit checksum ''
	is "$output" :file
	complete start -t ''
	is "$output" :file
	complete start --task-modules=x
	is "$output" :file
}

@test "of the control plane that the line names" {
	complete -P nobody submit che
	is "$output" ''
	complete submit -P nobody che
	is "$output" ''
	complete submit -P ../default che
	is "$output" ''
}

@test "without a control plane: what the tables give, and no file is made" {
	export XDG_RUNTIME_DIR=$fw_dir/none XDG_CONFIG_HOME=$fw_dir/none XDG_STATE_HOME=$fw_dir/none
	complete status ''
	is "$output" last
	complete submit ''
	is "$output" ''
	[ ! -e none ]
}

within_budget() {
	local begin=${EPOCHREALTIME/./}
	complete "$@"
	[ $((${EPOCHREALTIME/./} - begin)) -lt "${FW_SANITIZED:+10}50000" ]
}

@test "within 50 ms, also when the control plane hangs" {
	local pid
	# Once is enough: the machine may be busy with something else.
	wait_for within_budget submit ''
	pid=$(context pid)
	echo "$pid" >stopped
	kill -STOP "$pid"
	wait_for within_budget status ''
	complete status ''
	is "$output" last
	complete submit ''
	is "$output" ''
}

# try_line LINE: what bash would be given for it: each candidate in <>, as readline splits LINE at blanks, = and :.
try_line() {
	bash --norc -c '
		set -u
		options=()
		compopt() { options+=("$2"); }
		if [ "$2" = with ]; then set +u; . /usr/share/bash-completion/bash_completion; set -u; fi
		. "$REPO/completions/fastworker.bash"
		COMP_LINE=$1 COMP_POINT=${#1} COMP_WORDS=()
		rest=$1
		while [[ $rest =~ ^\ *(\"[^\"]*\"?|[=:]+|[^ =:]+) ]]; do
			COMP_WORDS+=("${BASH_REMATCH[1]}")
			rest=${rest:${#BASH_REMATCH[0]}}
		done
		[[ $1 != *" " ]] || COMP_WORDS+=("")
		COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
		_fastworker
		printf "<%s>" ${COMPREPLY+"${COMPREPLY[@]}"}
		echo " ${options[*]-}"' bash "$1" "$2" 2>err 3>&-
}

line_gives() {
	is "$(try_line "$1" "$2")" "$3" && is "$(cat err)" ''
}

# given LINE WANT [OPTIONS]: with bash-completion and without.
given() {
	local with
	for with in with without; do
		wait_for line_gives "$1" $with "$2 ${3-nosort}" || line_gives "$1" $with "$2 ${3-nosort}"
	done
}

@test "the bash script: words with = and :, quotes, options" {
	PATH=$HOME/bin:$PATH
	given 'fastworker subw' '<subworker>'
	given 'fw subw' '<subworker>'
	given 'fw submit che' '<checksum>'
	given 'fw submit --prio' '<--priority=>' 'nosort nospace'
	given 'fw submit --priority=' '<low><normal><high><critical>'
	given 'fw submit --priority=hi' '<high>'
	given 'fw submit --priority hi' '<high>'
	given 'fw --profile=default submit che' '<checksum>'
	given 'fw submit --task-name=che' '<checksum>'
	given 'fw submit "che' '<checksum>'
	given 'fw submit "--priority=hi' '<--priority=high>'
	given 'fw --discovery-address=tcp://nowhere:1 submit --pri' '<--priority=>' 'nosort nospace'
	given 'fw status ' '<last><1>'
	given 'fw submit add ' '<>' default
	given 'fw nonsense ' '<>' ''
	given "$HOME/bin/fw submit che" '<checksum>'
	given '/nowhere/fw submit --non' '<--non-blocking>'
}

at() {
	[ "$(tmux -L "$socket" capture-pane -p | sed '/^$/d' | tail -n 1)" = "$1" ]
}

keys() {
	tmux -L "$socket" send-keys "$@"
}

# A bash with the script in it, and with bash-completion when $1 is given.
interactive() {
	printf 'PS1="B> "; PATH=$HOME/bin:$PATH; bind "set bell-style none"; set -u\n' >rc
	[ $# -eq 0 ] || printf '. %s\n' "$1" >>rc
	printf '. %s\n' "$REPO/completions/fastworker.bash" >>rc
	tmux -L "$socket" -f /dev/null new-session -d -x 100 -y 30 'bash --rcfile rc -i' 3>&-
	wait_for at 'B>'
}

# tab WANT: TAB, until the line is that; again when the control plane was too late.
tab() {
	local _
	for _ in {1..20}; do
		keys Tab
		PATIENCE=1 wait_for at "$1" 2>/dev/null && return
	done
	wait_for at "$1"
}

walk_through() {
	echo x >'a file'
	keys 'fw subm'
	tab 'B> fw submit'
	keys -- '--prio'
	tab 'B> fw submit --priority='
	keys 'cri'
	tab 'B> fw submit --priority=critical'
	keys 'che'
	tab 'B> fw submit --priority=critical checksum'
	keys 'a'
	tab 'B> fw submit --priority=critical checksum a\ file'
	keys C-u 'fastworker status la'
	tab 'B> fastworker status last'
	keys C-u 'fw list --task-modules=a'
	tab 'B> fw list --task-modules=a\ file'
	keys C-u 'fw submit "che'
	tab 'B> fw submit "checksum"'
}

@test "a real bash" {
	interactive
	walk_through
}

@test "a real bash with bash-completion" {
	interactive /usr/share/bash-completion/bash_completion
	walk_through
}
