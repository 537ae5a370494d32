#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# seep leaks on a program that leaks in one place, fills a pool, turns a cache over, and grows a buffer step by step.
. "$(dirname "$0")/lib.sh"

compile leaking <<'END'
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
static void *volatile last;
__attribute__((noinline)) void session_forget(void) { last = memset(malloc(700), 1, 700); }
__attribute__((noinline)) void pool_fill(void) { for (int i = 0; i < 500; i++) last = memset(malloc(1000), 1, 1000); }
__attribute__((noinline)) void cache_turn(int i) {
	static void *cache[200];
	free(cache[i % 200]);
	cache[i % 200] = memset(malloc(900), 1, 900);
}
__attribute__((noinline)) void buffer_grow(void) {
	char *buffer = NULL;
	for (size_t size = 500; size <= 10000; size += 500) { buffer = realloc(buffer, size); memset(buffer, 1, size); }
	last = buffer;
	free(buffer);
}
int main(int argc, char **argv) {
	struct timespec pause = {0, 4000000}, begin, now;
	clock_gettime(CLOCK_MONOTONIC, &begin);
	pool_fill();
	for (int i = 0;;) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		double passed = now.tv_sec - begin.tv_sec + (now.tv_nsec - begin.tv_nsec) / 1e9;
		if (passed >= atof(argv[argc - 1])) _exit(0);
		for (; i < passed * 250; i++) { /* so often on a busy machine, too: the cache has to turn over */
			session_forget();
			cache_turn(i);
			buffer_grow();
		}
		nanosleep(&pause, NULL);
	}
}
END

"$SEEP" run -r 2K -i 100ms -o recording -- ./leaking 3 2>run.log
check_match "seep run proposes it where there is a series" '; next: seep leaks recording$' "$(cat run.log)"
screen=$("$SEEP" leaks recording)
check_equal "seep leaks exits with 0" 0 $?
fits() { python3 -c 'import sys; lines = sys.stdin.read().split("\n"); sys.exit(len(lines) > 24 or max(map(len, lines)) > 80)' <<<"$1"; }
check "the answer fits a screen of 24 by 80" fits "$screen"
check_match "it says what leaks" '^LEAKING  1 place, .* a second$' "$screen"
check_match "the leaking line is in its first ten rows" ' <stdin>:[0-9]+(-[0-9]+)?  session_forget' "$(head -n 10 <<<"$screen")"
check_match "with the reason, in a sentence" 'all [0-9,]+ sampled blocks older than .* are still alive' "$screen"
check_match "and what can't be excluded" 'seen for .*: a cache that is still filling looks the same' "$screen"
check_match "and the way to more" 'seep leaks -v recording' "$screen"
text=$("$SEEP" leaks -v recording)
check_match "the leak is found" '^LEAKING  1 place, .* a second$' "$text"
check_match "in the function that leaks" 'iB.* session_forget$' "$(grep -A3 '^a second' <<<"$text")"
check_match "and how far that reaches" ' seen for [0-9.]+ s: a cache that is still filling looks the same' "$(tr '\n' ' ' <<<"$text" | tr -s ' ')"
check_match "with its evidence" 'sampled blocks older than [0-9.]+ .?s are still alive, .*born .*; [0-9.]+ % of the bytes allocated there get that old' "$(tr '\n' ' ' <<<"$text" | tr -s ' ')"
check_match "the ladder gets its advice" 'grown step by step by realloc: 9[0-9]\.' "$text"
check_equal "it reads well at 80 columns" "" "$(awk 'length($0) > 80' <<<"$text")"

