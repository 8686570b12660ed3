# The console in a real terminal: a tmux server of its own for each test.
# shellcheck disable=SC2154 # $fw_dir of ../e2e/helper.bash
#
# setup() { fw_setup; fw_start; }  teardown() { tui_teardown; fw_teardown; }

load ../e2e/helper

tui_tmux() {
	TMUX_TMPDIR=$fw_dir tmux -u -L "fwt-$$-$BATS_TEST_NUMBER" -f /dev/null "$@" 3>&-
}

# tui_run [-s COLSxROWS] [VARIABLE=VALUE...]: the console; when it ends, its status and the state of the terminal are shown.
tui_run() {
	local size=80x24
	[ "${1:-}" != -s ] || { size=$2 && shift 2; }
	tui_tmux new-session -d -s t -x "${size%x*}" -y "${size#*x}" \
		"ulimit -c 0; env TERM=screen $* '$FW' console; echo \"EXIT \$?\"; stty -a | tr ' ;' '\n\n' | grep -x -e '-*icanon' -e '-*echo'; exec sleep 1000"
}

tui_keys() {
	tui_tmux send-keys -t t "$@"
}

tui_type() {
	tui_tmux send-keys -t t -l -- "$1"
}

# shellcheck disable=SC2120 # options of capture-pane
tui_screen() {
	tui_tmux capture-pane -p -t t
}

tui_size() {
	tui_tmux resize-window -t t -x "${1%x*}" -y "${1#*x}"
}

# tui_wait REGEX: until it is on the screen, at most $PATIENCE seconds. The screen is left in $screen.
tui_wait() {
	local tries=$((PATIENCE * 20))
	while ((tries-- > 0)); do
		screen=$(tui_screen)
		[[ $screen =~ $1 ]] && return
		sleep 0.05
	done
	printf 'waited for: %s\non the screen:\n%s\n' "$1" "$screen" >&2
	return 1
}

# tui_gone REGEX: until it is not there any more.
tui_gone() {
	local tries=$((PATIENCE * 20))
	while ((tries-- > 0)); do
		screen=$(tui_screen)
		[[ $screen =~ $1 ]] || return 0
		sleep 0.05
	done
	printf 'waited for this to go: %s\non the screen:\n%s\n' "$1" "$screen" >&2
	return 1
}

# The process id of the console: a child of the shell in the pane (env becomes it).
tui_pid() {
	pgrep -P "$(tui_tmux display-message -p -t t '#{pane_pid}')"
}

# The terminal is as a shell wants it: lines, echo, the first screen, a cursor.
tui_sane() {
	tui_wait $'(^|\n)icanon\necho|(^|\n)echo\nicanon'
	is "$(tui_tmux display-message -p -t t '#{alternate_on} #{cursor_flag}')" "0 1"
}

tui_teardown() {
	tui_tmux kill-server 2>/dev/null || true
}
