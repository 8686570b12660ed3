#!/bin/bash
# Tasks of a resident shell, for tests.
#
# @runner resident
echo loaded >>"$HOME/loads"

# @task
r_show() { for a in "$@"; do printf '<%s>' "$a"; done; }

# @task
r_env() {
	printf '%s|%s|%s|%s' "$FW_TASK" "$FW_ATTEMPT" "$FW_KW_x" "$(readlink /proc/self/fd/0)"
	touch "$TMPDIR/x" && SECRET_OF_CALL=1 && export SECRET_OF_CALL
}

# @task
r_seen() { printf '%s%s%s' "${FW_KW_x-none}" "${SECRET_OF_CALL-none}" "$(ls "$TMPDIR")"; }

# @task
r_return() { echo "so $1" >&2 && return "$1"; }

# @task
r_exit() { exit "$1"; }

# @task
r_kill_shell() { kill -9 $$ && sleep 1000; }

# @task
r_stop_shell() { kill -STOP $$ && sleep 1000; }

# @task
r_kill_self() { kill -9 "$BASHPID"; }

# @task
r_shell() { echo $$; }

# Writes its own process to the file $1, and cannot be asked to end.
# @task
r_hang() {
	trap '' TERM
	(trap '' TERM && setsid sleep 1000) &
	echo "$BASHPID" >"$1"
	while :; do sleep 1; done
}

# Leaves a process behind.
# @task
r_leave() { (setsid sleep 1000 >/dev/null 2>&1 &) && echo left; }

# @task
r_noop() { :; }
