#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What a command costs grows as its input does: no dimension of any format is quadratic, and ids that all collide in a
# table without a seed cost no more than others. Instructions are counted, never time; of four times as much of one
# dimension, at most 4 to the 1.2 (5.3 times).
# time limit: 900 s
. "$(dirname "$0")/lib.sh"
export SEEP_CACHE=off
growth=$ROOT/tests/e2e/support/growth.py

# KIND N ARGUMENT...
grows() {
	local kind=$1 n=$2 said
	shift 2
	said=$(/usr/bin/python3 -B "$growth" exponent "$kind" "$n" "$SEEP" "$@" 2>&1)
	check "seep ${*//'{}'/$kind} grows as its input" awk -v seen="${said%% *}" 'BEGIN { exit !(seen + 0 > 0.3 && seen + 0 <= 1.2) }'
	echo "# exponent, and instructions at 20, n and 4 n: $said"
}
grows sites 500 report --by=line --top=99999999 {}
grows sites 500 diff --json {} {}
grows sites 500 annotate --json {}
grows modules 300 report --modules {}
grows long_path 300 report {}
grows lives 1000 export --format=pprof {}
grows series 3000 leaks {}
grows bundle_parts 3000 leaks {}
grows bundle_names 400 export --format=speedscope {}
grows pprof_colliding_ids 1000 report --json {}
grows pprof_one_deep 2000 export --format=folded {}
grows pprof_labels 1000 report {}
grows jemalloc_maps 500 report {}
grows gperftools 500 export --format=json {}
grows heaptrack_stacks 500 report --json {}
grows heaptrack_events 2000 report {}
exit $cases_failed
