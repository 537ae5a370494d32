# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the libraries of a program allocate in their constructors, before the shim's has run, is recorded like all else: a few
# blocks wait until the recording begins, many begin it. Some are freed and resized before that. Nothing is lost, and no
# stack is cut, at rate 1; libstdc++'s pool is among them in every C++ program.
cat >library.c <<'SOURCE'
#include <stdlib.h>
char *early_freed, *early_moved;
__attribute__((noinline)) void *early_kept(size_t size)
{
	char *volatile block = malloc(size);
	block[0] = 1;
	return block;
}
__attribute__((constructor)) static void begin(void)
{
	for (int i = 0; i < KEPT; i++)
		early_kept(1000);
	early_freed = malloc(20000);
	early_moved = malloc(30000);
	free(malloc(40000));
}
SOURCE
cat >program.cpp <<'SOURCE'
#include <cstdlib>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>
extern "C" char *early_freed, *early_moved;
int main()
{
	int status = 0;
	if (fork() == 0) { /* what waits for a recording is its parent's */
		std::vector<char> *volatile own = new std::vector<char>(6000);
		std::exit((*own)[0]);
	}
	std::free(early_freed);
	early_moved = static_cast<char *>(std::realloc(early_moved, 35000));
	std::vector<char> *volatile last = new std::vector<char>(5000);
	wait(&status);
	return (*last)[0] + status;
}
SOURCE
for kept in 5 50; do
	gcc -g -shared -fPIC -DKEPT=$kept -o libearly.so library.c
	g++ -g -o bin/program program.cpp -L. -learly -Wl,-rpath,"$PWD"
	for keeper in $(ways_of outside inside); do
		if [ "$keeper" = outside ]; then
			observe "$SEEP" run -r 1 -o "$PWD/recording.%p" -- "$WORK/bin/program"
		else
			observe env LD_PRELOAD="$SHIM" SEEP_RATE=1 SEEP_OUTPUT="$PWD/recording.%p" "$WORK/bin/program"
		fi
		check_equal "keeper $keeper, $kept blocks: the program ends as it would" 0 "$(cat status)"
		for recording in recording.*; do
			"$SEEP" report --json "$recording" >one.json
			if [ "$(json_get one.json "d['totals']['alloc_bytes']")" -lt 10000 ]; then mv one.json child.json; else mv one.json report.json; fi
		done
		check_equal "keeper $keeper, $kept blocks: its child has what is its own" "6024 0" \
			"$(json_get child.json "d['totals']['alloc_bytes'], d['losses']['samples_setup']" | tr -d '(),')"
		check "keeper $keeper, $kept blocks: all of its libraries' memory is recorded, and nothing lost" /usr/bin/python3 -c '
import json, sys
kept = int(sys.argv[1])
report = json.load(open("report.json"))
lost = {name: count for name, count in report["losses"].items() if count and name != "detection_limit_bytes"}
sites = [site for site in report["sites"] if site["stack"]]
named = [site for site in sites if "early_kept" in [frame["function"] for frame in site["stack"]]]
pool = sum(site["inuse_bytes"] for site in sites if "libstdc++" in site["stack"][0]["module"])
ours = report["totals"]["inuse_bytes"] - pool, report["totals"]["alloc_bytes"] - pool
print(lost, len(named), pool, ours)
assert not lost
assert sum(site["inuse_bytes"] for site in named) == 1000 * kept
assert 70000 < pool < 80000
in_use = 1000 * kept + 35000 + 5000 + 24
assert ours == (in_use, in_use + 20000 + 30000 + 40000), in_use' "$kept"
		rm -r recording.*
	done
done
