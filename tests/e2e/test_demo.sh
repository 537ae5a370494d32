#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The demonstration shows what it claims to: redis's own functions at the top, a flame graph, a leak's line, in seconds.
. "$(dirname "$0")/lib.sh"

mkdir build
ln -s "$SEEP" build/seep
ln -s "$SHIM" build/libseep.so
TIMEFORMAT='%U + %S'
{ time output=$(cd "$WORK" && BUILD=$WORK/build "$ROOT/tests/e2e/demo.sh" 2>&1); status=$?; } 2>took
check_equal "the demonstration succeeds" 0 "$status"
check_equal "in half a minute of a processor" 1 "$(awk '{ print $1 + $3 < 30 }' took)"
check_match "the diff shows redis's own functions" '(dbAdd|setGenericCommand|dictAdd|dictAddRaw|createStringObject|sdsnewlen|tryObjectEncoding|setCommand|dictInsertAtPosition|_dictExpand|dictExpand)' "$output"

recording=$WORK/build/demo/redis
check "both marks and the last snapshot are there" test "$(ls "$recording"/*.seep | wc -l)" -ge 3
first=$(ls "$recording"/*.seep | head -n 1)
last=$(ls "$recording"/*.seep | tail -n 1)
"$SEEP" diff --json "$first" "$last" >diff.json
check_equal "what grew most grew by redis's hand" True "$(json_get diff.json \
	"any(f['module'].endswith(('redis-server', 'redis-check-rdb')) and not f['function'].startswith('0x') for f in d['sites'][0]['stack'])")"
check_equal "and is called growing" growing "$(json_get diff.json "d['sites'][0]['verdict']")"
check "the flame graph is well-formed" xmllint --noout "$WORK/build/demo/growth.svg"
check "its path is printed" grep -q "flame graph: $WORK/build/demo/growth.svg" <<<"$output"
check_match "the end line says where the recording is and what is next" '^seep: recorded in .*redis .*; next: seep (leaks|diff) ' "$output"
check_match "the C++ server's leak is named by its line" ' shop\.cpp:[0-9]+(-[0-9]+)?  PriceCache::look_up' "$output"
check "no process is left behind" wait_until 10 eval '! pgrep -f "$WORK/build"'
exit $cases_failed
