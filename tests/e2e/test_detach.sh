#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# time limit: 120 s seep detach of programs that were started with libseep.so: they run on and are not recorded any
# more.
. "$(dirname "$0")/lib.sh"

compile worker <<'END_OF_C'
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
static void *kept[1 << 16];
static int count;
__attribute__((noinline)) void work(void) { for (int i = 0; i < 1000; i++) kept[count++] = memset(malloc(1000), 1, 1000); }
int main(void) {
	for (char c; read(0, &c, 1) > 0 && c != 'e'; write(1, ".", 1)) {
		if (c == 'w') work();
		else while (count) free(kept[--count]);
		if (c == 'f' && !fork()) { work(); _exit(0); }
		if (c == 'f') wait(NULL);
	}
	return 7;
}
END_OF_C

# COMMAND...: starts it; 3 is its input, answers its output
start() {
	exec 3>&-
	rm -f requests answers
	mkfifo requests
	exec 3<>requests
	"$@" <&3 3>&- >answers 2>start.err &
	starter=$!
	pids+=("$starter")
	answered=0
}

# REQUEST...: each is one character, and has been answered
ask() {
	echo -n "$1" >&3
	answered=$((answered + ${#1}))
	wait_until 20 eval '[ "$(stat -c %s answers)" -ge '$answered' ]'
}

allocated() { # RECORDING
	"$SEEP" report --last --json "$1" | /usr/bin/python3 -c "import json, sys; print(json.load(sys.stdin)['totals']['alloc_bytes'])"
}

# NAME RECORDING, of $pid
leave_it() {
	ask www
	local begun=${EPOCHREALTIME/./}
	"$SEEP" detach "$pid" 2>err
	check_equal "$1: it is left" "0 seep: left $pid, in which libseep.so stays and records nothing; next: seep leaks $WORK/$2" "$? $(cat err)"
	echo "# in $(((${EPOCHREALTIME/./} - begun) / 1000)) ms"
	before=$(allocated "$2")
	check_match "$1: what it did is recorded" '^4000000$' "$before"
	snapshots=$(ls "$2"/*.seep)
	check_match "$1: the recording says why it ends" "seep left the program, which ran on" "$("$SEEP" report --last "$2" 2>&1)"
	ask wwff
	check_equal "$1: what it does now is not" "$before $snapshots" "$(allocated "$2") $(ls "$2"/*.seep)"
	check_equal "$1: nor are its children" "$2" "$(echo "$2"*)"
	output=$("$SEEP" detach "$pid" 2>&1)
	check_equal "$1: it is left once: exit status 3" 3 $?
	check_match "$1: which is said" "$pid .worker. has libseep.so but no recording" "$output"
}

export SEEP_RATE=1 SEEP_NAMES=off
start "$SEEP" run -o run.rec -- ./worker
ask w
pid=$(child_of "$starter")
leave_it "under seep run" run.rec
echo -n e >&3
wait "$starter"
check_equal "under seep run: its exit status is its own" 7 $?

start env LD_PRELOAD="$SHIM" SEEP_OUTPUT="$WORK/preloaded.rec" ./worker
pid=$starter
ask w
leave_it "preloaded" preloaded.rec
echo -n e >&3
wait "$starter"
check_equal "preloaded: its exit status is its own, and it says nothing" "7 " "$? $(cat start.err)"
exit $cases_failed