"$SEEP" leaks --fail recording >/dev/null
check_equal "--fail is status 1 where something leaks" 1 $?
"$SEEP" leaks --prometheus=leaks.prom recording >/dev/null
check_equal "metrics are written beside the answer" 0 $?
check_equal "Prometheus reads them" "leak session_forget 1" "$(/usr/bin/python3 - <<'END'
from prometheus_client.parser import text_string_to_metric_families
families = {family.name: family for family in text_string_to_metric_families(open("leaks.prom").read())}
place = max(families["seep_place_leak_bytes_per_second"].samples, key=lambda sample: sample.value).labels
places = {sample.labels["verdict"]: sample.value for sample in families["seep_places"].samples}
values = {sample.labels["bound"]: sample.value for sample in families["seep_inuse_bytes"].samples}
assert values["low"] <= values["estimate"] <= values["high"] and families["seep_rss_bytes"].samples[0].value > 1e6
assert families["seep_alloc_bytes"].type == "counter" and abs(families["seep_judged_timestamp_seconds"].samples[0].value - __import__("time").time()) < 600
print(place["verdict"], place["function"], int(places["leak"]))
END
)"
check_equal "the recording itself is never replaced by them" 2 \
	"$("$SEEP" leaks --prometheus=recording/000001.seep recording >/dev/null 2>&1; echo $?)"

verdict_of() { # FUNCTION
	/usr/bin/python3 -c '
import json, sys
for site in json.load(open("leaks.json"))["sites"]:
    if any(frame["function"] == sys.argv[1] for frame in site["stack"]):
        print(site["verdict"])
' "$1"
}
"$SEEP" leaks --json recording >leaks.json
check_equal "JSON has its schema" seep.leaks/2 "$(/usr/bin/python3 -c 'import json; print(json.load(open("leaks.json"))["schema"])')"
check_equal "and calls the leak a leak" leak "$(verdict_of session_forget)"
check_match "and no pool" 'steady|growing' "$(verdict_of pool_fill)"
check_match "and no cache" 'steady|churn|growing' "$(verdict_of cache_turn)"
check_match "by function it is the same" 'session_forget' "$("$SEEP" leaks --by=function --top=1 recording | grep -A1 '^a second')"

SEEP_KEEP_BYTES=1 "$SEEP" run -r 2K -i 100ms -o capped -- ./leaking 4 2>/dev/null &
capped=$!
"$SEEP" run -r 2K -i 100ms -o live -- ./leaking 4 2>/dev/null &
pids+=($!)
followed=$(timeout 20 "$SEEP" leaks --follow --every=1s live.none 2>&1)
check_equal "what is not there can't be followed" 3 $?
wait_until 10 test -e live/000002.seep
followed=$(timeout 20 "$SEEP" leaks --follow --every=1s live)
check_equal "a live recording is followed until it ends" 0 $?
check "again and again" test "$(grep -c '^leaking 4 (pid' <<<"$followed")" -ge 2
wait "$capped"
check_match "a recording whose snapshots have no room keeps as many as verdicts need" '^LEAKING  1 place' "$("$SEEP" leaks capped)"

# The program frees everything that it leaked, for 1.6 seconds, and is killed meanwhile, or ends: the moment before that
# is judged. It follows the clock, so that even on a busy machine it grows for longer than it shrinks.
compile shuts_down_slow <<'END'
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
static void *kept[20000];
static int count;
static double seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec * 1e-9;
}
__attribute__((noinline)) void session_keep(void) { kept[count++] = memset(malloc(700), 1, 700); }
int main(int unused, char **words) { /* the part of its shutdown after which it is killed */
	double begun = seconds();
	while (count < 800)
		if (seconds() - begun >= count * 0.005) session_keep(); else usleep(500);
	begun = seconds();
	for (int i = 0; i < count;) {
		if (i >= atof(words[1]) * count) raise(SIGKILL);
		if (seconds() - begun >= i * 0.002) free(kept[i++]); else usleep(500);
	}
	return unused == 0;
}
END
for stop in 0.3 0.8 2; do # nearly every block is sampled, so that the others do not decide
	"$SEEP" run -r 200 -i 200ms -o "ending.$stop" -- ./shuts_down_slow "$stop" 2>/dev/null &
	pids+=($!)
