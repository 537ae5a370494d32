#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# --service NAME --before TIME --after TIME: the processes that ran at those times, each by its nearest snapshot. The
# past is made of real snapshots, with restarts, two workers at a time, and two builds of one program. time limit: 120 s
. "$(dirname "$0")/lib.sh"

export SEEP_STORE=$WORK/store TZ=UTC
simulate() { python3 "$ROOT/tests/e2e/support/simulate_service.py" "$@"; }
shown() { "$SEEP" "$@" --json | python3 -c '
import json, sys
document = json.load(sys.stdin)
print(*(sorted(part["pid"] for part in document["processes"]) if document.get("processes") else [document.get("pid")]))'; }

# Two builds with different addresses, whose functions have the same names.
for build in 1 2; do
	{
		printf '#include <stdlib.h>\n#include <string.h>\nvolatile int pad;\n'
		[ $build = 1 ] || printf '__attribute__((noinline)) void other(void) { pad += 77; pad *= 3; }\n'
		printf '__attribute__((noinline)) void *keep(size_t n) { return memset(malloc(n), 1, n); }\n'
		printf 'void *kept[4000];\nint main(int argc, char **argv) { (void)argc;\n'
		printf 'for (int i = 0; i < atoi(argv[1]); i++) kept[i] = keep(1000);\nreturn 0; }\n'
	} >server.c
	gcc -g -O1 -o server server.c && mkdir -p build$build && mv server build$build/
	"$SEEP" run -r 1 -i 0 -o real$build -- build$build/server $((build * 1000)) 2>/dev/null
done
first=$(ls real1/*.seep | tail -n 1) second=$(ls real2/*.seep | tail -n 1)
day=$(date -u -d 2026-11-20 +%s)
# 00:00-06:00 a and b, 06:00-12:00 c; nothing until 13:00; from then on d of the second build, to 18:00
simulate "$first" store/web/a $day $((day + 21600)) 600
simulate "$first" store/web/b $((day + 60)) $((day + 21602)) 600
simulate "$first" store/web/c $((day + 21600 + 10)) $((day + 43200)) 600 3
simulate "$second" store/web/d $((day + 46800)) $((day + 64800)) 600

sources() { "$SEEP" report --json --service web "$@" 2>err | python3 -c '
import json, sys
d = json.load(sys.stdin)
names = [p["source"] for p in d.get("processes") or []] or [d["source"]]
print(*sorted(n.split("store/web/")[-1] for n in names))'; }
check_equal "both workers count, each by the nearest snapshot" "a/000019.seep b/000019.seep" "$(sources --before 2026-11-20T03:01)"
check_equal "--after is the same moment where there is but one" "a/000019.seep b/000019.seep" "$(sources --after 2026-11-20T03:01)"
check_equal "of one process its snapshot" "c/000010.seep" "$(sources --before 2026-11-20T07:28)"
check_equal "a peak stands for no other moment" "c/000002.seep" "$(sources --before 2026-11-20T06:17)"
check_equal "nothing is said where a process ran" "" "$(cat err)"
check_equal "where none ran the nearest is taken" "c/000037.seep" "$(sources --before 2026-11-20T12:10)"
check_match "and it is said" '^seep: web: no process ran then; the nearest is of 2026-11-20 12:00:00$' "$(cat err)"
check_equal "those that stopped together are taken together" "a/000037.seep b/000037.seep" "$(sources --before 2026-11-20T06:00:05)"
check_equal "without a time it is now" "d/000031.seep" "$(sources)"
check_match "where none runs that is said" '^seep: web: no process runs; the nearest is of 2026-11-20 18:00:00$' "$(cat err)"

grown() { "$SEEP" diff --json --by=function --service web "$@" 2>err | python3 -c '
import json, sys
d = json.load(sys.stdin)
print({s["stack"][0]["function"]: s["growth_bytes"] for s in d["sites"] if s["stack"]}.get("keep"))'; }
check_equal "a service grows by what all its processes do" "-1000000" "$(grown --before 2026-11-20T03:00 --after 2026-11-20T07:00)"
check_equal "builds are told apart by build id, and sites matched by their names" "1000000" "$(grown --before 2026-11-20T07:00 --after now)"
check_equal "the same processes have not grown" "0" "$(grown --before 2026-11-20T01:00 --after 2026-11-20T05:00)"

for command in report diff leaks flame html export annotate; do
	extra=()
	[ $command = export ] && extra=(--format=folded)
	[ $command = html ] && extra=(-o page.html)
	"$SEEP" $command "${extra[@]}" --service web --before 2026-11-20T14:00 >out 2>err
	check_equal "$command takes a service" "0" "$?"
done
"$SEEP" export --format=folded --service web --before 2026-11-20T07:00 --after now 2>/dev/null >folded
check_match "an export of two moments is a difference" 'keep 1000000 2000000$' "$(cat folded)"
check_match "two moments of the same processes are those of each" ' 0 B in that time' \
	"$("$SEEP" annotate --service web --before 2026-11-20T01:00 --after 2026-11-20T05:00 keep 2>&1)"
"$SEEP" leaks --json --service web --before 2026-11-20T14:00 --after 2026-11-20T16:00 >out 2>err
check_equal "a series is of that time alone" "19" "$(python3 -c 'import json; print(json.load(open("out"))["judged"]["snapshot"])')"

one_line() { # NAME PATTERN STATUS COMMAND...
	local name=$1 pattern=$2 status=$3
	shift 3
	"$SEEP" "$@" >out 2>err
	check_equal "$name" "$status 1" "$? $(wc -l <err)"
	check_match "$name: the line" "$pattern" "$(cat err)"
}
one_line "a service that is not there" 'there is no service nowhere in .*store' 3 report --service nowhere
one_line "a time that is none" "yesterday is not a time: now, 2026-11-20" 2 report --service web --before yesterday
one_line "a time without a service" '--before and --after are times of a service' 2 report --before 2h "$first"
one_line "a service and an operand" 'is one too many' 2 report --service web real1
one_line "two moments for one" 'it shows one moment' 2 report --service web --before 7d --after now
one_line "times the wrong way round" '--before is the earlier moment' 2 diff --service web --before 2h --after 3h
mkdir -p store/empty/x && : >store/empty/x/heap
one_line "a service without snapshots" 'has no snapshot that can be read yet' 3 report --service empty
head -c 100 "$first" >store/web/d/000020.seep
check_equal "a damaged snapshot is passed over" "d/000019.seep" "$(sources --before 2026-11-20T16:10)"
printf 'damaged' | dd of=store/web/d/000023.seep conv=notrunc bs=1 seek=800 status=none
check_equal "so is one that is damaged behind its header" "d/000022.seep" "$(sources --before 2026-11-20T16:40)"
check_match "and that is said" '000023.seep: .*damaged.*; it is left out$' "$(cat err)"
rm store/web/d/000020.seep
simulate "$second" store/web/e $((day + 63000)) $((day + 64800)) 600
judged() { "$SEEP" leaks --service web "$@" 2>err | sed -n '1s/\( (pid [0-9]*)\)\?  .*//p;$s/.*--service/--service/p'; }
check_equal "a process that has just begun does not shorten the series of the others" "server 2000
--service web" "$(judged)"
check_match "and that is said" '^seep: web: 1 of 2 processes ran for less than half of the time, and are left out' "$(cat err)"
check_equal "of a shorter time all are judged" "server 2000 (2 processes added up)
--service web --before @$((day + 62000))" "$(judged --before 2026-11-20T17:13:20)"
exit $cases_failed
