#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A leak is spread over so many places of an interpreter that none of them can be proven: seep leaks names what they
# have in common. The same program without the leak is as busy, and nothing in it is called a leak.
. "$(dirname "$0")/lib.sh"

record() { # leak|turn
	rm -rf "$1"
	PYTHONMALLOC=malloc "$SEEP" run -r 256K -i 500ms -o "$1" -- /usr/bin/python3 "$ROOT/tests/e2e/programs/kinds.py" "$1" 500 2>/dev/null
}
# One recording in twenty may show growth where there is none, or miss a part of what there is: which samples are drawn is
# chance. What is not seen in the first is to be seen in one of three more.
has_no_spread() { "$SEEP" leaks --json "$1" >seen.json && [ "$(json_get seen.json 'len(d["spreads"])')" = 0 ]; }
# What seep leaks must say, and what seep diff must say.
is_told='any(s["verdict"] == "leak" and s["places"] >= 10 and s["level"] != "process" and
	s["leak_bytes_per_s"] > (d["totals"]["leak_bytes_per_s"] or 0) / 5 for s in d["spreads"])'
differs='any(s["growth_low"] > 0 and s["places"] >= 10 and s["q"] <= 0.05 for s in d["spreads"])'
has_all() {
	"$SEEP" leaks --json "$1" >seen.json && "$SEEP" diff --json "$1" >differs.json &&
		[ "$(json_get seen.json "$is_told")" = True ] && [ "$(json_get differs.json "$differs")" = True ]
}
record leak &
pids+=($!)
record turn
wait "${pids[@]}"
for _ in 1 2 3; do has_all leak || record leak; done
for _ in 1 2 3; do has_no_spread turn || record turn; done

validates leaks-2.json "$SEEP" leaks --json leak
mv document.json leak.json
check_equal "what leaks in many places is told, a good part of what leaks" True "$(json_get leak.json "$is_told")"
screen=$("$SEEP" leaks leak)
check_match "it is on the first screen" '^LEAKING .*spread over many, .* a (minute|second)$' "$screen"
check_match "by its name" '(and below|all over [a-z0-9.]+)$' "$screen"
check_match "with what it is" '^ +spread over [0-9]+ stacks in [0-9]+ places, none of which alone is proven$' "$screen"
check "the answer still fits a screen of 24 by 80" python3 -c '
import sys; lines = sys.argv[1].split("\n"); sys.exit(len(lines) > 24 or max(map(len, lines)) > 80)' "$screen"
check_match "it is in the long form" 'LEAKING .* spread over many, .*spread over [0-9]+ stacks in [0-9]+ places, none of which alone is proven' "$("$SEEP" leaks -v leak | tr '\n' ' ')"
"$SEEP" leaks --fail --prometheus=leak.prom leak >/dev/null
check_equal "--fail counts it" 1 $?
check_equal "metrics have it" True "$(/usr/bin/python3 - <<'END'
from prometheus_client.parser import text_string_to_metric_families
families = {family.name: family for family in text_string_to_metric_families(open("leak.prom").read())}
spread = families["seep_spread_leak_bytes_per_second"].samples[0]
print(spread.value > 0 and spread.labels["verdict"] == "leak" and spread.labels["level"] in ("function", "module"))
END
)"

validates diff-1.json "$SEEP" diff --json leak
check_equal "a difference of two snapshots has it, too" True "$(json_get document.json "$differs")"
check_match "in its text" '^GROWING TOGETHER  [0-9]+ spread over many, .* together' "$("$SEEP" diff leak)"

"$SEEP" leaks --fail --json turn >turn.json
check_equal "without the leak nothing fails" 0 $?
check_equal "and nothing is said to leak or to grow together" "0 0" \
	"$(json_get turn.json 'str(d["totals"]["leak"]) + " " + str(len(d["spreads"]))')"
exit $cases_failed
