#!/usr/bin/env bats
# shellcheck disable=SC1083,SC2016,SC2059 # {} and $1 are for map and for its programs
# map: inputs, arguments as they are, order, failures, leaving.
load helper

setup_file() { fw_setup && fw_start; }
teardown_file() { fw_teardown; }

# try, with stdin.
try_in() { # STDIN STATUS WORDS...
	local in=$1
	shift
	try "$@" < <(printf "$in")
}

number() { # of the newest group
	fw tasks --json | jq -s 'map(.batch // 0) | max'
}

@test "a task for each input, results in their order" {
	try 0 map add 1 ::: 5 6 7
	is "$output" $'6\n7\n8'
	is "$stderr" ""
	try 0 map -- sh -c 'sleep $1; echo $1' - ::: 0.4 0.1 0.2
	is "$output" $'0.4\n0.1\n0.2'
}

@test "--unordered prints what comes first" {
	try 0 map -j2 --unordered -- sh -c 'sleep $1; echo $1' - ::: 1 0.1
	is "$output" $'0.1\n1'
}

@test "arguments arrive byte for byte" {
	local words=('a b' '' $'two\nlines' "it's" '"q"' '$(id)' '*' '\n' 'ü€😀' '{}' '-n' '; ls')
	try 0 map -- printf '<%s>\n' ::: "${words[@]}"
	is "$output" "$(printf '<%s>\n' "${words[@]}")"
	try 0 map --str show_args ::: "${words[@]}"
	is "$output" "$(printf '<%s>\n' "${words[@]}")"
	run --separate-stderr "$FW" map -0 -- printf '<%s>\n' < <(printf '%s\0' "${words[@]}")
	is "$output" "$(printf '<%s>\n' "${words[@]}")"
}

@test "an argument keeps its type, but for programs and with --str" {
	try 0 map --json echo ::: 5 '[1]' x
	is "$(jq -c .result <<<"$output")" $'5\n[1]\n"x"'
	try 0 map --json --str echo ::: 5
	is "$(jq -c .input <<<"$output")" '"5"'
	is "$(jq -r '.number, .state, .exit_status' <<<"$output")" $'1\nsuccess\n0'
}

