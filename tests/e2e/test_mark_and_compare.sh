#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Mark and compare, as the README shows it in four lines, on a server that leaks in one of two places.
. "$(dirname "$0")/lib.sh"

compile server <<'END'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
struct session { struct session *next; char text[1000]; };
static struct session *sessions;
__attribute__((noinline)) struct session *session_open(void) {
	struct session *s = malloc(sizeof *s);
	memset(s->text, 'x', sizeof s->text);
	s->next = sessions;
	return sessions = s;
}
__attribute__((noinline)) void request_serve(void) {
	char *buffer = malloc(5000);
	memset(buffer, 1, 5000);
	free(buffer);
}
__attribute__((noinline)) char *configuration_load(void) { return memset(malloc(8 << 20), 1, 8 << 20); }
int main(void) {
	char line[32], *configuration = configuration_load();
	puts("ready");
	fflush(stdout);
	while (fgets(line, sizeof line, stdin)) {
		for (int n = atoi(line); n > 0; n--) { session_open(); request_serve(); }
		puts("served");
		fflush(stdout);
	}
	free(configuration);
	return 0;
}
END
mkfifo requests
mkfifo answers
"$SEEP" run -r 64K -i 1h -o server.recording -- ./server <requests >answers 2>seep.log &
seep_pid=$!
pids+=("$seep_pid")
exec 3>requests 4<answers
read -r -t 10 -u 4
server=$(child_of "$seep_pid")
serve() { echo "$1" >&3; read -r -t 20 -u 4 _; }

serve 5000
before=$("$SEEP" snapshot "$server" 2>&1)
check_match "seep snapshot prints the snapshot's path" "^$WORK/server\.recording/[0-9]{6}\.seep\$" "$before"
serve 20000
after=$("$SEEP" snapshot "$server" -o after.seep 2>&1)
check_equal "-o copies it" after.seep "$after"
newest() { ls server.recording/*.seep | tail -n 1; }
check "the copy is the snapshot" cmp after.seep "$(newest)"
"$SEEP" diff "$before" after.seep >diff.txt
check_equal "seep diff succeeds" 0 $?
"$SEEP" diff --json "$before" after.seep >diff.json
check_equal "the leaking function is first" session_open "$(json_get diff.json "d['sites'][0]['stack'][0]['function']")"
check_equal "it alone is growing" session_open "$(json_get diff.json \
	"' '.join(s['stack'][0]['function'] for s in d['sites'] if s['verdict'] == 'growing')")"
interval=$(json_get diff.json "'%.0f %.0f' % (d['sites'][0]['growth_low'], d['sites'][0]['growth_high'])")
check "the truth, 20000 sessions of 1008 bytes, is about the interval $interval" interval_holds $interval 20160000
check_equal "the requests are the churn" request_serve "$(json_get diff.json "d['churn'][0]['stack'][0]['function']")"
check_match "the table names the function" "session_open" "$(cat diff.txt)"
check_match "and its file and line" '<stdin>:[0-9]+' "$(cat diff.txt)"

# Every command takes the number of a process that is being recorded.
"$SEEP" diff --json "$server" >by_pid.json
check_match "seep diff takes the process's number" session_open "$(cat by_pid.json)"
check_match "so does seep report" 'session_open' "$("$SEEP" report "$server")"
check_equal "of a number that is nobody's there is one line" "seep: 999999999: there is no such process" \
	"$("$SEEP" report 999999999 2>&1)"
check_match "of a process that is not recorded, too" "^seep: (process )?$$[: ].*$" "$("$SEEP" leaks $$ 2>&1)"

# By the recording's name: while its process does not answer, and after its end.
printed=$("$SEEP" snapshot server.recording 2>&1)
check_equal "the recording's name does as well as the number" "$(newest)" "$printed"
kill -STOP "$server"
check_match "a stopped process is marked by seep run's keeper" '\.seep$' "$("$SEEP" snapshot "$server" 2>&1)"
kill -CONT "$server"
exec 3>&-
wait "$seep_pid"
check_equal "the program's status comes back" 0 $?
check_match "the end line names the recording and the next command" \
	'^seep: recorded in server.recording \(.* in use at the end, .* allocated\); next: seep diff server.recording$' "$(cat seep.log)"
output=$("$SEEP" snapshot server.recording 2>&1 >stdout)
check_match "a complete recording: its last snapshot is named" 'is complete; its last snapshot is [0-9]+\.seep' "$output"
check "and printed" test -f "$(cat stdout)"
check "diff takes the recording" "$SEEP" diff server.recording

# Also with LD_PRELOAD alone.
compile holder <<'END'
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
int main(void) { for (int i = 0; i < 20; i++) memset(malloc(1 << 20), 1, 1 << 20); pause(); }
END
LD_PRELOAD=$SHIM SEEP_OUTPUT=$WORK/held background ./holder
wait_until 10 test -e held/heap
check_match "with LD_PRELOAD alone a process is marked, too" "^$WORK/held/[0-9]{6}\.seep\$" \
	"$("$SEEP" snapshot "$background_pid" 2>&1)"
kill -STOP "$background_pid"
check_match "also while it is stopped, as its keeper is a process of its own" "^$WORK/held/[0-9]{6}\.seep\$" \
	"$("$SEEP" snapshot "$background_pid" 2>&1)"
kill -KILL "$background_pid"
wait "$background_pid" 2>/dev/null
check_match "once it is killed, its heap file does" '\.seep$' "$("$SEEP" snapshot held 2>/dev/null)"

output=$("$SEEP" snapshot $$ 2>&1)
check_equal "a process without the shim: exit status 3" 3 $?
check_match "and what to do" "is not recorded; 'seep attach [0-9]*' joins it" "$output"
output=$("$SEEP" snapshot 4194305 2>&1)
check_equal "no such process: exit status 3" "3 seep: 4194305: there is no such process" "$? $output"
exit $cases_failed
