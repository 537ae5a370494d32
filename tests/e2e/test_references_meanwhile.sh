#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# time limit: 120 s
# What a program does while --references looks at it changes nothing for it: it may forbid itself system calls, of which a borrowed thread would
# make one; and what it has open ends with it, not with the copy.
. "$(dirname "$0")/lib.sh"

compile meanwhile "$ROOT/tests/e2e/programs/meanwhile.c" -pthread

begin() { # HOW
	rm -f requests
	mkfifo requests
	exec 5<>requests
	LD_PRELOAD=$SHIM SEEP_OUTPUT="$WORK/$1.recording" ./meanwhile "$1" <requests >"$1.out" 5>&- &
	program=$!
	pids+=("$program")
	wait_until 60 grep -q ready "$1.out" && wait_until 60 test -e "$1.recording/heap"
}
copies() { cat "/proc/$program/task/"*/children 2>/dev/null; }
has_copy() { [ -n "$(copies)" ]; }
end() { # HOW: once it has answered
	echo go >&5
	wait_until 60 grep -q answered "$1.out"
	exec 5>&-
	wait "$program"
	check_equal "$1: the program goes on, and ends as it would" 42 $?
}

begin all
"$SEEP" snapshot --references all.recording >/dev/null 2>said &
look=$!
wait_until 60 has_copy
echo go >&5
wait "$look"
check_match "one that forbids itself system calls between two looks is left alone" \
	'has forbidden itself system calls \(seccomp\)|looked twice' "$(cat said)"
end all

begin one
check_match "one a thread of which has forbidden itself system calls is refused" \
	'has forbidden itself system calls \(seccomp\)' "$("$SEEP" snapshot --references one.recording 2>&1)"
end one

begin none
look=''
holds_nothing() { # a copy does, while it is there
	local copy=''
	for copy in $(copies); do
		[ -z "$(ls "/proc/$copy/fd" 2>&1)" ] && grep -q '^State:.t' "/proc/$copy/status" 2>/dev/null && return
	done
	[ -n "$look" ] && kill -0 "$look" 2>/dev/null && return 1
	"$SEEP" snapshot --references none.recording >/dev/null 2>&1 & # one may be over before it is seen
	look=$!
	return 1
}
check "the copy has none of the program's files" wait_until 60 holds_nothing
has_none() { ! has_copy; }
check "and goes" wait_until 60 has_none
end none
exit "$cases_failed"