@test "places in the words" {
	try 0 map -- echo {#} {/} {//} {.} {/.} ::: a/b.c d
	is "$output" $'1 b.c a a/b b\n2 d . d d'
}

@test "several ::: give each with each" {
	try 0 map -- echo {2}{1} ::: a b ::: 1 2
	is "$output" $'1a\n2a\n1b\n2b'
	try 125 map -- echo ::: a :::: f
	has "$stderr" ":::: is not known here"
	try 125 map -- echo {3} ::: a
	has "$stderr" "{3}: there is only 1 input"
}

@test "inputs from stdin and from a file" {
	try_in 'a\n\nb c' 0 map -- printf '<%s>\n'
	is "$output" $'<a>\n<>\n<b c>'
	printf 'x\ny\n' >"$fw_dir/list"
	try 0 map --lines "$fw_dir/list" echo
	is "$output" $'x\ny'
	try_in '' 0 map echo
	is "$output" ""
	try 125 map --lines "$fw_dir/none" echo
	has "$stderr" "none: No such file"
	try_in 'a\0b\n' 125 map echo
	has "$stderr" "input 1 holds a NUL"
	try 125 map --lines "$fw_dir/list" echo ::: a
	has "$stderr" "not both"
}

@test "an endless input is read no faster than it is used" {
	run --separate-stderr bash -c 'yes | "$FW" map -- echo | head -2'
	is "$output" $'y\ny'
}

@test "-j1 is one at a time" {
	: >"$fw_dir/serial"
	try 0 map -j1 -- sh -c 'echo "+$1" >> "$2"; sleep 0.05; echo "-$1" >> "$2"' - {} "$fw_dir/serial" ::: 1 2 3 4
	is "$(tr -d '\n' <"$fw_dir/serial")" "+1-1+2-2+3-3+4-4"
}

@test "failures are named, and the status is 1" {
	try 1 map -- sh -c 'echo "out $1"; echo "err $1" >&2; exit $1' - ::: 0 3
	is "$output" $'out 0\nout 3'
	has "$stderr" "err 0"
	matches "$stderr" "map: input 2 \(3\), task [0-9]+: failed: exit status 3"
	has "$stderr" "1 of 2 failed (b$(number))"
	try 1 map --json fail_with ::: 4
	is "$(jq -r '.exit_status, .exit_from, .input' <<<"$output")" $'4\ntask\n4'
	try 1 map --timeout 0.2 sleep ::: 30
	has "$stderr" "time-out"
	try 1 map -- echo ::: $'\xff' ok
	is "$output" ok
	has "$stderr" "not valid UTF-8"
}

@test "our own failures are 125 to 127" {
	try 127 map nonesuch ::: a b
	has "$stderr" 'no worker has a task "nonesuch"'
	is "$output" ""
	try 125 map ::: a
	try 125 map --cwd / echo ::: a
	has "$stderr" "are for programs"
	try 125 map --no-start -P nobody echo ::: a
}

@test "--halt soon hands in no more, --halt now cancels" {
	try 1 map -j1 --halt soon fail_with ::: 1 2 3
	has "$stderr" "2 inputs were not handed in"
	hasnt "$stderr" "input 2"
	try 1 map -j2 --halt now -- sh -c 'sleep $1; exit 1' - ::: 30 0.1
	matches "$stderr" "input 1 \(30\), task [0-9]+: was cancelled: another task of the group failed"
}

@test "--dry-run prints what would be run and asks nobody" {
	try 0 map -P nobody --dry-run -- cp {} {.}.bak ::: 'a b.c' d.e
	is "$output" $'cp \'a b.c\' \'a b.bak\'\ncp d.e d.bak'
	try 0 map --dry-run checksum ::: x
	is "$output" "checksum x"
}

@test "options of a task and of its surroundings" {
	try 0 map --kw 'b=two words' --kw a=1 keywords ::: x
	is "$output" "1,two words"
	try 0 map --cwd / --env X=1 -- sh -c 'pwd; echo $X' ::: a
	is "$output" $'/\n1'
	try 0 map --priority high --json true ::: a
	is "$(jq -r .priority <<<"$output")" high
}

@test "large results come whole" {
	try 0 map -- sh -c 'head -c "$1" /dev/zero | tr "\0" "$2"' - {1} {2} ::: 300000 ::: a b
	is "${#output}" 600000
	is "$(tr -s ab <<<"$output")" ab
}

# Also: many tasks share a message.
@test "100,000 inputs in order, and the client's memory stays flat" {
	local small large
	small=$(seq 5000 | /usr/bin/time -f %M "$FW" map echo 2>&1 >"$fw_dir/small")
	large=$(seq 100000 | /usr/bin/time -f %M "$FW" map echo 2>&1 >"$fw_dir/large")
	seq 100000 | cmp - "$fw_dir/large"
	echo "$small KB, $large KB"
	[ "$large" -lt $((small + 4000)) ] || [ -n "${FW_SANITIZED:-}" ]
}

@test "^C leaves it and says how to come back" {
	fw_bg map -j2 -- sh -c 'sleep $1' - ::: 30 31 32 33
	two_run() { [ "$(fw tasks --json state=running | jq -s 'map(select(.name == "fw.run")) | length')" = 2 ]; }
	wait_for two_run
	kill -INT "$BG"
	status=0
	wait "$BG" || status=$?
	is "$status" 130
	b=$(number)
	has "$(<"$fw_dir/bg.err")" "fastworker wait b$b"
	has "$(<"$fw_dir/bg.err")" "2 inputs"
	two_run
	try 0 cancel "b$b" --grace 1
	is "$(wc -l <<<"$output")" 2
}

@test "no bar where no terminal is" {
	try 0 map sleep ::: 0.3
	is "$stderr" ""
}

@test "a bar on a terminal: count, failures, time left" {
	command -v tmux || skip "no tmux"
	local t="tmux -L fw-map-$$"
	TERM=xterm $t -f /dev/null new-session -d -x 90 -y 20 "$FW map -j1 -- sh -c 'sleep 0.2; [ \$1 != 2 ]' - ::: 1 2 3 4 5 6 7 8 9; exec sleep 60"
	shows() { $t capture-pane -p | grep -E "^b[0-9]+  [0-9]+/9  1 failed .*ETA .*\[#+\.*\]"; }
	wait_for shows
	ended() { $t capture-pane -p | grep -F "1 of 9 failed"; }
	wait_for ended
	[ -z "$($t capture-pane -p | grep ETA)" ]
	$t kill-server
}

@test "a full queue is waited for" {
	"$FW" start -P narrow --base-address auto --max-queued 2 3>&- >/dev/null 2>&1
	run --separate-stderr timeout $((PATIENCE * 2)) bash -c 'seq 300 | "$FW" map -P narrow echo'
	is "$output" "$(seq 300)"
	is "$status" 0
	try 0 stop -P narrow
}
