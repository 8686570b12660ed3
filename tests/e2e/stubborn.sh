#!/bin/bash
# Tasks that are hard to end, for the tests. Each says `ready` in the file that it is given once it stands.

# How many processes of this task have such a command line.
mine() {
	for pid in $(pgrep -f "$1"); do
		grep -qsz "^FW_TASK_ID=$FW_TASK_ID\$" "/proc/$pid/environ" && echo "$pid"
	done | wc -l
}

# @task
# @usage FILE
# Ends on TERM.
polite() {
	echo ready >"$1"
	exec sleep 3001
}

# @task timeout=0
# @usage FILE
# Ignores TERM, forks twice, makes sessions of its own.
tree() {
	trap '' TERM
	(setsid sleep 3002 &)
	( (setsid bash -c 'trap "" TERM; (setsid sleep 3003 &); sleep 3004' &) &)
	sleep 3005 &
	while [ "$(mine '^sleep 300[2-5]$')" -lt 4 ]; do :; done
	echo ready >"$1"
	while :; do sleep 3006; done
}

# @task
# @usage FILE [setsid]
# Forks and exits as fast as it can; with setsid, into a new session each time.
hopper() {
	exec python3 -c '
import os, signal, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
ready, own = sys.argv[1], len(sys.argv) > 2
n = 0
while True:
    if os.fork():
        os._exit(0)
    if own:
        os.setsid()
    n += 1
    if n == 50:
        open(ready, "w").write("ready\n")
' "$@"
}

# @task
# @usage FILE [setsid]
# The hopper below a shell that stays.
hopper_below() {
	trap '' TERM
	(hopper "$@" &)
	while :; do sleep 3006; done
}

# @task
# Leaves three processes behind.
leave() {
	sleep 3007 &
	setsid sleep 3008 &
	(setsid cat <>/dev/zero >/dev/null 2>&1 &)
	while [ "$(pgrep -c -P $$ sleep)" -lt 2 ]; do :; done
	echo left
}

# @task
# Leaves one behind, and fails.
leave_and_fail() {
	sleep 3007 &
	while ! pgrep -P $$ sleep >/dev/null; do :; done
	return 3
}

# @task
# @usage FILE
# Kills its worker.
kills_worker() {
	echo "$FW_ATTEMPT" >>"$1"
	runner=$PPID
	worker=$(ps -o ppid= -p "$runner")
	sleep 0.1
	kill -9 "$worker"
	sleep 3009
}

# @task daemon
# @usage FILE
# Leaves one that is to stay.
daemon_task() {
	setsid sleep 3010 >/dev/null 2>&1 &
	echo $! >"$1"
}

# @task memory=64M
# Needs more than it may have.
hungry() {
	python3 -c 'b = bytearray(512 << 20)'
}

# @task cpu=1s timeout=30s
# Computes for ever.
busy() {
	exec python3 -c 'while True: pass'
}

# @task nofile=16
# Its limits: descriptors, core files, memory.
limits() {
	ulimit -n
	ulimit -c
	ulimit -v
}
