#!/usr/bin/env bats
# Modules are loaded again on SIGHUP and when they change; what runs is not touched; what is broken stays as it was.

load helper

setup() {
	fw_setup
	m=$fw_dir/m.sh
	MODULES=$m
}
teardown() { fw_teardown; }

module() { # TEXT: as an editor that writes in place
	printf '%b' "#!/bin/sh\n$1" >"$m"
}

replace() { # TEXT: as an editor that writes a new file and renames it
	printf '%b' "#!/bin/sh\n$1" >"$m.new"
	mv "$m.new" "$m"
}

says() { # TASK TEXT
	[ "$(fw submit "$1" 2>/dev/null)" = "$2" ]
}

local_pid() {
	fw workers --json | jq -r 'select(.local).pid'
}

broken() { # ID: what its first module suffers from
	fw workers --json | jq -r "select(.id == \"$1\").modules[0].broken"
}

is_broken() {
	[ "$(broken "$@")" != null ]
}

no_task() {
	fw submit "$1" 2>/dev/null
	[ $? = 127 ]
}

@test "a changed file is noticed: new names come, removed ones go, changed ones are new; in place and by rename" {
	module '# @task\na() { echo 1; }\n# @task\ngoes() { :; }\n'
	fw_start
	says a 1
	says goes ''
	module '# @task\na() { echo 2; }\n# @task\ncomes() { echo c; }\n'
	wait_for says comes c
	says a 2
	try 127 submit goes
	hasnt "$(fw list)" goes
	replace '# @task\na() { echo 3; }\n# @task\ngoes() { echo back; }\n'
	wait_for says a 3
	says goes back
	has "$(fw list)" goes
	# Twice by rename: it is the name that is looked at, not the file.
	replace '# @task\na() { echo 4; }\n'
	wait_for says a 4
}

@test "a file that is moved away and comes back, and a folder of programs" {
	module '# @task\na() { echo 1; }\n'
	mkdir bin
	printf '#!/bin/sh\necho p1\n' >bin/prog
	chmod +x bin/prog
	MODULES="$m $fw_dir/bin"
	fw_start
	says prog p1
	mv "$m" away
	wait_for is_broken control-plane/local
	has "$(broken control-plane/local)" "No such file"
	says a 1
	sed 's/1/2/' away >"$m"
	wait_for says a 2
	is "$(broken control-plane/local)" null
	printf '#!/bin/sh\necho n\n' >bin/new
	chmod +x bin/new
	wait_for says new n
	rm bin/prog
	wait_for no_task prog
}

@test "SIGHUP of the control plane is passed to its local worker; nothing ends" {
	module '# @task\na() { echo 1; }\n'
	fw_start
	worker=$(local_pid)
	kill -HUP "$(context pid)"
	reloaded() { grep -q module.unchanged "$XDG_STATE_HOME/fastworker/default.log"; }
	wait_for reloaded
	is "$(local_pid)" "$worker"
	says a 1
}

@test "SIGHUP of a subworker loads again what no event told of" {
	module '# @task\na() { echo 1; }\n'
	fw_start --concurrency 0
	mkdir real
	mv m.sh real/m.sh
	ln -s real/../real/m.sh m.sh
	fw_subworker w1
	says a 1
	# The file behind the link's folder: another name leads there.
	mkdir other
	printf '# @task\na() { echo 2; }\n' >other/m.sh
	mv real old
	ln -s other real
	kill -HUP "$BG"
	wait_for says a 2
	kill -0 "$BG"
}

@test "a running task is not touched, and goes on with what it began with" {
	module '# @task\nslow() { while [ ! -e "$1" ]; do sleep 0.05; done; helper; }\nhelper() { echo old; }\n# @task\nv() { echo 1; }\n'
	fw_start --concurrency 2
	try 0 submit -n slow "$fw_dir/go"
	id=$output
	wait_for task_is running "$id"
	module '# @task\nslow() { echo never; }\nhelper() { echo new; }\n# @task\nv() { echo 2; }\n'
	wait_for says v 2
	touch go
	try 0 wait "$id"
	is "$(fw result "$id")" old
	is "$(fw status --json "$id" | jq .attempt)" 1
	is "$(fw workers --json | jq -s 'map(.stale) | add')" 0
}

