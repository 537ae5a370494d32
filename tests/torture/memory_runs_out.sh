# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The kernel runs out of memory for a whole control group, and all of it is killed, seep with it: the recording holds what
# was alive, and a snapshot from before the limit was reached. Version 2 has memory.oom.group for it; version 1 can only
# hold its processes still, and whoever watches the group kills them. Then the same with a limit of the program's own.
cat >eater.c <<'END'
#include "torture.h"
#include <sys/mman.h>
/* The file's page is there from the start: a group without memory has none for what is written to a file. */
static char *alive;
#define ALIVE "alive %020ld\n"
static void write_alive(void)
{
	char line[64];
	int length = snprintf(line, sizeof line, ALIVE, truth_sites[0].live_bytes + truth_sites[1].live_bytes);
	memcpy(alive, line, (size_t)length);
}
static SITE void *site_eater(struct truth_site *site)
{
	void *memory = malloc(100000);
	if (!memory)
		return NULL;
	memset(memory, 1, 100000);
	truth_allocated(site, 100000);
	if (site->live_objects % 50 == 0)
		write_alive();
	/* slower near the end: a keeper that gets little of the CPU must see it coming */
	usleep(site->live_objects > 1000 ? 10000 : 1000);
	return memory;
}
static SITE void site_modest(struct truth_site *site)
{
	for (int i = 0; i < 20; i++) {
		torture_hold = memset(malloc(100000), 1, 100000);
		truth_allocated(site, 100000);
	}
}
int main(void)
{
	int file = open("truth.end", O_RDWR | O_CREAT, 0600);
	if (file < 0 || ftruncate(file, snprintf(NULL, 0, ALIVE, 0L)) != 0)
		return 1;
	alive = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (alive == MAP_FAILED)
		return 1;
	struct truth_site *eater = truth_add("site_eater");
	site_modest(truth_add("site_modest"));
	while (site_eater(eater))
		;
	write_alive();
	return 3;
}
END
gcc -D_GNU_SOURCE -g -pthread -I"$torture" -I"$ROOT/tests/e2e/programs" -o bin/eater eater.c

# The recording has the eater's site first, everything that the program had written down, and an earlier limit snapshot.
check_recording() { # WHAT
	local snapshot
	"$SEEP" report --last --json recording >report.json
	check_equal "$1: its recording can be read" 0 $?
	check "$1: it holds what was alive when the program wrote that down last" /usr/bin/python3 -c '
import json
live = sum(int(line.split()[1]) for line in open("truth.end"))
total = json.load(open("report.json"))["totals"]
print(live, total)
middle, half = (total["inuse_low"] + total["inuse_high"]) / 2, (total["inuse_high"] - total["inuse_low"]) / 2
assert live > 50 << 20 and middle + 2.6 * half >= live and middle - 2.6 * half <= live + 60 * 100000'
	for snapshot in recording/*.seep; do
		[ "$(trigger_of "$snapshot")" != limit ] || "$SEEP" report --json "$snapshot"
	done >series.json
	check "$1: a snapshot was taken before the limit was reached, and the site that leaks is its first" /usr/bin/python3 -c '
import json
decoder, text, found = json.JSONDecoder(), open("series.json").read().strip(), 0
while text:
    report, end = decoder.raw_decode(text)
    text = text[end:].strip()
    print(report["snapshot"], report["memory"])
    assert report["snapshot"]["trigger"] == "limit"
    memory = report["memory"]
    assert memory["nearest_left_bytes"] <= memory["nearest_limit_bytes"] / 10, "too early"
    assert report["sites"][0]["stack"][0]["function"] == "site_eater"
    found += 1
assert 1 <= found <= 4, found'
	check "$1: seep snapshot makes the last one of what the dead left" "$SEEP" snapshot recording
}

group_is_empty() { [ "$(wc -l <"$group/cgroup.procs")" -eq 0 ]; }

# Version 1 holds the processes still when memory has run out. The list is read at once, because it changes with the
# first process that is killed.
kill_the_group() {
	local processes
	wait_until 15 grep -qx 'under_oom 1' "$group/memory.oom_control" || return
	sleep 0.2 # keepers, too, stop at their next page
	mapfile -t processes <"$group/cgroup.procs"
	kill -KILL "${processes[@]}"
}

group='' way=''
for place in /sys/fs/cgroup /sys/fs/cgroup/memory; do
	[ -z "$group" ] && [ -e "$place/cgroup.procs" ] && mkdir "$place/seep-torture.$$" 2>/dev/null &&
		group=$place/seep-torture.$$
done
if [ -n "$group" ]; then
	{ echo 120M >"$group/memory.max" && echo 1 >"$group/memory.oom.group" && way=kernel; } 2>/dev/null
	{ echo 120M >"$group/memory.limit_in_bytes" && echo 1 >"$group/memory.oom_control" && way=watcher; } 2>/dev/null
	[ ! -w "$group/memory.swap.max" ] || echo 0 >"$group/memory.swap.max"
fi
enter_group=(sh -c "echo \$\$ >$group/cgroup.procs && exec \"\$@\"" sh)
[ -n "$way" ] || skip "a control group is killed for its memory" "no control group with a limit of memory to be had here"
for keeper in ${way:+$(ways_of outside inside)}; do
	mkdir -p "killed.$keeper" && cd "killed.$keeper" || exit 1
	[ $way = kernel ] || kill_the_group &
	if [ $keeper = outside ]; then
		observe "${enter_group[@]}" "$SEEP" run -r 64K -i 0 -o "$PWD/recording" -- "$WORK/bin/eater"
	else
		observe "${enter_group[@]}" env LD_PRELOAD="$SHIM" SEEP_RATE=64K SEEP_INTERVAL=0 SEEP_OUTPUT="$PWD/recording" \
			"$WORK/bin/eater"
	fi
	wait_until 10 group_is_empty # the end of a process of 100 MB takes its time
	check_equal "keeper $keeper: the whole group is killed" "137 0" "$(cat status) $(wc -l <"$group/cgroup.procs")"
	group_is_empty || ps -o pid,stat,wchan,args -p "$(paste -sd, "$group/cgroup.procs")" | sed 's/^/# /'
	check_recording "keeper $keeper"
	cd ..
done
[ -z "$group" ] || rmdir "$group"

for keeper in $(ways_of inside outside); do
	mkdir -p "limited.$keeper" && cd "limited.$keeper" || exit 1
	if [ $keeper = outside ]; then
		observe "$SEEP" run -r 64K -i 0 -o "$PWD/%c" -- prlimit --as=180000000 "$WORK/bin/eater"
	else
		observe env LD_PRELOAD="$SHIM" SEEP_RATE=64K SEEP_INTERVAL=0 SEEP_OUTPUT="$PWD/%c" \
			prlimit --as=180000000 "$WORK/bin/eater"
	fi
	check_equal "address space, keeper $keeper: malloc fails, and the program ends as it would" 3 "$(cat status)"
	mv eater recording # prlimit may have one, too
	check_recording "address space, keeper $keeper"
	cd ..
done
