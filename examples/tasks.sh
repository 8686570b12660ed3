#!/bin/sh
# Sample tasks: `fastworker start -t examples/tasks.sh`, or `make demo`.
#
# A task is a shell function under a line `# @task`. Its arguments are $1, $2 and so on; keyword arguments come as FW_KW_name.
# What it prints is its result, what it writes to stderr explains a failure, and its status says which of the two it was.

# @task
# @usage A B
# Adds two whole numbers.
add() {
	whole "$1" && whole "$2" || return 64
	echo $(($1 + $2))
}

# @task
# @usage FILE
# The SHA-256 of a file, in hexadecimal.
checksum() {
	sum=$(sha256sum <"$1") || return
	echo "${sum%% *}"
}

# @task
# @usage FILE
# How many lines a file has.
count_lines() {
	wc -l <"$1" | tr -d ' '
}

# @task
# @usage LIST
# Counts the files that a list names, one per line, and their lines and bytes.
tally() {
	files=$(wc -l <"$1") && counts=$(tr '\n' '\0' <"$1" | xargs -0 -r cat -- | wc -l -c) || return
	# Numbers only, so that splitting at the blanks is what is wanted.
	# shellcheck disable=SC2086
	echo $files $counts
}

# @task timeout=1m
# @usage FILE...
# The sizes of files in bytes, the largest first.
sizes() {
	for file in "$@"; do
		bytes=$(wc -c <"$file") || return
		printf '%s\t%s\n' "$((bytes))" "$file"
	done | sort -rn
}

# @task
# @usage STATUS
# Fails with that exit status: to see how a failure looks.
fail_with() {
	whole "$1" || return 64
	echo "failing with $1, as asked" >&2
	return "$1"
}

# @task
# @usage [name=NAME] [greeting=WORD]
# Greets somebody: name and greeting are keyword arguments.
greet() {
	printf '%s, %s!\n' "${FW_KW_greeting:-Hello}" "${FW_KW_name:-world}"
}

# Numbers come from whoever submits: nothing is calculated with before it was looked at, because bash would run commands in $((...)).
whole() {
	case ${1#-} in
	'' | *[!0-9]* | 0?*)
		echo "not a whole number: $1" >&2
		return 1
		;;
	esac
}
