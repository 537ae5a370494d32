#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# seep list: recordings that have ended, those whose process runs or was killed with its keeper, and one that can't be
# read.
. "$(dirname "$0")/lib.sh"

mkdir -p recordings empty/.hidden
cd recordings || exit 1
"$SEEP" run -r 1K -i 0 -o ended -- /usr/bin/python3 -c 'x = [str(i) for i in range(1000)]' 2>/dev/null
"$SEEP" run -r 1K -i 100ms -o running -- sleep 60 2>/dev/null &
seep_pid=$!
pids+=("$seep_pid")
wait_until 10 test -e running/heap
"$SEEP" bundle ended -o e.bundle 2>/dev/null
mkdir broken left
cp ended/*.seep left/
first=$(ls ended/*.seep | head -n 1)
head -c 100 "$first" >"broken/$(basename "$first")"
echo nothing >not_a_recording
wait_until 20 test -e running/000001.seep

state_of() { "$SEEP" list --json "$@" | python3 -c '
import json, sys
print(" ".join(sorted(r["path"].rsplit("/")[-1] + "=" + r["state"] for r in json.load(sys.stdin)["recordings"])))'; }
check_equal "each has its state" "broken=broken e.bundle=ended ended=ended left=ended running=running" "$(state_of)"
check_equal "of another directory, too" "broken=broken e.bundle=ended ended=ended left=ended running=running" "$(state_of "$PWD")"
check_equal "one that is named is the only one" "ended=ended" "$(state_of ended)"
text=$("$SEEP" list)
check_match "the running one is told with its program" 'running +running  sleep \([0-9]+\)' "$text"
check_match "the broken one with its fault" 'broken +broken/[0-9]*\.seep: .*truncated' "$text"
check_equal "it reads well at 80 columns" "" "$(grep -v broken <<<"$text" | awk 'length($0) > 80')"
check_equal "where there is none it is said" "seep: there is no recording in ../empty" "$("$SEEP" list ../empty 2>&1)"
"$SEEP" list nowhere >/dev/null 2>err
check_equal "a directory that is not there is bad input, in one line" "3 1" "$? $(wc -l <err)"
kill "$(child_of "$seep_pid")"
wait "$seep_pid"
check_equal "what ran has ended then" ended "$("$SEEP" list --json running | python3 -c 'import json, sys; print(json.load(sys.stdin)["recordings"][0]["state"])')"
exit $cases_failed
