# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The kernel kills the whole control group for its memory, seep with it: the recording holds what was alive.
cat >eater.c <<'END'
#include "torture.h"
static SITE void site_eater(struct truth_site *site)
{
	for (;;) {
		memset(malloc(100000), 1, 100000);
		truth_allocated(site, 100000);
		if (site->live_objects % 50 == 0)
			truth_write("end");
	}
}
int main(void)
{
	truth_directory = ".";
	site_eater(truth_add("site_eater"));
}
END
gcc -D_GNU_SOURCE -g -pthread -I"$torture" -I"$ROOT/tests/e2e/programs" -o bin/eater eater.c
group=
for place in /sys/fs/cgroup /sys/fs/cgroup/memory; do
	[ -z "$group" ] && [ -e "$place/cgroup.procs" ] && mkdir "$place/seep-torture.$$" 2>/dev/null &&
		group=$place/seep-torture.$$
done
limit=$(ls "$group"/memory.max "$group"/memory.limit_in_bytes 2>/dev/null | head -n 1)
if [ -z "$group" ] || [ -z "$limit" ] || ! echo 200M >"$limit" 2>/dev/null; then
	skip "a control group is killed for its memory" "no control groups to be had here"
else
	[ ! -w "$group/memory.oom.group" ] || echo 1 >"$group/memory.oom.group"
	[ ! -w "$group/memory.swap.max" ] || echo 0 >"$group/memory.swap.max"
	mkdir -p killed && cd killed || exit 1
	observe sh -c "echo \$\$ >$group/cgroup.procs && exec $SEEP run -r 64K -i 0 -o $WORK/killed/recording -- $WORK/bin/eater"
	check "the group is killed" test "$(cat status)" -eq 137
	check "its recording can be read" "$SEEP" report recording
	"$SEEP" report --json recording >report.json
	check "and holds what was alive when it wrote that down last" /usr/bin/python3 -c '
import json, sys
live = int(open("truth.end").read().split()[1])
total = json.load(open("report.json"))["totals"]
print(live, total)
sys.exit(not (live > 50 << 20 and total["inuse_high"] >= live and total["inuse_low"] <= live + 60 * 100000))'
	cd ..
fi
[ -z "$group" ] || rmdir "$group"
