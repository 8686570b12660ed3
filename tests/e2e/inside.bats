#!/usr/bin/env bats
# The socket of a task's runner, and progress.
load helper

# Tasks find our binary by their PATH, which is that of the worker.
setup_file() {
	fw_setup
	mkdir "$fw_dir/bin" && ln -s "$FW" "$fw_dir/bin/fastworker"
	PATH=$fw_dir/bin:$PATH fw_start
}
teardown_file() { fw_teardown; }

says() { # PROGRESS TEXT ID
	fw status --json "$3" | jq -e --arg text "$2" --argjson far "$1" '.progress == $far and .progress_text == $text'
}

@test "outside of a task it is an error that says so" {
	try 64 progress 0.4
	has "$stderr" "not the inside of a task"
	FW_SOCKET=/nowhere FW_TOKEN=x try 69 progress 0.4
	has "$stderr" "/nowhere"
	is "$output" ""
}

@test "what is no fraction is refused with what would be one" {
	for word in 1.1 x -1 2/1; do
		try 64 progress -- "$word"
		has "$stderr" "from 0 to 1"
	done
	try 64 progress
	try 64 progress -
	try 64 progress 0.4 text more
}

@test "progress shows in status, tasks, the events, and stays with the task" {
	go=$fw_dir/go
	try 0 submit -n steps "$go"
	id=$output
	wait_for says 0.25 "one quarter" "$id"
	try 0 status "$id"
	has "$output" "one quarter"
	try 0 tasks state=running task=steps
	has "$output" "25%"
	: >"$go"
	try 0 wait "$id"
	says 1 "done" "$id"
	try 0 tasks task=steps
	has "$output" "100%"
}

@test "many a second: all are taken, the last one counts" {
	try 0 submit -n rush 40
	id=$output
	try 0 wait "$id"
	says 1 "step 40" "$id"
}

@test "text alone, a number alone, and text of more than one line" {
	try 0 submit -n inside fastworker progress - $'red \e[31m and\nmore'
	id=$output
	try 0 wait "$id"
	try 0 status "$id" --json
	is "$(jq -r .progress <<<"$output")" null
	is "$(jq -r .progress_text <<<"$output")" $'red \e[31m and more'
	try 0 submit -n inside fastworker progress 5%
	try 0 wait "$output"
	try 0 status last --json
	is "$(jq -c '[.progress, .progress_text]' <<<"$output")" '[0.05,null]'
}

@test "an attempt's token is no other attempt's, and its socket is private" {
	try 0 submit inside -- sh -c 'echo $FW_TOKEN; stat -c %a "$(dirname "$FW_SOCKET")"; ls -A "$TMPDIR"'
	token=$(head -1 <<<"$output")
	matches "$token" '^[0-9a-f]{32}$'
	is "$(tail -n +2 <<<"$output")" 700
	try 0 submit inside -- sh -c 'echo $FW_TOKEN'
	[ "$output" != "$token" ]
	try 77 submit inside -- env FW_TOKEN="$token" fastworker progress 0.5
	has "$stderr" "not that of the attempt that runs here now"
}

@test "it reads no configuration and starts no thread" {
	try 0 submit inside -- strace -f -o "$fw_dir/trace" env ASAN_OPTIONS=detect_leaks=0 fastworker progress 0.5
	[ "$(wc -l <"$fw_dir/trace")" -gt 20 ]
	run ! grep -E 'clone|fastworker/config' "$fw_dir/trace"
}

@test "a configuration that is broken does not stop a task from telling" {
	echo nonsense >"$fw_dir/broken"
	FASTWORKER_CONFIG=$fw_dir/broken try 78 tasks
	try 0 submit inside -- env FASTWORKER_CONFIG="$fw_dir/broken" fastworker progress 0.5
}

@test "peers that break the rules harm nobody" {
	cat >"$fw_dir/hostile" <<-'EOF2'
		import os, socket
		path, token = os.environ["FW_SOCKET"], os.environ["FW_TOKEN"]
		def connect():
		    s = socket.socket(socket.AF_UNIX)
		    s.settimeout(5)
		    s.connect(path)
		    return s
		def first(s, data):
		    try:
		        s.sendall(data)
		    except BrokenPipeError:
		        pass
		    return s.recv(4096)
		hello = b'{"m":"hello","v":1,"token":"%s"}\n' % token.encode()
		print(b"denied" in first(connect(), b'{"m":"progress","r":1,"progress":1}\n'))
		print(b"denied" in first(connect(), hello.replace(token.encode(), b"0" * 32)))
		print(b"longer" in first(connect(), b"x" * 200000))
		print(b"no JSON" in first(connect(), b"\xff\xfe\n"))
		crowd = [connect() for _ in range(50)]
		one = connect()
		print(b'"v":1' in first(one, hello))
		one.sendall(b'{"m":"nonsense","r":1}\n' * 1000)
		print(b'"ok"' in first(connect(), hello + b'{"m":"progress","r":1,"progress":0.5}\n') or True)
	EOF2
	try 0 submit inside "$PYTHON" "$fw_dir/hostile"
	is "$output" $'True\nTrue\nTrue\nTrue\nTrue\nTrue'
	try 0 status last --json
	is "$(jq .progress <<<"$output")" 0.5
	try 0 submit add 1 2
	is "$output" 3
}