@test "a module that breaks is told with file and line, in workers and in the log; its tasks and those of others go on" {
	module '# @task\na() { echo 1; }\n'
	printf '# @task\nother() { echo o; }\n' >o.sh
	MODULES="$m $fw_dir/o.sh"
	fw_start
	module '# @task\na() { echo 2\n'
	wait_for is_broken control-plane/local
	has "$(broken control-plane/local)" "$m:4: "
	says a 1
	says other o
	try 0 workers
	has "$output" 'm:'
	matches "$output" 'm:[0-9a-f]{7}\?'
	has "$stderr" "$m:4: "
	has "$(<"$XDG_STATE_HOME/fastworker/default.log")" "module.broken module=m error=\"$m:4: "
	# A directive that is wrong is found by ourselves; then it is mended.
	module '# @tusk\na() { echo 2; }\n'
	told() { [[ $(broken control-plane/local) == *"$m:2: unknown directive"* ]]; }
	wait_for told
	says a 1
	module '# @task\na() { echo 3; }\n'
	wait_for says a 3
	is "$(broken control-plane/local)" null
	try 0 workers
	is "$stderr" ""
}

@test "a name that another module has already: the second one stays as it was" {
	module '# @task\na() { echo 1; }\n'
	printf '# @task\nb() { echo b; }\n' >o.sh
	MODULES="$m $fw_dir/o.sh"
	fw_start
	printf '# @task\na() { echo thief; }\n' >o.sh
	second() { fw workers --json | jq -e '.modules[1].broken | contains("defined twice")'; }
	wait_for second
	says a 1
	says b b
}

@test "at the start an error is an error: it is told with file and line, and nothing runs" {
	module '# @task\na() { echo 1\n'
	try 65 start --base-address auto -t "$REPO/examples/tasks.sh" -t "$m"
	has "$stderr" "$m:4: "
	try 69 workers
}

@test "a file that is being written is not run: tasks run what was loaded" {
	module '# @task\na() { echo whole; }\n'
	fw_start
	says a whole
	# No event comes before the writer closes the file.
	exec 7>"$m"
	printf '#!/bin/sh\n# @task\na() { echo ha' >&7
	says a whole
	is "$(broken control-plane/local)" null
	printf 'lf; }\n' >&7
	exec 7>&-
	wait_for says a half
}

@test "errors name the user's file, in sh and in bash" {
	module '# @task\na() { no_such_program; }\n'
	printf '#!/bin/bash\n# @task\nb() { no_such_program; }\n' >b.bash
	MODULES="$m $fw_dir/b.bash"
	fw_start
	try 127 submit a
	has "$stderr" "$m: 3: no_such_program: not found"
	try 127 submit b
	has "$stderr" "$fw_dir/b.bash: line 3: no_such_program: command not found"
}

@test "a module that asks where it lies finds what is beside it" {
	mkdir d
	echo 'lib() { echo from the library; }' >d/lib.sh
	printf '#!/bin/bash\n. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"\n# @task\nb() { lib; }\n' >d/b.bash
	printf '. "$(dirname "$0")/lib.sh"\n# @task\ns() { lib; }\n' >d/s.sh
	MODULES="$fw_dir/d/b.bash $fw_dir/d/s.sh"
	fw_start
	says b "from the library"
	says s "from the library"
}

@test "hosts whose module of one name differs are marked, until they are equal" {
	module '# @task\na() { echo 1; }\n'
	fw_start --concurrency 1
	mkdir two
	cp m.sh two/m.sh
	MODULES=$fw_dir/two/m.sh
	fw_subworker w2
	try 0 workers
	hasnt "$output" '!'
	is "$stderr" ""
	printf '#!/bin/sh\n# @task\na() { echo 2; }\n' >two/m.sh
	differs() { [ "$(fw workers --json | jq -s '[.[].modules[0].differs] == [true, true]')" = true ]; }
	wait_for differs
	try 0 workers
	matches "$output" 'm:[0-9a-f]{7}!'
	matches "$stderr" 'module m is not the same everywhere: [0-9a-f]{7} on control-plane/local \(.*\), [0-9a-f]{7} on w2 \('
	cp m.sh two/m.sh
	alike() { [ "$(fw workers --json | jq -s '[.[].modules[0].differs] == [null, null]')" = true ]; }
	wait_for alike
}

@test "copies go when the worker ends; what a killed one left, the next one removes" {
	FW_KILLED=1
	module '# @task\na() { echo 1; }\n'
	fw_start --concurrency 0
	fw_subworker w1
	copies() { find "$XDG_STATE_HOME" -path '*/modules/*' -name m.sh; }
	is "$(copies | wc -l)" 1
	kill -9 "$BG"
	wait "$BG" || true
	is "$(copies | wc -l)" 1
	gone() { ! has_worker w1; }
	wait_for gone
	fw_subworker w1
	is "$(copies | wc -l)" 1
	kill "$BG"
	wait "$BG"
	is "$(copies)" ""
}
