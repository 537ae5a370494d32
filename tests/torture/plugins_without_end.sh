# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Plugins that come under ever-new names and go fill the tables of stacks and modules, which takes a server days and this
# program seconds. What leaks afterwards, in the program and in the last plugin, has a name all the same; the sum of all
# allocations stays what it is; and the sites that were given up are counted and shown.

cat >plugin.c <<'C'
#include <stdlib.h>
#define USE(n) __attribute__((noinline)) static void use##n(size_t size) { void *volatile block = malloc(size); free(block); }
USE(0) USE(1) USE(2) USE(3) USE(4) USE(5) USE(6) USE(7) USE(8) USE(9)
void use_all(size_t size)
{
	use0(size), use1(size), use2(size), use3(size), use4(size);
	use5(size), use6(size), use7(size), use8(size), use9(size);
}
void *volatile kept_by_plugin;
void leak_in_the_plugin(size_t size)
{
	kept_by_plugin = malloc(size);
}
C
cat >without_end.c <<'C'
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#define COPIES 1200
#define SIZE ((size_t)16 << 20) /* one in exp(32) isn't sampled; of 8 MiB one in exp(16) isn't, and here are 12,006 */
typedef void use(size_t);
static char plugin[1 << 20];
static void *volatile kept;
static void *copy_open(const char *name, ssize_t bytes)
{
	int file = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0700);
	if (file < 0 || write(file, plugin, bytes) != bytes || close(file) != 0)
		abort();
	mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); /* the next one lies elsewhere */
	void *opened = dlopen(name, RTLD_NOW);
	if (!opened)
		abort();
	return opened;
}
__attribute__((noinline)) static void leak_in_the_program(void)
{
	kept = malloc(SIZE);
}
int main(void)
{
	int file = open("plugin.so", O_RDONLY);
	ssize_t bytes = read(file, plugin, sizeof plugin);
	char name[32];
	void *opened;
	for (int i = 0;; i++) {
		snprintf(name, sizeof name, "./plugin%d.so", i);
		opened = copy_open(name, bytes);
		if (i == COPIES)
			break;
		((use *)dlsym(opened, "use_all"))(SIZE);
		dlclose(opened);
		unlink(name);
		usleep(500); /* days */
	}
	for (int i = 0; i < 3; i++) {
		leak_in_the_program();
		((use *)dlsym(opened, "leak_in_the_plugin"))(SIZE);
	}
	printf("%zu\n", (COPIES * 10 + 6) * SIZE);
	return 0;
}
C
gcc -std=gnu11 -g -O1 -fPIC -shared -Wl,--build-id=none -o plugin.so plugin.c && gcc -std=gnu11 -g -O1 -o bin/without_end without_end.c
cat >judge.py <<'P'
import json, sys
report, counted = json.load(open(sys.argv[1])), int(open(sys.argv[2]).read())
lost = report["losses"]
def functions(site):
    return [frame["function"] for frame in site["stack"]]
def in_use(name):
    return sum(site["inuse_bytes"] for site in report["sites"] if name in functions(site))
if in_use("leak_in_the_program") != 3 << 24 or in_use("leak_in_the_plugin") != 3 << 24:
    print("leaks have no name:", in_use("leak_in_the_program"), in_use("leak_in_the_plugin"))
if any(site["inuse_bytes"] and not site["stack"] for site in report["sites"]):
    print("something in use is without a stack")
allocated = sum(site["alloc_bytes"] for site in report["sites"])
if not 0 <= allocated - counted < 1e7: # libc's own
    print("allocated", allocated, "counted", counted)
if not lost["sites_retired"] > 5000 or sum(site["retired"] for site in report["sites"]) != 1:
    print("does not say what was given up:", lost)
if lost["samples"] or lost["lower_bound"]:
    print("has lost samples:", lost)
P
for way in $(ways_of run preload); do
	if [ $way = run ]; then
		timeout 60 "$SEEP" run -i 200ms -o runs/run -- bin/without_end >counted 2>said
	else
		timeout 60 env LD_PRELOAD="$SHIM" SEEP_INTERVAL=200ms SEEP_OUTPUT="$PWD/runs/preload" bin/without_end >counted 2>said
	fi
	"$SEEP" report --last --json runs/$way >report.json 2>report.err
	check_equal "leaks behind 1,200 plugins that came and went have names, by $way" "" "$(/usr/bin/python3 judge.py report.json counted 2>&1)"
	text=$("$SEEP" report --sort=allocated runs/$way 2>&1)
	check_match "what was given up is said, by $way" '[0-9,]+ sites retired' "$text"
	check_match "and has a row of its own, by $way" '\[retired\]' "$text"
done
