#!/bin/sh
# Tasks that write, for logs.bats.

# @task
# @usage TEXT
# One line to each.
both() {
	echo "out $1"
	echo "err $1" >&2
}

# @task
# @usage FILE
# Says so, waits for the file, says so again.
between() {
	echo "before"
	while [ ! -e "$1" ]; do sleep 0.05; done
	echo "after"
}

# @task
# @usage LINES
# So many numbers to stderr.
numbers() {
	seq "$1" >&2
}

# @task timeout=0
# @usage BYTES
flood() {
	head -c "$1" /dev/zero >&2
}

# @task
# @usage BYTES
# Random bytes to stdout, their checksum to stderr.
random() {
	head -c "$1" /dev/urandom >"$TMPDIR/random"
	sha256sum <"$TMPDIR/random" >&2
	cat "$TMPDIR/random"
}

# @task
silent() {
	:
}

# @task
# Words that a terminal must not obey.
evil() {
	printf 'a\033[31mred\a\303\251\n'
}

# @task
fails() {
	echo "no luck" >&2
	exit 3
}
