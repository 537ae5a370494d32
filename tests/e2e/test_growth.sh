#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The cost of a command grows as its input does: no dimension of any format is quadratic, and ids that all collide in a
# table without a seed cost no more than others. Instructions are counted, never time; of four times as much of one
# dimension, at most 4 to the 1.2 (5.3 times).
# time limit: 300 s
. "$(dirname "$0")/lib.sh"
/usr/bin/python3 -B "$ROOT/tests/e2e/support/growth.py" exponents "$SEEP" <<'END'
sites 250 report --by=line --top=99999999 {}
sites 250 diff --json {} {}
sites 250 annotate --json {}
modules 300 report --modules {}
long_path 220 report {}
lives 500 export --format=pprof {}
series 1500 leaks {}
bundle_parts 1500 leaks {}
bundle_names 400 export --format=speedscope {}
pprof_colliding_ids 500 report --json {}
pprof_one_deep 1000 export --format=folded {}
pprof_labels 500 report {}
jemalloc_maps 500 report {}
gperftools 250 export --format=json {}
heaptrack_stacks 500 report --json {}
heaptrack_events 1000 report {}
END
exit $?
