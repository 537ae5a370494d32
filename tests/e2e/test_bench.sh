#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The benchmark works: it runs everything once, in small. Instructions are asserted, since they are exact, and times are not.
# time limit: 400 s
users_cache=${XDG_CACHE_HOME:-} # where the modules from npm are
. "$(dirname "$0")/lib.sh"

cd "$ROOT" || exit 1
said=$(BUILD=$BUILD XDG_CACHE_HOME=$users_cache BENCH_QUICK=1 tests/bench/run.sh 2>"$WORK/progress")
status=$?
[ $status -eq 0 ] && ok "a quick run measures all there is" ||
	not_ok "a quick run measures all there is" "status $status
$(tail -n 20 "$WORK/progress")"
check_match "the table of what is asked is printed" '^Asked and measured' "$said"

# EXPRESSION over r, the results
expect() {
	local seen
	seen=$(/usr/bin/python3 -c "
import json, sys
r = json.load(open(sys.argv[1]))
added = {(i['workload'], i['configuration']): i['added'] for i in r['instructions']}
closing = {c['unwinder']: c for c in r['closing']}
print($2)" "$BUILD/bench/quick.json" 2>&1 | tail -n 1)
	check_equal "$1" True "$seen"
}
expect "each workload ran with and without a profiler, and each allocator has some" \
	"len(r['times']) == 4 * 2 + 3 * 3 + 3 * 3 + 3 and all(not t['failed'] and t['cpu_s'] for t in r['times'])"
expect "the profilers of every allocation ran" "len(r['every']) == 8 and all(not t['failed'] for t in r['every'])"
expect "what is written is known for seep" \
	"all(t['written_bytes']['minimum'] > 0 for t in r['times'] if t['configuration'].startswith('seep'))"
expect "malloc and free of 64 bytes cost at most 14 instructions more than without seep" \
	"all(2 <= added['tight', 'seep over ' + base] <= 14 for base in ('glibc', 'jemalloc'))"
expect "stacks are timed for three backends" "len({s['backend'] for s in r['stacks']['rows']}) == 3"
expect "the longest malloc is known on a quiet and on a busy disk" \
	"len(r['latency']) == 12 and all(row['longest_ns'] for row in r['latency'])"
expect "libraries that come and go hang nobody" "not closing['walker']['hung']"
expect "and give no frame that cannot be" \
	"closing['walker']['samples'] > 0 and closing['walker']['in_libraries'] > 0 and closing['walker']['wrong_frames'] == 0"

refusal=$(/usr/bin/python3 -B tests/bench/make_document.py "$BUILD/bench/quick.json" 2>&1)
check_equal "no document is made of a quick run" 1 $?
check_match "and it is said why" 'not the results of a whole' "$refusal"
BUILD=$BUILD XDG_CACHE_HOME=$users_cache BENCH_ONLY=no-such-thing tests/bench/run.sh >/dev/null 2>"$WORK/refusal"
check_equal "a workload that does not exist is refused" 1 $?
check_match "with a list of those that do" 'workloads: tight; churn;' "$(cat "$WORK/refusal")"
exit $cases_failed
