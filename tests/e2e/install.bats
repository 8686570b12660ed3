#!/usr/bin/env bats
# make install, uninstall, and the names that the binary has.
load helper

setup() { fw_setup && root=$fw_dir/root; }
teardown() { fw_teardown; }

in_repo() {
	make -C "$REPO" --no-print-directory -s -o all BUILD="$(dirname "$FW")" BINARY="$FW" "$@" 3>&-
}

@test "make install puts binary, link, completion and licence there; uninstall takes them away" {
	in_repo install DESTDIR="$root" PREFIX=/usr
	[ -x "$root/usr/bin/fastworker" ]
	is "$(readlink "$root/usr/bin/fw")" fastworker
	[ -s "$root/usr/share/bash-completion/completions/fastworker" ]
	[ -e "$root/usr/share/bash-completion/completions/fw" ]
	[ -s "$root/usr/share/doc/fastworker/LICENSE" ]
	[ -s "$root/usr/share/doc/fastworker/examples/tasks.sh" ]
	is "$("$root/usr/bin/fw" version)" "$("$FW" version)"
	is "$("$root/usr/bin/fw" list -t "$root/usr/share/doc/fastworker/examples/tasks.sh" | grep -c '^add')" 1
	in_repo uninstall DESTDIR="$root" PREFIX=/usr
	is "$(find "$root" -not -type d)" ""
}

@test "fw is fastworker; a name of its own runs that command" {
	ln -s "$FW" "$fw_dir/fw"
	is "$("$fw_dir/fw" version)" "$("$FW" version)"
}

@test "every command has its help; --help and help agree" {
	commands=$("$FW" help | sed -n 's/^  \([a-z][a-z-]*\)  .*/\1/p')
	[ "$(wc -l <<<"$commands")" -ge 15 ]
	for c in $commands; do
		is "$("$FW" "$c" --help)" "$("$FW" help "$c")"
		has "$("$FW" help "$c")" "usage: fastworker $c"
	done
}

@test "PROTOCOL.md is what the list of messages says" {
	sed '/^### hello$/,$!d' "$REPO/src/proto/PROTOCOL.md" >is
	"$FW" __protocol | sed '/^### hello$/,$!d' >should
	[ -s should ]
	diff is should
}