done
wait "${pids[@]}" 2>/dev/null
for stop in 0.3 0.8 2; do
	ending=ending.$stop
	check_match "killed after $stop of its shutdown it is still a leak" '^LEAKING  1 place' "$("$SEEP" leaks "$ending")"
done
check_match "which is said" 'judged at .* \(shutdown left out\)' "$("$SEEP" leaks "$ending" | tr '\n' ' ' | tr -s ' ')"
check "a long name does not push it over the edge" fits "$("$SEEP" leaks "$ending")"
check_match "in JSON, too" '"judged":{"snapshot":[0-9]+,"age_ns":[0-9]+,"teardown":true}' "$("$SEEP" leaks --json "$ending")"
check_match "report shows the same moment" '\(shutdown left out\)' "$("$SEEP" report "$ending")"
check_match "but for --last" 'snapshot [0-9]+ \(exit\)' "$("$SEEP" report --last "$ending")"
check_match "and diff" '\(shutdown left out\)' "$("$SEEP" diff "$ending")"

mkdir short
cp recording/000001.seep recording/000002.seep short/
short=$("$SEEP" leaks short)
check_match "a short recording of what no longer runs has no verdicts, and promises none" \
	'^NO VERDICT  2 snapshots by the timer, 3 are needed: record longer' "$short"
check "it is not followed for ever" timeout 60 "$SEEP" leaks --follow --every=100ms short
check_equal "in its JSON, too" '{"unknown"} None' "$("$SEEP" leaks --json short | /usr/bin/python3 -c '
import json, sys
leaks = json.load(sys.stdin)
print("{" + json.dumps(sorted({s["verdict"] for s in leaks["sites"]} - {"churn"}))[1:-1] + "}", leaks["verdict_possible_in_s"])')"
mkdir thinned
cp recording/000004.seep recording/000009.seep thinned/
check_match "where snapshots were removed, a shorter interval is no advice" '3 are needed: others were removed .*larger --rate' \
	"$("$SEEP" leaks thinned | tr '\n' ' ' | tr -s ' ')"
rm thinned/000004.seep
"$SEEP" leaks thinned >out 2>err
check_match "nor of a single one" '^seep: thinned: one snapshot only: .* removed to save space: .*SEEP_KEEP_BYTES$' "$(cat err)"
rm short/000002.seep
"$SEEP" leaks short >out 2>err
check_equal "one snapshot is bad input, in one line" "3 1 0" "$? $(wc -l <err) $(wc -c <out)"
"$SEEP" leaks recording/000001.seep >out 2>err
check_equal "a snapshot is not a recording" 2 $?

# Without a single snapshot by the timer. A snapshot may be promised if it is asked for while the program runs, but not
# afterwards.
mkfifo asks answers
"$SEEP" run -r 1K -i 1h -o waiting -- /bin/cat <asks >answers 2>/dev/null &
pids+=($!)
exec {asks}>asks {answers}<answers
echo begun >&"$asks"
read -r -u "$answers" _
mkdir asked
for _ in 1 2 3; do cp "$("$SEEP" snapshot waiting)" asked/; done
check_match "snapshots that were asked for are a series where there are no others" \
	'^NO VERDICT YET  0 snapshots by the timer, 3 are needed: possible in' "$("$SEEP" leaks asked)"
"$SEEP" bundle asked -o asked.bundle >/dev/null 2>&1
check_match "a bundle of them waits for nothing" '^NO VERDICT  0 snapshots by the timer, 3 are needed: record longer' \
	"$("$SEEP" leaks asked.bundle)"
exec {asks}>&-
wait "${pids[-1]}"
check_match "nor do they when the program has ended" '^NO VERDICT  0 snapshots by the timer, 3 are needed: record longer' \
	"$("$SEEP" leaks asked)"
exit $cases_failed
