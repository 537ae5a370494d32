#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Several operands: the processes of a service added up, each named, with intervals of the sum; what can't be added is
# refused in a line. A program of ours whose workers are known, and nginx.
. "$(dirname "$0")/lib.sh"
compile workers <<'END_OF_PROGRAM'
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
static void *kept[1000];
static int count;
__attribute__((noinline)) void leak(size_t n) { kept[count++] = memset(malloc(n), 1, n); }
__attribute__((noinline)) void churn(void) { for (int i = 0; i < 30; i++) free(memset(malloc(2000), 1, 2000)); }
int main(void) {
	for (int worker = 1; worker <= 3; worker++)
		if (fork() == 0) {
			for (int step = 0; step < 250; step++) {
				leak(1000 * (size_t)worker);
				churn();
				usleep(10000);
			}
			raise(SIGKILL);
		}
	while (wait(NULL) > 0)
		continue;
	return 0;
}
END_OF_PROGRAM
"$SEEP" run -r 4K -i 100ms -o "w.%p" -- ./workers 2>run.log
check_equal "each worker has a recording" 3 "$(ls -d w.* | wc -l)"
recordings=(w.*)

for recording in "${recordings[@]}"; do "$SEEP" report --json "$recording" >"$recording.json"; done
"$SEEP" report --json "${recordings[@]}" >sum.json
"$SEEP" report --json --by=place "${recordings[@]}" >places.json
cat >sums.py <<'END_OF_PROGRAM'
import json, sys
whole, *parts = [json.load(open(name)) for name in sys.argv[1:]]
total = whole["totals"]
def of_all(key): return sum(part["totals"][key] for part in parts)
for key in ("inuse_bytes", "inuse_objects", "alloc_bytes", "alloc_objects"):
    assert abs(total[key] - of_all(key)) <= len(parts), (key, total[key], of_all(key))
assert total["inuse_samples"] == of_all("inuse_samples")
width, widths = total["inuse_high"] - total["inuse_low"], [p["totals"]["inuse_high"] - p["totals"]["inuse_low"] for p in parts]
assert max(widths) < width < 0.9 * sum(widths), "the sum's interval is that of the sum"
assert [p["pid"] for p in whole["processes"]] == [p["process"]["pid"] for p in parts]
assert all(p["command"] == "workers" for p in whole["processes"])
assert abs(sum(p["inuse_bytes"] for p in whole["processes"]) - total["inuse_bytes"]) <= len(parts)
assert whole["losses"]["samples"] == sum(p["losses"]["samples"] for p in parts)
assert whole["memory"]["rss_anonymous_bytes"] == sum(p["memory"]["rss_anonymous_bytes"] for p in parts) and "rss_bytes" not in whole["memory"]
print(len(parts))
END_OF_PROGRAM
check_equal "sums, intervals of sums, losses and memory are those of all, and each process is named" 3 \
	"$(/usr/bin/python3 sums.py sum.json "${recordings[@]/%/.json}")"
check "the truth is in the sum's interval" interval_holds "$(json_get sum.json "d['totals']['inuse_low']")" "$(json_get sum.json "d['totals']['inuse_high']")" 1500000
check_equal "one stack of all of them is one row" "leak 750" \
	"$(json_get places.json "d['sites'][0]['stack'][0]['function']") $(json_get places.json "round(d['sites'][0]['inuse_objects'], -1) and 750")"
text=$("$SEEP" report "${recordings[@]}")
check_match "the head says how many" '^workers \(3 processes added up\) ' "$text"
check_equal "and which" 3 "$(tr -s '\n ' '  ' <<<"$text" | grep -oE 'w\.[0-9]+/[0-9]+\.seep \(pid [0-9]+\)' | sort -u | wc -l)"

"$SEEP" bundle "${recordings[0]}" -o first.bundle 2>/dev/null
check_equal "bundles and recordings go together" "$(json_get sum.json "d['totals']")" \
	"$("$SEEP" report --json first.bundle "${recordings[@]:1}" >mixed.json && json_get mixed.json "d['totals']")"
check_equal "folded stacks have the sum" "$(json_get sum.json "d['totals']['inuse_bytes']")" \
	"$("$SEEP" export --format=folded "${recordings[@]}" | awk '{ sum += $NF } END { print sum }')"
"$SEEP" export --format=pprof "${recordings[@]}" -o sum.pb.gz 2>/dev/null
check "and so has pprof's" test "$("$SEEP" report --json sum.pb.gz >again.json && json_get again.json "abs(d['totals']['inuse_bytes'] - $(json_get sum.json "d['totals']['inuse_bytes']")) < 10")" = True
"$SEEP" flame "${recordings[@]}" -o sum.svg 2>/dev/null
check_match "a flame graph's caption says it" '3 processes added up' "$(cat sum.svg)"

