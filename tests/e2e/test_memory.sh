#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Under seep run the heap file lies in memory while the program runs, and in the recording afterwards; nothing stays
# behind. A file that must stay, because program and keeper were killed together, is found.
. "$(dirname "$0")/lib.sh"

if [ "$(stat -f -c %T /dev/shm 2>/dev/null)" != tmpfs ]; then
	skip "heap files in memory" "/dev/shm is not a tmpfs here"
	exit 0
fi

compile holds <<'END'
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
int main(void)
{
	for (int i = 0; i < 4000; i++)
		memset(malloc(4096), 1, 4096);
	puts("held");
	fflush(stdout);
	char word[3];
	int hold = open("hold", O_RDONLY); /* standard input is not passed on to the background */
	return read(hold, word, 3) != 3;
}
END
memory_of() { readlink "$1/heap"; }
in_memory() { memory_of "$1" | grep -q '^/dev/shm/seep\.'; }
held() { wait_until 20 grep -q held "$1"; } # LOG

mkfifo hold && exec 3<>hold

background "$SEEP" run -o one -- ./holds >one.log 2>one.err
run=$background_pid
held one.log
check "the heap file is in memory" in_memory one
memory=$(memory_of one)
check_equal "it is private" "600 1" "$(stat -c '%a %h' "$memory")"
check "it takes less than 2 MiB at first" test "$(stat -c %b "$memory")" -lt 4096
check "a recording in memory is found by its process" "$SEEP" snapshot "$(child_of $run)"
check_match "and read while it is written" 'main' "$("$SEEP" report one 2>&1)"
echo go >&3
wait $run
check "at the end it is in the recording" test -f one/heap -a ! -L one/heap
check "and nowhere else" test ! -e "$memory"
check_match "its report has the leak" '1[56]\.[0-9] MiB|main' "$("$SEEP" report one 2>&1)"
check_equal "nothing but the recording's files is there" "" "$(ls -A one | grep -vE '^([0-9]{6}\.seep|heap)$')"

background "$SEEP" run --heap=recording -o two -- ./holds >two.log 2>two.err
run=$background_pid
held two.log
check "--heap=recording keeps it on disk" test -f two/heap -a ! -L two/heap
echo go >&3
wait $run

background "$SEEP" run -r 1 -o three -- ./holds >three.log 2>three.err
run=$background_pid
held three.log
check "so does a rate that makes it large" test -f three/heap -a ! -L three/heap
echo go >&3
wait $run

background env LD_PRELOAD="$SHIM" SEEP_OUTPUT=four SEEP_HEAP=memory ./holds >four.log 2>four.err
run=$background_pid
held four.log
check "with LD_PRELOAD alone it can be asked for" in_memory four
memory=$(memory_of four)
echo go >&3
wait $run
check "and ends in the recording as well" test -f four/heap -a ! -L four/heap -a ! -e "$memory"

background env LD_PRELOAD="$SHIM" SEEP_OUTPUT=five SEEP_HEAP=auto SEEP_HEAP_DEVICE=1 ./holds >five.log 2>five.err
run=$background_pid
held five.log
check "memory that the keeper does not see is not used" test -f five/heap -a ! -L five/heap
echo go >&3
wait $run

# Program, seep and its guard die together, as in an OOM kill of the whole group. /dev/shm is the machine's: the next
# `seep run`, whoever starts it, finishes what they left, so it may take a few attempts to see that.
die_together() {
	rm -rf six
	background "$SEEP" run -o six -- ./holds >six.log 2>six.err
	run=$background_pid
	held six.log
	program=$(child_of $run)
	memory=$(memory_of six)
	kill -STOP "$run" # otherwise it would make another guard
	kill -KILL "$(process_named $run seep-guard)" "$program" "$run"
	wait $run 2>/dev/null
	in_memory=$(test -f "$memory" && echo there)
	report=$("$SEEP" report six 2>&1)
	advice=$("$SEEP" doctor)
	test -f "$memory"
}
for _ in 1 2 3 4 5; do
	die_together && break
done
check_equal "what all left is in memory still" there "$in_memory"
check_match "a dead recording is read from there" 'main' "$report"
check_match "the doctor says what holds memory, and what to do" \
	"^note .*heap files? of programs that were killed together with seep.*; (seep snapshot|its recording is gone)" "$advice"
check "seep snapshot finishes it" "$SEEP" snapshot six
check "and moves it into the recording" test -f six/heap -a ! -L six/heap -a ! -e "$memory"

# The recording is removed while its program runs: nobody would find its memory again.
background "$SEEP" run -o seven -- ./holds >seven.log 2>seven.err
run=$background_pid
held seven.log
memory=$(memory_of seven)
rm -rf seven
echo go >&3
wait $run
check "the memory of a removed recording is given back" test ! -e "$memory"
check_match "and seep run says so" 'seven' "$(cat seven.err)"

background "$SEEP" run -o eight -- ./holds >eight.log 2>eight.err
run=$background_pid
held eight.log
memory=$(memory_of eight)
rm "$memory"
check_match "memory that is gone is one clear line" '^seep: eight/heap: .*memory that is gone' "$("$SEEP" snapshot eight 2>&1)"
echo go >&3
wait $run
check_equal "and nothing else breaks" 0 $?
exit $cases_failed
