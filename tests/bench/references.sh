#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# make bench-references: how long a program stands still for `seep snapshot --references`, and what looking through its memory takes,
# for each GiB: lists and tables of blocks, a tenth of the bytes lost (references_holder.c). Beside it what the kernel alone takes to
# copy the page tables, which is most of a stop. BENCH_GIB="1 2".
set -u
cd "$(dirname "$0")/../.." || exit 1
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 SEEP_NAMES=off
SEEP=$(realpath "${BUILD:-build}/seep")
SHIM=$(realpath "${BUILD:-build}/libseep.so")
LOST=10
WORK=$(mktemp -d)
program=""
first=() # before the others, where that is allowed: the machine may be busy
[ "$(id -u)" = 0 ] && first=(chrt -f 10)
trap '[ -z "$program" ] || kill -KILL "$program" 2>/dev/null; rm -rf "$WORK" 2>/dev/null || { sleep 1 && rm -rf "$WORK"; }' EXIT # its keeper may still write
gcc -w -O2 -g -fno-builtin -o "$WORK/holder" tests/bench/references_holder.c || exit 1
cd "$WORK" || exit 1

fork_ms() { # the shortest of five
	for _ in 1 2 3 4 5; do
		echo fork >&5 && read -rt 60 answer <&6 && echo "$answer"
	done | sort -g | head -n 1
}
row() { # GIB FORK_MS
	/usr/bin/python3 - "$@" <<'END_OF_ROW'
import json, re, sys
gib, fork_ms = float(sys.argv[1]), float(sys.argv[2])
said = open("said").read()
found = re.search(r"at ([\d,]+) MiB in ([\d.]+) s of CPU; the longest stop was ([\d.]+) ms", said)
if not found:
    sys.exit(f"seep snapshot --references said: {said}")
looked_gib, scan_s, stop_ms = float(found[1].replace(",", "")) / 1024, float(found[2]), float(found[3])
sites = [site for site in json.load(open("leaks.json"))["sites"] if site["references"]]
def blocks(lost):
    of = [s["references"] for s in sites if any(f["function"] == "lose" for f in s["stack"]) == lost]
    return sum(r["unreferenced_samples"] for r in of), sum(r["samples"] for r in of)
(found_lost, lost), (wrong, kept) = blocks(True), blocks(False)
print(f"| {gib:g} | {fork_ms / gib:.1f} | {stop_ms / gib:.1f} | {stop_ms:.1f} | {scan_s / looked_gib:.2f} |"
      f" {found_lost} of {lost} | {wrong} of {kept} |")
END_OF_ROW
}
measure() { # GIB
	rm -f requests answers
	mkfifo requests answers
	exec 5<>requests 6<>answers
	LD_PRELOAD=$SHIM SEEP_OUTPUT="$WORK/recording-$1" SEEP_INTERVAL=1s "${first[@]}" ./holder $(($1 * 1024)) "$LOST" <&5 >&6 &
	program=$!
	read -rt 300 answer <&6 && [ "$answer" = ready ] || exit 1
	local fork
	fork=$(fork_ms)
	"${first[@]}" "$SEEP" snapshot --references "recording-$1" >/dev/null 2>said
	"$SEEP" leaks --json "recording-$1" >leaks.json || exit 1
	row "$1" "$fork" || exit 1
	kill -KILL "$program"
	wait "$program" 2>/dev/null
	program=""
	exec 5>&- 6>&-
}

echo '| GiB | fork() alone, ms a GiB | stands still, ms a GiB | longest stop, ms | scan, s of CPU a GiB | lost ones found | others called lost |'
echo '|---|---|---|---|---|---|---|'
for gib in ${BENCH_GIB:-1 2}; do
	measure "$gib"
done
