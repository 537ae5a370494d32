#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# time limit: 300 s Programs whose lost blocks are known (programs/known_blocks.c): of each function's lost blocks at
# least 95 % are called lost, and no others. KNOWN_PROGRAMS: which to run.
. "$(dirname "$0")/lib.sh"

compile known_blocks "$ROOT/tests/e2e/programs/"known_{blocks,structures,places}.c -ldl
for name in one other; do
	echo 'void *held;' | gcc -shared -fPIC -o "$name.so" -x c -
done
programs=${KNOWN_PROGRAMS:-lists trees tables interior locals registers stacks fibers mapped modules library marked freed disturbed}

# Starts all at once: each is looked at twice, some seconds apart.
for program in $programs; do
	mkfifo "$program.requests"
	exec 5<>"$program.requests"
	"$SEEP" run -r 1 -i 1s -o "$program.recording" -- ./known_blocks "$program" "$WORK/one.so" "$WORK/other.so" <&5 \
		>"$program.out" 2>"$program.err" &
	pids+=("$!")
done
leaks() { "$SEEP" leaks --json "$1.recording" >"$1.json"; }
look() { # PROGRAM
	wait_until 60 grep -q ready "$1.out" && "$SEEP" snapshot --references "$1.recording" >"$1.path" 2>>"$1.err" &&
		wait_until 30 leaks "$1"
}
looks=()
for program in $programs; do
	look "$program" &
	looks+=("$!")
done
wait "${looks[@]}"

judge() { # PROGRAM: prints by function how many of its sampled blocks are called lost
	/usr/bin/python3 - "$1.json" <<'END'
import collections, json, re, sys
looked, lost = collections.Counter(), collections.Counter()
for site in json.load(open(sys.argv[1]))["sites"]:
    names = [f["function"] for f in site["stack"] if re.match("(keep|lose)_", f["function"] or "")]
    if names and site["references"]:
        looked[names[-1]] += site["references"]["samples"]
        lost[names[-1]] += site["references"]["unreferenced_samples"]
for name in sorted(looked):
    fine = lost[name] >= 0.95 * looked[name] if name.startswith("lose_") else lost[name] == 0
    print(f"{name} {lost[name]} of {looked[name]}: {'as known' if fine else 'WRONG'}")
END
}
for program in $programs; do
	judged=$(judge "$program")
	printf '%s\n' "$judged" | sed "s/^/# $program: /"
	check_match "$program: what is kept" "keep_.*as known" "$judged"
	check_match "$program: what is lost" "lose_.*as known" "$judged"
	check_equal "$program: at least 95 % of what is lost is found, and nothing else" "" "$(grep WRONG <<<"$judged")"
done
exit "$cases_failed"