"$SEEP" leaks --json "${recordings[@]}" >leaks.json
check_equal "the leak of all of them is judged as one, by their series" "leak True True 3" \
	"$(json_get leaks.json "(lambda p: f\"{p['function']} {p['verdict'] == 'leak'} {d['can_judge']} {len(d['processes'])}\")(d['places'][0])")"
"$SEEP" leaks --json "${recordings[2]}" >third.json
pace() { json_get "$1" "next(s for s in d['sites'] if s['stack'][0]['function'] == 'leak')['slope_bytes_per_s']"; }
check "its pace is theirs together: twice the third's, which leaks as much as the others" \
	awk -v sum="$(pace leaks.json)" -v third="$(pace third.json)" 'BEGIN { exit !(sum > 1.3 * third && sum < 3.5 * third) }'
check_match "on the screen they are named" '^sum of w\.[0-9]+/.* \(pid [0-9]+\) ' "$("$SEEP" leaks "${recordings[@]}")"
check_match "and -v names their snapshots" '^sum of w\.' "$("$SEEP" leaks -v "${recordings[@]}")"
"$SEEP" diff --json --sum "${recordings[@]}" >diff.json
check_equal "what they grew is added up, matched sample by sample" "leak True True" \
	"$(json_get diff.json "f\"{d['sites'][0]['stack'][0]['function']} {d['same_process']} {0 < d['totals']['growth_low'] and d['totals']['growth_bytes'] < 1800000}\"")"

# ---- the page: at its last moment it has what leaks has, and has counted what each had allocated by then
"$SEEP" html --source=off -o sum.html "${recordings[@]}" 2>/dev/null
"$SEEP" report --json --last "${recordings[@]}" >last.json
cat >page.py <<'END_OF_PROGRAM'
import base64, gzip, json, re, sys
page = json.loads(gzip.decompress(base64.b64decode(re.search('id="seep-data">([^<]*)', open(sys.argv[1]).read()).group(1))))
leaks, last, now = (json.load(open(name)) for name in sys.argv[2:])
DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
def column(text):
    values, number, shift = [], 0, 0
    for digit in map(DIGITS.index, text):
        number |= (digit & 31) << shift
        shift += 5
        if not digit & 32:
            values.append((values[-1] if values else 0) + (-(number >> 1) if number & 1 else number >> 1))
            number = shift = 0
    return values
counters, cells = page["counters"], page["cells"]
allocated = dict(zip(column(counters["site"]), column(counters["bytes"])))
moments = len(page["moments"]["trigger"])
alive = sum(count for dead, count in zip(column(cells["dead"]), column(cells["count"])) if dead == moments)
assert len(page["processes"]) == 3 and page["leaks"]["places"][0] == leaks["places"][0]
assert abs(sum(allocated.values()) - last["totals"]["alloc_bytes"]) < 3, (sum(allocated.values()), last["totals"]["alloc_bytes"])
assert alive == now["totals"]["inuse_samples"], (alive, now["totals"])
assert column(page["moments"]["time_us"]) == sorted(column(page["moments"]["time_us"])) and moments > 10
END_OF_PROGRAM
check "the page of all of them has their leak, their samples and their allocations" /usr/bin/python3 page.py sum.html leaks.json last.json sum.json

# ---- where their memory is
for recording in "${recordings[@]}"; do "$SEEP" memory --json "$recording" >"$recording.memory.json"; done
validates memory-1.json "$SEEP" memory --json "${recordings[@]}"
cat >memory.py <<'END_OF_PROGRAM'
import json, sys
whole, *parts = [json.load(open(name)) for name in sys.argv[1:]]
def classes(document): return {c["class"]: c["resident_bytes"] for c in document["classes"]}
for key in ("rss_bytes", "resident_bytes", "swapped_bytes", "unexplained_bytes"):
    assert abs(whole[key] - sum(part[key] for part in parts)) <= len(parts), key
for name, resident in classes(whole).items():
    assert resident == sum(classes(part).get(name, 0) for part in parts), name
heap = whole["heap"]
assert abs(heap["inuse_bytes"] - sum(part["heap"]["inuse_bytes"] for part in parts)) <= len(parts)
if all(part["heap"]["allocator_state"] == "known" for part in parts):
    assert heap["allocated_bytes"] == sum(part["heap"]["allocated_bytes"] for part in parts)
assert len(whole["processes"]) == 3
END_OF_PROGRAM
check "the classes of all of them are the sums" /usr/bin/python3 memory.py document.json "${recordings[@]/%/.memory.json}"
memory=$("$SEEP" memory "${recordings[@]}" | tr -s ' \n' ' ')
check_match "each is named" 'sum of pid [0-9]+ RSS [0-9.]+ MiB, pid [0-9]+ RSS' "$memory"
check_match "what is shared is said" 'What processes share .* counts in each of them' "$memory"

