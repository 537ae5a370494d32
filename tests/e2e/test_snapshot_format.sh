#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# docs/SNAPSHOT_FORMAT.md is true: a reader that knows nothing but its tables reads what seep writes, finds that every
# sum agrees with its samples and lifetimes, and gets the same totals as `seep report`.
. "$(dirname "$0")/lib.sh"

compile mixed <<'END'
#include <stdlib.h>
#include <string.h>
static void *kept[20000];
__attribute__((noinline)) static void *leak(size_t n) { return memset(malloc(n), 1, n); }
__attribute__((noinline)) static void churn(size_t n) { free(memset(malloc(n), 1, n)); }
int main(void)
{
	for (int i = 0; i < 20000; i++) {
		kept[i] = leak((size_t)(300 + i % 500));
		churn((size_t)(50 + i % 3000));
	}
	kept[0] = realloc(kept[0], 5000000);
	return 0;
}
END

for rate in 16K 1; do
	"$SEEP" run -r $rate -i 0 -o "recording-$rate" -- ./mixed 2>/dev/null
	file=$(ls "recording-$rate"/*.seep | tail -n 1)
	if /usr/bin/python3 "$ROOT/tests/e2e/support/read_snapshot.py" "$file" \
		>read.json 2>problem; then
		ok "rate $rate: the snapshot is as the page says, and its sums agree"
	else
		not_ok "rate $rate: the snapshot is as the page says, and its sums agree" "$(tail -n 5 problem)"
		continue
	fi
	"$SEEP" report --json "$file" >report.json
	for field in inuse_bytes alloc_bytes alloc_objects; do
		check_equal "rate $rate: the same $field as in the report" "$(json_get report.json "d['totals']['$field']")" \
			"$(json_get read.json "d['$field']")"
	done
	check_equal "rate $rate: the command's name" mixed "$(json_get read.json "d['command']")"
	check_equal "rate $rate: taken at the end" 2 "$(json_get read.json "d['trigger']")"
done

exit $cases_failed
