#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# seep is killed while it joins or leaves a process, or gives up (docs/ATTACH.md): what the process keeps, and what the next seep finds.
# time limit: 300 s
. "$(dirname "$0")/lib.sh"

# A borrowed thread gets all of its registers back by itself.
wide=-mavx
! grep -qw avx512bw /proc/cpuinfo || wide=-mavx512bw
gcc -w -O1 $wide -pthread -o numbers "$ROOT/tests/soak/attach_nasty.c"
gcc -O1 -D_GNU_SOURCE -o attach_kill "$ROOT/tests/soak/attach_kill.c"
if grep -qw avx /proc/cpuinfo; then
	background ./numbers alone >numbers.out
	output=$(./attach_kill "$SEEP" "$background_pid" "$WORK/numbers.rec" 11 -r 64K)
	check_equal "it outlives a seep that is killed behind any call that does something to it" "0 2" \
		"$? $(grep -c 'killed at [1-9]' <<<"$output")"
	check_equal "with all the numbers in its registers" "" "$(cat numbers.out)"
	kill "$background_pid"
fi

# While the recording is being made: held up at its first file.
mkdir out
compile churn <<'END'
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
int main(void) { for (;; usleep(100)) free(memset(malloc(700), 1, 700)); }
END
hold_begin() { # PID
	rm -f go hold
	mkfifo go
	exec 5<>go
	/usr/bin/python3 "$ROOT/tests/e2e/support/hold_new_files.py" out "$1" <&5 >hold 5>&- &
	holder=$!
	pids+=("$holder")
	wait_until 10 eval 'grep -q watching hold || ! kill -0 $holder'
	kill -0 $holder 2>/dev/null
}
hold_end() { echo >&5 && wait $holder; }
leaves_and_joins() { "$SEEP" detach "$worker" && "${attach[@]}" && "$SEEP" detach "$worker"; }
background ./churn
worker=$background_pid
attach=("$SEEP" attach -r 1 --heap=recording -o out/x "$worker")
if hold_begin "$worker"; then
	"${attach[@]}" 2>err &
	shot=$!
	wait_until 10 grep -q held hold
	read -r attendant _ <"/proc/$shot/task/$shot/children"
	kill -KILL "$attendant" $shot 2>/dev/null # seep may end when its child does
	wait $shot 2>/dev/null
	output=$("${attach[@]}" 2>&1 | grep -v "holds a recording"; exit "${PIPESTATUS[0]}")
	check_equal "a recording that a killed seep has begun is not begun again" \
		"3 seep: another seep is just joining $worker" "$? $output"
	hold_end
	output=$("${attach[@]}" 2>&1 | grep -v "holds a recording"; exit "${PIPESTATUS[0]}")
	check_equal "once it is there the process is joined" "3 seep: $worker is joined already, and records into $WORK/out/x" "$? $output"
	check "and can be left, and joined again" leaves_and_joins 2>err
	check "it lives" kill -0 "$worker"

	# A program that is executed before it is joined gets nothing from seep.
	compile replaced <<-'END'
		#include <signal.h>
		#include <unistd.h>
		static char *arguments[] = {"sleep", "1000", NULL};
		static void replace(int signal) { (void)signal; execv("/bin/sleep", arguments); }
		int main(void) { signal(SIGUSR1, replace); for (;;) pause(); }
	END
	background ./replaced
	worker=$background_pid
	hold_begin "$worker"
	"$SEEP" attach -r 1 --heap=recording -o out/y "$worker" 2>err &
	late=$!
	wait_until 10 grep -q held hold
	kill -USR1 "$worker"
	check "a program that another replaces while it is joined is replaced" wait_until 10 grep -q sleep "/proc/$worker/comm"
	wait $late
	check_match "and is said to have been" "^3 seep: $worker has ended or executed another program meanwhile" "$? $(cat err)"
	check_equal "the other knows nothing of seep" 0 "$(grep -c LD_PRELOAD "/proc/$worker/environ")"
	hold_end
	kill "$worker"
	background ./churn
	worker=$background_pid
	attach=("$SEEP" attach -r 1 --heap=recording -o out/x "$worker")

	# The other way round: the recording comes so late that seep has given up.
	hold_begin "$worker"
	"${attach[@]}" 2>err &
	late=$!
	wait_until 10 grep -q held hold
	read -r attendant _ <"/proc/$late/task/$late/children"
	wait_until 10 grep -q "TracerPid:.0" "/proc/$worker/status"
	looks() { awk '/^voluntary/ { print $2 }' "/proc/$attendant/status"; }
	looked() { [ $(($(looks) - before)) -gt 2 ]; }
	before=$(looks)
	wait_until 10 looked # it waits for the recording now
	kill -STOP "$attendant"
	read -rt 6 _ <>"$never" # a second more than seep waits for it
	before=$(looks)
	kill -CONT "$attendant"
	check "where no recording comes, seep waits on to take it back" wait_until 10 looked
	hold_end
	wait $late
	check_match "a recording that comes too late is said to be none" "^3 seep: $worker: no recording could be begun" "$? $(grep -v "holds a recording" err)"
	check "and the process is not joined for it" "${attach[@]}" 2>err
	"$SEEP" detach "$worker" 2>err
fi
exit $cases_failed
