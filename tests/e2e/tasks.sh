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
