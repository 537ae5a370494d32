#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What makes a snapshot: the timer, a request, the opt-in signal, the program itself, a new high-water
# mark, a limit of memory, the end.
. "$(dirname "$0")/lib.sh"

triggers() { # RECORDING: prints the triggers of its snapshots in order
	local file
	for file in "$1"/*.seep; do
		"$SEEP" report "$file" | tr '\n' ' ' | grep -oE 'snapshot +[0-9]+ +\([a-z]+\)' | grep -oE '[a-z]+\)' | tr -d ')'
	done | paste -sd' '
}

cat >asker.c <<'END'
#include <pthread.h>
#include <seep/seep.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
void *kept[200];
static void pause_ms(int ms) { usleep(ms * 1000); }
static void *work(void *unused)
{
	for (int i = 0; i < 1000; i++)
		seep_work(3);
	return unused;
}
/* Some before the first sample, some in a child before and behind its own first. */
static void work_everywhere(void)
{
	pthread_t threads[2];
	seep_work(5);
	if (!fork()) {
		seep_work(70);
		kept[0] = malloc(100000);
		seep_work(7);
		_exit(kept[0] == NULL);
	}
	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, work, NULL);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
}
int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "work")) {
		if (seep_work)
			work_everywhere();
		printf("%d\n", seep_work ? 0 : -2);
	}
	for (int i = 0; i < 10; i++)
		kept[i] = malloc(1000);
	pause_ms(100);
	if (argc > 1 && !strcmp(argv[1], "api"))
		printf("%d\n", seep_snapshot ? seep_snapshot() : -2);
	if (argc > 1 && !strcmp(argv[1], "account"))
		printf("%d\n", seep_account ? seep_account() : -2);
	if (argc > 1 && !strcmp(argv[1], "signal"))
		raise(SIGUSR2);
	for (int i = 10; argc > 1 && !strcmp(argv[1], "peak") && i < 50; i++) {
		kept[i] = malloc(1 << 20);
		pause_ms(40);
	}
	for (int i = 10; argc > 1 && !strcmp(argv[1], "limit") && i < 110; i++) {
		if ((kept[i] = malloc(1000000)))
			memset(kept[i], 1, 1000000);
		pause_ms(20);
	}
	pause_ms(300);
	return 0;
}
END
compile asker -I"$ROOT/include" asker.c
check_equal "without the shim the program's own request is a null pointer" -2 "$(./asker api)"
check_equal "the program can ask" 0 "$(SEEP_RATE=1 "$SEEP" run -i 0 -o api ./asker api 2>/dev/null)"
check_equal "which makes a snapshot before the last one" "api exit" "$(triggers api)"
check_equal "without the shim its question to the allocator is one, too" -2 "$(./asker account)"
check_equal "the program can have its allocator asked" 0 "$(SEEP_RATE=1 "$SEEP" run -i 0 -o account ./asker account 2>/dev/null)"
check_match "whose answer is shown" 'glibc itself counted .* in use' "$("$SEEP" report account | tr -s ' \n' ' ')"
check_equal "and nobody else asks it" "" "$("$SEEP" report --json api | grep -o '"allocator_inuse_bytes": [0-9]*')"
check_equal "without the shim its count of work is one, too" -2 "$(./asker work)"
check_equal "the program can count its work" 0 "$("$SEEP" run -r 1 -i 0 -o work ./asker work 2>/dev/null)"
work_of() { "$SEEP" report --json "$1" | grep -o '"work_units": *[0-9]*' | grep -o '[0-9]*$'; }
check_equal "all threads together, and each process by itself" "77 6005" "$( (work_of work && work_of work.2) | sort -n | xargs)"
check_equal "processes added up have the sum" 6082 "$("$SEEP" report --json work work.2 api 2>/dev/null | grep -o '"work_units": *[0-9]*' | head -n 1 | grep -o '[0-9]*$')"
check_equal "who counts nothing has none" " " "$(work_of api) $("$SEEP" report --json api account 2>/dev/null | grep -o work_units)"
SEEP_SIGNAL=USR2 "$SEEP" run -r 1 -i 0 -o signal ./asker signal 2>/dev/null
check_equal "the opt-in signal does not end the program" 0 $?
check_equal "and makes a snapshot" "signal exit" "$(triggers signal)"
LD_PRELOAD=$SHIM SEEP_OPTIONS=rate=1:interval=0:signal=USR2 SEEP_OUTPUT=$WORK/inside ./asker signal
check_equal "also with the keeper in the program" "signal exit" "$(triggers inside)"
for signal in 11 8 33; do
	raises=(timeout -k 1 30 bash -c 'kill -s "$1" $$' bash "$signal")
	output=$("${raises[@]}" 2>&1)
	plain=$? # below make, libc's own signals are ignored
	output=$(SEEP_SIGNAL=$signal LD_PRELOAD=$SHIM SEEP_OUTPUT=$WORK/fault "${raises[@]}" 2>&1)
	check_equal "signal $signal, of a fault or libc's own, does as ever" $plain $?
	check_match "and is refused" "ignored SEEP_SIGNAL=$signal: that is not a signal" "$output"
done
"$SEEP" run -r 1 -i 0 -o plain ./asker 2>/dev/null
check_equal "an interval of 0 leaves the last snapshot alone" "exit" "$(triggers plain)"
"$SEEP" run -r 1 -i 100ms -o timer ./asker 2>/dev/null
check_match "the timer" '^(timer ){2,12}exit$' "$(triggers timer)"
"$SEEP" run -r 1 -i 0 -o peak ./asker peak 2>/dev/null
check_match "a new high-water mark" '^(peak ){1,4}exit$' "$(triggers peak)"

# a megabyte every 20 ms, to 100 MB
limited() { # RECORDING OPTION...
	local recording=$1
	shift
	"$SEEP" run -r 64K -i 0 -o "$recording.%c" "$@" -- prlimit --data=110000000 ./asker limit 2>/dev/null
}
limited limit
check_match "a limit of memory is near" '^(peak )*limit (peak )*(limit )?exit$' "$(triggers limit.asker)"
report=$(for file in limit.asker/*.seep; do "$SEEP" report "$file"; done | tr -s ' \n' ' ')
check_match "the report says which, and what it leaves" 'limit of data 105 MiB, [0-9.]+ [KM]iB left' "$report"
limited unlimited --limit-headroom=off
check_match "not where that is off" '^(peak )*exit$' "$(triggers unlimited.asker)"
limited absolute --limit-headroom=50M
"$SEEP" report --json "$(ls absolute.asker/*.seep | while read -r file; do
	"$SEEP" report "$file" | grep -q '(limit)' && echo "$file" && break
done)" >report.json
check "bytes are taken as they are" json_get report.json "1 // (40e6 < d['memory']['nearest_left_bytes'] <= 52428800)"
LD_PRELOAD=$SHIM SEEP_OPTIONS=rate=64K:interval=0:limit-headroom=10% SEEP_OUTPUT=$WORK/alone.%c \
	prlimit --data=110000000 ./asker limit
check_match "also with the keeper in the program" '^(peak )*limit (peak )*(limit )?exit$' "$(triggers alone.asker)"
exit $cases_failed
