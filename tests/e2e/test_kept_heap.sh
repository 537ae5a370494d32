#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# For programs that know their heap, seep memory takes it apart as glibc itself does; and the remedies that it names do
# help.
. "$(dirname "$0")/lib.sh"

compile kept_heap "$ROOT/tests/e2e/programs/kept_heap.c" -pthread

cat >figures.py <<'EOF'
import json, sys
d = json.load(open("document.json"))
heap = d["heap"]
said = dict(line.split() for line in open("said") if " " in line)
shape, kib = sys.argv[1], 1024
parts = {k: heap[k + "_bytes"] for k in ("allocated", "caches", "free_pages", "free_pinned", "metadata", "unexplained")}
whole = next(c["resident_bytes"] for c in d["classes"] if c["class"] == "heap")
if heap["allocator_state"] != "known" or heap["allocated_spread_bytes"]:
    print("not all was looked at", heap)
if abs(sum(parts.values()) - whole) > 6:
    print("the parts do not add up", parts, whole)
if abs(parts["unexplained"]) > 0.02 * d["rss_bytes"]:
    print("unexplained", parts["unexplained"])
in_use = int(said["in_use"]) - (32 << 20 if shape == "large" else 0)  # half of each block was never touched
# mallinfo2() counts what threads cache as in use, and the structures of arenas
if shape in ("pinned", "pages", "large") and abs(parts["allocated"] + parts["caches"] - in_use) > 24 * kib:
    print("in use", parts["allocated"] + parts["caches"], "not", in_use)
blocks, block, page = 40000, 1008, 4096
expected = {
    "pinned": {"free_pinned": blocks / 2 * block, "free_pages": 0},
    "pages": {"free_pages": blocks / 40 * (39 * block - page), "free_pinned": blocks / 40 * page},
    "cached": {"caches": 4 * 7 * sum(16 * i + 32 for i in range(60))},
    "large": {"allocated": 32 << 20},
    "arenas": {},
}[shape]
for part, true in expected.items():
    if abs(parts[part] - true) > 0.12 * true + 128 * kib:
        print(part, parts[part], "not", true)
print("that is all")
EOF

# SHAPE: runs it and looks; it stays, to be trimmed. Its pid is in $program.
look() {
	mkfifo "trim.$1"
	rm -f said # the last one's "ready" would be taken for this one's
	"$SEEP" run -r 64K -i 0 -o "$1" -- "$WORK/kept_heap" "$1" <>"trim.$1" >said 2>/dev/null &
	seep_pid=$!
	pids+=("$seep_pid")
	wait_until 60 grep -q ready said
	program=$(child_of "$seep_pid")
	"$SEEP" snapshot "$program" -o now.seep >/dev/null 2>&1
	"$SEEP" memory --json now.seep >document.json
	check_equal "$1: each part is as large as glibc or the program says" "that is all" "$(python3 figures.py "$1")"
}

end() {
	kill -9 "$program"
	wait "$seep_pid" 2>/dev/null
}

look pinned
text=$("$SEEP" memory now.seep)
check_match "the terminal says what pins it" '19.2 MiB are free but kept by glibc: pinned by blocks in use' "$text"
check_equal "and does not advise what would not help" "" "$(grep trim <<<"$text")"
check_equal "it fits 24 lines of 80 columns" "" "$(awk 'length($0) > 80 || NR > 24' <<<"$text")"
end
look large
text=$("$SEEP" memory now.seep)
check_equal "where nothing is kept, no sentence is about it" "" "$(grep 'kept by' <<<"$text")"
end
look cached
end

# A program that is joined late: its memory was allocated before.
mkfifo joined
rm -f said
"$WORK/kept_heap" arenas <>joined >said &
program=$!
pids+=("$program")
wait_until 60 grep -q ready said
"$SEEP" attach -r 64K -o joined.recording "$program" >/dev/null 2>&1
"$SEEP" memory --json "$program" >document.json
check_equal "a program that is joined: its arenas are taken apart" "that is all" "$(python3 figures.py arenas)"
kill "$program"
wait "$program" 2>/dev/null

for shape in pages arenas; do
	look "$shape"
	text=$("$SEEP" memory now.seep)
	before=$(json_get document.json "d['heap']['free_pages_bytes'] - d['heap']['free_top_bytes']")
	rss=$(awk '/^VmRSS/ { print $2 * 1024 }' "/proc/$program/status")
	check_match "$shape: it says what malloc_trim() gives back" 'malloc_trim\(0\), called by the program, gives back' "$(tr '\n' ' ' <<<"$text")"
	echo >"trim.$shape"
	wait_until 60 grep -q trimmed said
	left=$(awk '/^VmRSS/ { print $2 * 1024 }' "/proc/$program/status")
	check_equal "$shape: and so much it does, within 2 %" 1 "$(awk -v a="$((rss - left))" -v b="$before" 'BEGIN { print (a > 0.98 * b && a < 1.02 * b) ? 1 : a " not " b }')"
	end
done
exit $cases_failed
