#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# LD_PRELOAD and SEEP_OUTPUT without the command: the shim alone makes a complete recording.
. "$(dirname "$0")/lib.sh"

compile leaker <<'END'
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
__attribute__((noinline)) void *leak_here(size_t n) { char *p = malloc(n); memset(p, 1, n); return p; }
void *kept[64000];
int main(void) {
	for (int i = 0; i < 64000; i++) { kept[i] = leak_here(1000); free(malloc(500)); }
	puts("done");
	return 3;
}
END
output=$(LD_PRELOAD=$SHIM SEEP_OUTPUT=$WORK/out SEEP_RATE=64K ./leaker 2>stderr)
check_equal "output and exit status are the program's" "done 3" "$output $?"
check_equal "nothing is printed by the shim" "" "$(cat stderr)"
check "there is a recording" test -f out/heap
check "with a snapshot from its exit" test -f out/000001.seep
"$SEEP" report --last --json out >report.json
check_equal "it can be read" 0 $?
check_equal "the site is the leaking one" leak_here "$(json_get report.json "d['sites'][0]['stack'][0]['function']")"
interval=$(json_get report.json "'%.0f %.0f' % (d['sites'][0]['inuse_low'], d['sites'][0]['inuse_high'])")
check "the truth, 64000 times 1000 bytes, is about its interval $interval" interval_holds $interval 64000000
check_equal "the recording is private" "700 600 600" "$(stat -c %a out out/heap out/000001.seep | paste -sd' ')"

LD_PRELOAD=$SHIM SEEP_OPTIONS=rate=64K:interval=0 ./leaker >/dev/null
check "without SEEP_OUTPUT it is named after the command and the process" compgen -G 'seep.leaker.*/000001.seep'

mkdir emptied && cp out/heap emptied
output=$("$SEEP" snapshot emptied 2>&1)
check_equal "a complete recording whose snapshots are gone has no last one to name" "3 1" "$? $(wc -l <<<"$output")"

before=$(sha256sum out/*)
LD_PRELOAD=$SHIM SEEP_OUTPUT=$WORK/out SEEP_RATE=64K ./leaker >/dev/null
check "an existing recording is not touched: the next gets .2" test -f out.2/000001.seep
check_equal "the first is as it was" "$before" "$(sha256sum out/*)"

LD_PRELOAD=$SHIM SEEP_OUTPUT=$WORK/%c-%h ./leaker >/dev/null
check "%c and %h are filled in" test -f "leaker-$(hostname)/000001.seep"

for bad in SEEP_RATE=12Q SEEP_OPTIONS=colour=red SEEP_INTERVAL=soon; do
	output=$(env LD_PRELOAD="$SHIM" SEEP_OUTPUT="$WORK/bad-$bad" "$bad" ./leaker 2>stderr)
	check_equal "$bad: the program runs on" "done 3" "$output $?"
	check_equal "$bad: one warning" 1 "$(wc -l <stderr)"
	check "$bad: and a recording with the default" test -f "bad-$bad/000001.seep"
done
LD_PRELOAD=$SHIM SEEP_OUTPUT=$WORK/none SEEP_RATE=64K /usr/bin/true
check "a program that takes no sample leaves nothing" test ! -e none

gcc -O1 -Wl,-z,now -o size_is_asked "$ROOT/tests/e2e/programs/size_is_asked.c"
check_equal "a bound call of malloc_usable_size goes to the C library, and what binds it is read-only again" \
	"libc.so.6 r--p 1" "$(LD_PRELOAD=$SHIM SEEP_OPTIONS=interval=0 ./size_is_asked)"
check_match "as a program it says what it is for" "^libseep.so .* is made for LD_PRELOAD; see seep run" "$("$SHIM")"
exit $cases_failed
