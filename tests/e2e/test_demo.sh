#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The demonstration shows what it claims to: redis's own functions at the top, a flame graph, a leak's line, under a minute.
. "$(dirname "$0")/lib.sh"

mkdir build
ln -s "$SEEP" build/seep
ln -s "$SHIM" build/libseep.so
begun=$SECONDS
output=$(cd "$WORK" && BUILD=$WORK/build "$ROOT/tests/e2e/demo.sh" 2>&1)
check_equal "the demonstration succeeds" 0 $?
took=$((SECONDS - begun))
if [ $took -lt 60 ]; then ok "in under a minute"; else not_ok "in under a minute" "$took s"; fi
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
