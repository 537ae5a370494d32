#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every option of seep run does what its help says.
. "$(dirname "$0")/lib.sh"

compile phases <<'END'
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
/* Holds 100 times 1000 bytes, waits, holds 50 times 3000. Changes its directory first. */
void *kept[150];
__attribute__((noinline)) void *early(void) { return memset(malloc(1000), 1, 1000); }
__attribute__((noinline)) void *late(void) { return memset(malloc(3000), 1, 3000); }
int main(int argc, char **argv) {
	if (chdir("/")) return 1;
	for (int i = 0; i < 100; i++) kept[i] = early();
	usleep(argc > 1 ? atoi(argv[1]) * 1000 : 0);
	for (int i = 0; i < 50; i++) kept[100 + i] = late();
	return 0;
}
END
sum() { # RECORDING FUNCTION FIELD: sums a field over all sites that begin in that function
	"$SEEP" report --json "$1" >report.json
	json_get report.json "sum(s['$3'] for s in d['sites'] if s['stack'] and s['stack'][0]['function'] == '$2')"
}

"$SEEP" run -r 1 -o exact -- ./phases 2>stderr
check_equal "-r 1 samples everything: bytes" "100000 150000" "$(sum exact early inuse_bytes) $(sum exact late inuse_bytes)"
check_equal "and objects" "100 50" "$(sum exact early inuse_objects) $(sum exact late inuse_objects)"
check_equal "and then the interval is the number" "100000 100000" "$(sum exact early inuse_low) $(sum exact early inuse_high)"
check "-o is relative to where seep was started, wherever the program goes" test -f exact/heap

"$SEEP" run -r 1 --delay=300ms -o delayed -- ./phases 900 2>/dev/null
check_equal "--delay leaves out what came before" "0 150000" "$(sum delayed early inuse_bytes) $(sum delayed late inuse_bytes)"
output=$("$SEEP" run -r 1 --delay=1h -- ./phases 2>&1)
check_match "a delay longer than the program records nothing, and says so" 'nothing was recorded: .*after the delay' "$output"

"$SEEP" run -r 1 -i 100ms -o series -- ./phases 1000 2>/dev/null
count=$(ls series/*.seep | wc -l)
if [ "$count" -ge 6 ] && [ "$count" -le 14 ]; then
	ok "-i 100ms makes about ten snapshots in a second: $count"
else
	not_ok "-i 100ms makes about ten snapshots in a second" "$(ls series)"
fi
"$SEEP" run -r 1 -i 0 -o single -- ./phases 1000 2>/dev/null
check_equal "-i 0 takes none by time" 0 "$(for s in single/*.seep; do "$SEEP" report "$s"; done | grep -c '(timer)')"

for pass in 1 2 3; do "$SEEP" run -r 1 -o again -- ./phases 2>stderr$pass; done
check_equal "an existing recording is never touched" "again again.2 again.3" "$(echo again*)"
check_match "and the end line names the new one" ' again\.3 ' "$(cat stderr3)"
check_match "which is said at the start" '^seep: .*again holds a recording, which stays: .*again\.3 is the next name$' "$(head -n 1 stderr3)"
"$SEEP" run -r 1 -o 'at %c of %h' -- ./phases 2>stderr
check "%c and %h are filled in, blanks are kept" test -f "at phases of $(hostname)/heap"
check_match "and quoted where they would be typed" "seep (diff|report) 'at phases of $(hostname)'\$" "$(cat stderr)"
mkdir '100%' && cd '100%' && "$SEEP" run -r 1 -- ../phases 2>/dev/null && cd ..
check "a percent sign in the current directory is only itself" compgen -G '100%/seep.phases.*/heap'
mkdir -p some/where
(cd some/where && SEEP_OUTPUT=from-environment "$SEEP" run -r 1 -- "$WORK/phases" 2>/dev/null)
check "SEEP_OUTPUT is heeded where -o is not given" test -f some/where/from-environment/heap
SEEP_RATE=1 "$SEEP" run -o rate -- ./phases 2>/dev/null
check_equal "and so are SEEP_RATE" 100000 "$(sum rate early inuse_bytes)"
SEEP_OPTIONS=rate=1 "$SEEP" run -o options -- ./phases 2>/dev/null
check_equal "and SEEP_OPTIONS" 100000 "$(sum options early inuse_bytes)"
SEEP_OPTIONS=rate=1G SEEP_RATE=1G "$SEEP" run -r 1 -o stronger -- ./phases 2>/dev/null
check_equal "the command line is stronger than both" 100000 "$(sum stronger early inuse_bytes)"

for unwinder in walker libunwind frame-pointers; do
	"$SEEP" run -r 1 --unwinder=$unwinder -o by-$unwinder -- ./phases 2>stderr
	check_equal "--unwinder=$unwinder: early's caller is main" main "$("$SEEP" report --json by-$unwinder >report.json &&
		json_get report.json "next(s['stack'][1]['function'] for s in d['sites'] if s['stack'] and s['stack'][0]['function'] == 'early')")"
	check "and says nothing of another" bash -c '! grep -q "no such unwinder" stderr'
done

# A limit of the stack is the program's: seep has a stack of its own.
(ulimit -s 32 && "$SEEP" run -r 1 -o shallow -- ./phases) 2>stderr
check_equal "a stack of 32 KiB suffices for seep run" "seep: recorded in shallow" "$(grep -o "^seep: recorded in shallow" stderr)"
(ulimit -s 32 && "$SEEP" report --json shallow >report.json && "$SEEP" leaks shallow >leaks.out)
check_equal "and for the names in a report" 100000 \
	"$(json_get report.json "sum(s['inuse_bytes'] for s in d['sites'] if s['stack'] and s['stack'][0]['function'] == 'early')")"

output=$("$SEEP" run -r 12Q -- touch started 2>&1)
check "a usage error starts nothing" test ! -e started
exit $cases_failed
