#!/bin/sh
# Tasks for the tests.

# @task
# @usage [ARG...]
# Each argument on a line of its own, between < and >.
show_args() {
	for arg in "$@"; do
		printf '<%s>\n' "$arg"
	done
}

# @task
# @usage FILE
# The bytes of a file.
bytes() {
	cat "$1"
}

# @task
# @usage TEXT
# That text and nothing behind it.
say() {
	printf '%s' "$1"
}

# @task
# @usage FILE WORD
# Adds a line to a file.
note() {
	echo "$2" >>"$1"
}

# @task
# @usage FILE
# Waits until the file is there.
wait_file() {
	while [ ! -e "$1" ]; do
		sleep 0.05
	done
}

# @task
# Keyword arguments a and b.
keywords() {
	printf '%s,%s' "${FW_KW_a-unset}" "${FW_KW_b-unset}"
}

# @task
# @usage SIGNAL
# Is killed by that signal.
killed() {
	kill -s "$1" $$
	sleep 5
}

# @task timeout=300ms
# Takes longer than it may.
too_slow() {
	sleep 30
}

# @task
# @usage N
# How long an argument is.
length() {
	printf '%s' "$1" | wc -c | tr -d ' '
}

# @task
# @usage FILE
# Tells how far it is, and goes on when the file is there.
steps() {
	fastworker progress 1/4 'one quarter' || return
	while [ ! -e "$1" ]; do
		sleep 0.05
	done
	fastworker progress 100% 'done'
}

# @task
# @usage N
# Tells N steps as fast as it can.
rush() {
	i=0
	while [ "$i" -lt "$1" ]; do
		i=$((i + 1))
		fastworker progress "$i/$1" "step $i" || return
	done
}

# @task
# @usage COMMAND...
# Runs a command line: for what only a task can try.
inside() {
	"$@"
}
