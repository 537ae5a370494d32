#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# seep memory PID asks jemalloc, tcmalloc and mimalloc what they keep, in a copy of the process: the heap is taken apart
# by their answers, and the program notices nothing, whatever the function that is called does.
. "$(dirname "$0")/lib.sh"

keeps=$ROOT/tests/e2e/programs/keeps.c
mkfifo in && exec 3<>in
begin() { # NAME ARGUMENT
	rm -f "$1.out"
	"$SEEP" run -r 4K -i 0 -o "$1.recording" -- "./$1" "${2:-}" >"$1.out" 2>"$1.said" <in &
	pids+=("$!")
	wait_until 30 grep -q ready "$1.out"
	program=$(child_of "$!")
}
guard_of() { # SEEP
	local child
	for child in $(cat /proc/"$1"/task/*/children); do
		[ "$(cat "/proc/$child/comm")" != seep-guard ] || echo "$child"
	done
}
end() { # NAME
	echo >&3
	wait_until 30 grep -q 'goes on' "$1.out"
	check_equal "$1: the program goes on, and never had a child" "goes on" "$(tail -n 1 "$1.out")"
	kill "$program"
	wait "${pids[-1]}" 2>/dev/null
}

cat >figures.py <<'END'
import json, sys
d = json.load(open("document.json"))
h = d["heap"]
mib = lambda key: h[key] / 2**20
classes = {c["class"]: c["resident_bytes"] for c in d["classes"]}
parts = ["allocated", "caches", "free_pages", "free_pinned", "metadata", "unexplained"]
off = abs(sum(h[part + "_bytes"] for part in parts) - classes["heap"])
for said, holds in [("known", h["allocator_state"] == "known"), ("3 MiB in use", 2.9 < mib("allocated_bytes") < 4.5), ("45 MiB kept", 43 < mib("free_bytes") + mib("caches_bytes") < 48),
                    ("adds up", off < 10), ("what is past malloc is told from the heap", abs(classes["own"] - 8 * 2**20) < 2**18),
                    ("the allocator's own memory is its own", classes.get("unexplained", 0) < 2**18 and -9 < mib("unexplained_bytes") < 1),
                    ("stopped", 0 < h["stopped_ms"])]:
    if not holds:
        print(said, {key: value for key, value in h.items()})
print("that is all")
END
# A copy that does not answer in time, on a busy machine, is given up: the next may.
knows() { "$SEEP" memory --json "$program" >told.json && [ "$(json_get told.json "d['heap']['allocator_state']")" = known ]; }
tells() { "$SEEP" memory "$(guard_of "${pids[-1]}")" >told && grep -q 'in a copy' <(tr '\n' ' ' <told); }
newest() { ls "$name.recording"/*.seep | tail -n 1; }
for library in libjemalloc.so.2 libtcmalloc_minimal.so.4 libmimalloc.so.2.0; do
	name=keeps-${library:3:2}
	[ -e "/usr/lib/x86_64-linux-gnu/$library" ] || { skip "$library is asked" "it is not here"; continue; }
	gcc -O1 -o "$name" "$keeps" "/usr/lib/x86_64-linux-gnu/$library"
	begin "$name"
	wait_until 30 knows
	validates memory-1.json cat told.json
	before=$(newest)
	check_equal "$name: what it says is what the program did" "that is all" "$(python3 figures.py)"
	wait_until 30 tells
	text=$(tr '\n' ' ' <told)
	check_match "$name: in words, also where the guard's number is given" 'free but kept by [a-z]+: .* was asked in a copy of the process, which stood still for [0-9.]+ ms' "$text"
	"$SEEP" memory --json "$name.recording" >document.json
	check_equal "$name: the snapshot has it" "that is all" "$(python3 figures.py)"
	check "$name: as its format says" /usr/bin/python3 "$ROOT/tests/e2e/support/read_snapshot.py" \
		"$(newest)" "$ROOT/docs/SNAPSHOT_FORMAT.md"
	"$SEEP" leaks --prometheus=leaks.prom "$name.recording" >/dev/null 2>err
	check_match "$name: metrics have it" '^seep_heap_kept_bytes\{.*part="free_pages"\} [0-9]' "$(cat leaks.prom err)"
	"$SEEP" diff --json "$before" "$(newest)" >document.json
	check_equal "$name: so has what grew between two" "['cached', 'free_pages', 'pinned', 'metadata']" "$(json_get document.json "[p['part'] for p in d['memory_growth']['heap']]")"
	"$SEEP" memory --ask=never --json "$program" >document.json
	check_equal "$name: not with --ask=never" "None unasked" "$(json_get document.json "d['heap']['stopped_ms'], d['heap']['allocator_state']" | tr -d "(',)")"
	end "$name"
done

if [ -e /usr/lib/x86_64-linux-gnu/libjemalloc.so.2 ]; then
	begin keeps-je wide
	"$SEEP" memory --json "$program" >document.json 2>err
	check_match "one that would stand still for long is not asked" '^unasked seep: jemalloc was not asked .* would stand still for some 1[0-9][0-9] ms; --ask=always asks$' \
		"$(json_get document.json "d['heap']['allocator_state']") $(cat err)"
	"$SEEP" memory --ask=always --json "$program" >document.json
	check_equal "unless that is wanted" known "$(json_get document.json "d['heap']['allocator_state']")"
	end keeps-je
	gcc -O1 -rdynamic -DOWN_MALLCTL -o strange "$keeps" /usr/lib/x86_64-linux-gnu/libjemalloc.so.2
	while read -r mode why; do
		begin strange "$mode"
		"$SEEP" memory "$program" >text 2>err
		check_equal "a function that ${why%%:*}: the rest is told" "0 1" "$? $(wc -l <err)"
		check_match "a function that ${why%%:*}: why the heap is not taken apart" "^seep: jemalloc was not asked what it keeps: ${why#*: }" "$(cat err)"
		end strange
	done <<-END
		l waits for a lock: another thread was in the middle of it
		s never returns: it did not answer in time
		w writes a file: it makes system call [0-9]+, which a copy may not make
		f crashes: signal 11 in the copy
		n knows nothing: it has no statistics
	END
	check "no call of a copy's left anything behind" test ! -e made
fi

# mimalloc's pages belong to threads: those of living threads, and those that an ended thread has left.
if [ -e /usr/lib/x86_64-linux-gnu/libmimalloc.so.2.0 ]; then
	compile threads -x c - -x none -Wl,--no-as-needed /usr/lib/x86_64-linux-gnu/libmimalloc.so.2.0 <<'END'
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
enum { THREADS = 4, BLOCKS = 32768, SIZE = 256 };
static pthread_barrier_t done;
static void *work(void *ends)
{
	void **blocks = malloc(3 * BLOCKS * sizeof *blocks);
	for (int i = 0; i < 3 * BLOCKS; i++)
		memset(blocks[i] = malloc(SIZE), 1, SIZE);
	for (int i = 0; i < 3 * BLOCKS; i++)
		if (i >= BLOCKS || i % 8)
			free(blocks[i]);
	if (ends)
		return NULL;
	pthread_barrier_wait(&done);
	for (;;)
		pause();
}
int main(void)
{
	pthread_t threads[THREADS];
	pthread_barrier_init(&done, NULL, THREADS);
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, work, i ? NULL : &done);
	pthread_join(threads[0], NULL);
	pthread_barrier_wait(&done);
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}
END
	begin threads
	"$SEEP" memory --json "$program" >document.json
	check_equal "threads: of each 1.75 MiB and some rounding are in use, 7 MiB free beside, and what of 16 MiB that it has freed whole is kept is told or said not to be" "True True True" \
		"$(json_get document.json "[6.9 <= d['heap']['allocated_bytes'] / 2**20 < 8.2, 27.5 < d['heap']['free_pinned_bytes'] / 2**20 < 29, 0 < d['heap']['free_pages_bytes'] + d['heap']['unexplained_bytes'] < 66 * 2**20]" | tr -d '[,]')"
	check_match "threads: in words" 'free but kept by mimalloc: .*pinned by blocks in use' "$("$SEEP" memory "$program" | tr '\n' ' ')"
	kill "$program"
	compile frees -x c - -x none -Wl,--no-as-needed /usr/lib/x86_64-linux-gnu/libmimalloc.so.2.0 <<'END'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
enum { BLOCKS = 196608, SIZE = 256 };
static void *blocks[BLOCKS];
int main(void)
{
	for (int i = 0; i < BLOCKS; i++)
		memset(blocks[i] = malloc(SIZE), 1, SIZE);
	for (int i = 0; i < BLOCKS; i++)
		free(blocks[i]);
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}
END
	MIMALLOC_DECOMMIT_DELAY=1000000 MIMALLOC_SEGMENT_DECOMMIT_DELAY=1000000 begin frees # or as fast as it frees
	check_match "frees: what was tried in the copy" ' (3[0-9]|4[0-9])[.0-9]* MiB are free but kept by mimalloc: .*in whole pages.* mi_collect\(true\), called by each thread, gives whole pages back: it did so in the copy' \
		"$("$SEEP" memory "$program" | tr '\n' ' ')"
	kill "$program"
fi

# jemalloc's own thread waits there, with other threads that allocate and free all the time.
if command -v redis-server >/dev/null && command -v redis-benchmark >/dev/null; then
	"$SEEP" run -r 64K -i 0 -o redis.recording -- redis-server --port 0 --unixsocket redis.sock --save '' --io-threads 2 >redis.out 2>&1 </dev/null &
	pids+=("$!")
	program=
	wait_until 30 redis-cli -s redis.sock ping >/dev/null 2>&1
	program=$(redis-cli -s redis.sock info server | sed -n 's/^process_id:\([0-9]*\).*/\1/p')
	(timeout 60 redis-benchmark -s redis.sock -t set -r 100000 -l -q >/dev/null 2>&1) &
	pids+=("$!")
	has_keys() { [ "$(redis-cli -s redis.sock dbsize)" -gt 20000 ]; }
	wait_until 30 has_keys
	for _ in 1 2 3; do
		"$SEEP" memory --json "$program" >document.json 2>err
		json_get document.json "d['heap']['allocator_state'], d['heap']['unexplained_bytes'] < 2**20, d['heap']['allocated_bytes'] > 2**20"
		cat err
	done >asked
	check_equal "redis is asked while it works" "('known', True, True)" "$(sort -u asked)"
	check_equal "and answers its clients" PONG "$(redis-cli -s redis.sock ping)"
	kill "$program"
else
	skip "redis is asked while it works" "redis is not here"
fi
exit $cases_failed
