#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What makes a snapshot: the timer, a request, the opt-in signal, the program itself, a new high-water mark, the end.
. "$(dirname "$0")/lib.sh"

triggers() { # RECORDING: the triggers of its snapshots in order
	local file
	for file in "$1"/*.seep; do
		"$SEEP" report "$file" | tr '\n' ' ' | grep -oE 'snapshot +[0-9]+ +\([a-z]+\)' | grep -oE '[a-z]+\)' | tr -d ')'
	done | paste -sd' '
}

cat >asker.c <<'END'
#include <seep/seep.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
void *kept[200];
static void pause_ms(int ms) { usleep(ms * 1000); }
int main(int argc, char **argv)
{
	for (int i = 0; i < 10; i++)
		kept[i] = malloc(1000);
	pause_ms(100);
	if (argc > 1 && !strcmp(argv[1], "api"))
		printf("%d\n", seep_snapshot ? seep_snapshot() : -2);
	if (argc > 1 && !strcmp(argv[1], "signal"))
		raise(SIGUSR2);
	for (int i = 10; argc > 1 && !strcmp(argv[1], "peak") && i < 50; i++) {
		kept[i] = malloc(1 << 20);
		pause_ms(40);
	}
	pause_ms(300);
	return 0;
}
END
compile asker -I"$ROOT/include" asker.c
check_equal "without the shim the program's own request is a null pointer" -2 "$(./asker api)"
check_equal "the program can ask" 0 "$(SEEP_RATE=1 "$SEEP" run -i 0 -o api ./asker api 2>/dev/null)"
check_equal "which makes a snapshot before the last one" "api exit" "$(triggers api)"
SEEP_SIGNAL=USR2 "$SEEP" run -r 1 -i 0 -o signal ./asker signal 2>/dev/null
check_equal "the opt-in signal does not end the program" 0 $?
check_equal "and makes a snapshot" "signal exit" "$(triggers signal)"
LD_PRELOAD=$SHIM SEEP_OPTIONS=rate=1:interval=0:signal=USR2 SEEP_OUTPUT=$WORK/inside ./asker signal
check_equal "also with the keeper in the program" "signal exit" "$(triggers inside)"
"$SEEP" run -r 1 -i 0 -o plain ./asker 2>/dev/null
check_equal "an interval of 0 leaves the last snapshot alone" "exit" "$(triggers plain)"
"$SEEP" run -r 1 -i 100ms -o timer ./asker 2>/dev/null
check_match "the timer" '^(timer ){2,12}exit$' "$(triggers timer)"
"$SEEP" run -r 1 -i 0 -o peak ./asker peak 2>/dev/null
check_match "a new high-water mark" '^(peak ){1,4}exit$' "$(triggers peak)"

exit $cases_failed