# ---- bundles: one of each, so that every command adds them up elsewhere
mkdir bundles
"$SEEP" bundle -o bundles "${recordings[@]}" 2>/dev/null
check_equal "each recording becomes a bundle" "$(json_get sum.json "d['totals']")" \
	"$("$SEEP" report --json bundles/*.bundle >bundled.json && json_get bundled.json "d['totals']")"

# ---- rates
"$SEEP" run -r 16K -i 100ms -o "coarse.%p" -- ./workers 2>run.log
coarse=(coarse.*)
"$SEEP" report --json "${recordings[0]}" "${coarse[0]}" >rates.json
check_equal "rates that differ: each is told, the coarsest says what may be unseen" "16384 [4096, 16384]" \
	"$(json_get rates.json "f\"{d['rate']} {[p['rate'] for p in d['processes']]}\"")"
check_match "in text, too" '\(pid [0-9]+\) at 4.00 KiB ' "$("$SEEP" report "${recordings[0]}" "${coarse[0]}" | tr -s ' \n' ' ')"

# ---- what can't be added
refused() { # NAME PATTERN ARGUMENT...
	local name=$1 pattern=$2
	shift 2
	"$SEEP" "$@" >out 2>err
	check_equal "$name: status, output, lines" "${status:-3} 0 1" "$? $(stat -c %s out) $(wc -l <err)"
	check_match "$name: why" "$pattern" "$(cat err)"
}
refused "the same process twice" 'is of the same process as .*: it would count twice' report "${recordings[0]}" "${recordings[0]}"
refused "by a bundle, too" 'it would count twice' report "${recordings[0]}" first.bundle
refused "and in a series" 'it would count twice' leaks "${recordings[0]}" "${recordings[1]}" "${recordings[0]}"
refused "one without a rate" 'no sampling rate and .* has one: they can.t be added up' report "${recordings[0]}" sum.pb.gz
refused "one that is not there" 'nowhere: ' report "${recordings[0]}" nowhere
status=2 refused "bundles in one file" 'each recording becomes a bundle of its own' bundle -o one.bundle "${recordings[@]}"
status=2 refused "bundles of one name" 'would both become w' bundle "${recordings[0]}" "./${recordings[0]}"
refused "a page of snapshots" 'is not a recording: a page of several is made of their series' html "${recordings[0]}" "${recordings[1]}/000002.seep"
refused "the memory of one process twice" 'it would count twice' memory "${recordings[0]}" "${recordings[0]}"
status=2 refused "massif's format" 'of one process' export --format=massif "${recordings[@]}"
status=2 refused "three operands of diff" '.--sum adds recordings up' diff "${recordings[@]}"

# ---- a process that runs, and one that does not
"$SEEP" run -r 4K -i 100ms -o "live.%p" -- ./workers 2>run.log &
seep_pid=$!
pids+=("$seep_pid")
live_begins() { live=$(ls -d live.*/000002.seep 2>/dev/null | head -n 1) && [ -n "$live" ]; }
wait_until 20 live_begins
live=${live%/*}
check_equal "a PID and a recording go together" "${live#live.}" \
	"$("$SEEP" report --json "${live#live.}" "${recordings[0]}" >live.json && json_get live.json "d['processes'][0]['pid']")"
wait "$seep_pid"

# ---- nginx
port=$(free_port)
mkdir -p web logs
head -c 300000 /dev/urandom >web/index.html
cat >nginx.conf <<END
worker_processes 2;
user root;
pid $WORK/nginx.pid;
error_log $WORK/logs/error.log;
events { worker_connections 64; }
http { access_log off; gzip on; gzip_min_length 1; gzip_types *; server { listen 127.0.0.1:$port; root $WORK/web; } }
END
[ "$(id -u)" = 0 ] || sed -i '/^user/d' nginx.conf
"$SEEP" run -r 4K -i 200ms -o "ngx.%p" -- nginx -g 'daemon off;' -c "$WORK/nginx.conf" 2>run.log &
seep_pid=$!
pids+=("$seep_pid")
wait_until 20 curl -sf --compressed -o page "http://127.0.0.1:$port/"
for _ in $(seq 20); do curl -sf --compressed -o page "http://127.0.0.1:$port/"; done
kill -QUIT "$(cat nginx.pid)"
wait "$seep_pid"
nginx=(ngx.*)
for recording in "${nginx[@]}"; do "$SEEP" report --json --last "$recording" >"$recording.json"; done
"$SEEP" report --json --last "${nginx[@]}" >nginx.json
check_equal "nginx's master and workers add up" "True ${#nginx[@]}" \
	"$(json_get nginx.json "f\"{abs(d['totals']['alloc_bytes'] - sum(__import__('json').load(open(p['source'].split('/')[0] + '.json'))['totals']['alloc_bytes'] for p in d['processes'])) < 10} {len(d['processes'])}\"")"
exit $cases_failed
