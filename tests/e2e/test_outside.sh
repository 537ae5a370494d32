#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# seep memory PID of processes that nobody records: the classes add up to RSS, the heap is taken apart whatever its allocator; refusals.
. "$(dirname "$0")/lib.sh"

cat >figures.py <<'END'
import json, sys
d = json.load(open("document.json"))
h, mib = d["heap"], 2**20
classes = {c["class"]: c["resident_bytes"] for c in d["classes"]}
parts = ["allocated", "caches", "free_pages", "free_pinned", "metadata", "unexplained"]
rows = sum(r["anonymous_bytes"] + r["file_bytes"] for c in d["classes"] for r in c["rows"])
kept = (h["free_bytes"] + h["caches_bytes"]) / mib
past = classes.get("own", 0) + classes.get("unexplained", 0)
for said, holds in [("all adds up", abs(d["resident_bytes"] - d["rss_bytes"]) < 2**18 + d["rss_change_bytes"] and abs(rows - d["resident_bytes"]) < 10),
                    ("the heap adds up", abs(sum(h[part + "_bytes"] for part in parts) - classes["heap"]) < 10),
                    ("3 MiB in use", 2.9 < h["allocated_bytes"] / mib < 4.5), ("45 MiB kept", 43 < kept < 48), ("what is past malloc is no heap, but for what the allocator's own counts too much", 7.5 - h["metadata_bytes"] / mib < past / mib < 10.5),
                    ("nobody says what is sampled", h["inuse_bytes"] is None and h["rest_interval"] is None and d["rate"] is None)]:
    if not holds:
        print(said, classes, h)
print("that is all")
END
mkfifo in && exec 3<>in
for library in "" libjemalloc.so.2 libtcmalloc_minimal.so.4 libmimalloc.so.2.0; do
	name=keeps${library:+-${library:3:2}}
	[ -z "$library" ] || [ -e "/usr/lib/x86_64-linux-gnu/$library" ] || { skip "a process of $library" "it is not here"; continue; }
	gcc -O1 -o "$name" "$ROOT/tests/e2e/programs/keeps.c" ${library:+"/usr/lib/x86_64-linux-gnu/$library"}
	"./$name" x >"$name.out" <in &
	pids+=("$!")
	wait_until 30 grep -q ready "$name.out"
	validates memory-1.json "$SEEP" memory --json "$!"
	check_equal "$name: what it has is told from outside" "that is all" "$(python3 figures.py)"
	check_match "$name: in words" "not recorded .* are free but kept by .* nobody knows what asked for the heap: seep attach $!" "$("$SEEP" memory "$!" | tr '\n' ' ')"
	echo >&3
	wait_until 30 grep -q 'goes on' "$name.out"
	check_equal "$name: it goes on" "goes on" "$(tail -n 1 "$name.out")"
	kill "$!"
	wait "$!" 2>/dev/null
done

LD_PRELOAD=$SHIM SEEP_RATE=64G sleep 100 &
pids+=("$!")
has_library() { grep -q libseep "/proc/$!/maps" && grep -q sleep "/proc/$!/comm"; }
wait_until 30 has_library
check_match "one that has libseep.so and no sample yet is told so, and not to be joined" \
	"records nothing: no allocation was sampled yet" "$("$SEEP" memory "$!" | tr '\n' ' ')"
kill "$!"

gcc -O1 -static -o keeps-static "$ROOT/tests/e2e/programs/keeps.c"
./keeps-static x >static.out <in &
pids+=("$!")
wait_until 30 grep -q ready static.out
"$SEEP" memory --json "$!" >document.json
check_equal "of a static program what is mapped is told" "True" "$(json_get document.json "abs(d['resident_bytes'] - d['rss_bytes']) < 2**18 and d['heap'] is None")"
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	setpriv --reuid nobody --regid nogroup --clear-groups "$SEEP" memory "$!" >out 2>err
	check_equal "another user's is refused in one line" "3 0 1" "$? $(wc -c <out) $(wc -l <err)"
fi
kill "$!"
wait "$!" 2>/dev/null
"$SEEP" memory "$!" >out 2>err
check_match "so is a process that is not there" "^3 0 seep: $!: there is no such process" "$? $(wc -c <out) $(cat err)"
exit $cases_failed
