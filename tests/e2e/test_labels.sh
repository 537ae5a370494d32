#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What a program calls its work (seep_label() of <seep/seep.h>) reaches every command: at rate 1, so every number is exact.
. "$(dirname "$0")/lib.sh"

cat >labels.c <<'END'
#include <pthread.h>
#include <seep/seep.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#define SET(text) (seep_label ? seep_label(text) : NULL)
void *volatile kept[20000];
int count;
__attribute__((noinline)) void keep(size_t size) { kept[__atomic_fetch_add(&count, 1, __ATOMIC_RELAXED)] = malloc(size); }
static void *worker(void *unused)
{
	keep(1000); /* a thread begins without a label */
	SET("worker");
	keep(20000);
	return unused;
}
static void handler(int number)
{
	(void)number;
	const char *before = SET("handler");
	SET(before);
}
__attribute__((noinline)) static void serve(int number) /* the compiler reads the reference once in a function */
{
	SET(number % 2 ? "odd" : "even");
	keep(number % 2 ? 1000 : 3000);
	if (seep_work)
		seep_work(unlink("burst") == 0 ? 1000000 : 1);
}
int main(int argc, char **argv)
{
	char text[200];
	pthread_t thread;
	if (argc > 1 && !strcmp(argv[1], "many")) {
		for (int i = 0; i < 300; i++) {
			snprintf(text, sizeof text, "label %d", i);
			SET(text);
			keep(100);
		}
		return 0;
	}
	for (int i = 0; argc > 1 && i < 12000; i++) { /* two minutes, should nobody end it */
		serve(i);
		usleep(10000);
		if (access(argv[1], F_OK) == 0)
			return 7;
	}
	const char *none = SET("outer");
	const char *outer = SET("in/ner; λ");
	keep(300000);
	signal(SIGUSR1, handler);
	raise(SIGUSR1);
	keep(300000);
	void *block = malloc(70000);
	SET(outer);
	keep(5000);
	free(block); /* of the label under which it was born */
	SET(none);
	keep(400);
	pthread_create(&thread, NULL, worker, NULL);
	pthread_join(thread, NULL);
	SET("parent");
	pid_t child = fork();
	if (!child) {
		keep(60000);
		_exit(0);
	}
	waitpid(child, NULL, 0);
	memset(text, 'l', sizeof text);
	text[199] = 0;
	SET(text);
	keep(8000);
	printf("%s %s\n", none ? none : "none", outer ? outer : "none");
	return 0;
}
END
compile labels -I"$ROOT/include" -pthread labels.c
check_equal "without the shim there are no labels" "none none" "$(./labels)"
check_equal "seep_label() returns the label before" "none outer" \
	"$(SEEP_RATE=1 "$SEEP" run -i 0 -o labels.rec ./labels 2>/dev/null)"

labels() { # RECORDING: "LABEL IN-USE ALLOCATED"
	"$SEEP" report --by=label --top=1000 --json "$1" | python3 -c '
import json, sys
for site in json.load(sys.stdin)["sites"]:
    print(site["label"], site["inuse_bytes"], site["alloc_bytes"])'
}
check_equal "each label has what was allocated under it" "in/ner; λ 600000 670000
worker 20000 20000
$(printf 'l%.0s' {1..119}) 8000 8000
outer 5000 5000" "$(labels labels.rec | grep -v '^None' | sed 's/\(l\{119\}\) 12096 12096/\1 8000 8000/')" # stdio's buffer
child=(labels.rec.*)
check_equal "a forked child keeps its thread's label" "parent 60000 60000" "$(labels "${child[0]}" | grep -v '^None')"
check_match "what has no sample is no row" 'in all, 1 label$' "$("$SEEP" report --by=label "${child[0]}")"

check_match "rows are named after labels" "586 KiB .* in/ner; λ" "$("$SEEP" report --by=label labels.rec)"
check_match "stacks show theirs" 'keep .*labels.c:.*main .*  \[label\] in/ner; λ' \
	"$("$SEEP" report --by=stack --top=1 labels.rec | tr '\n' ' ')"
check_match "folded stacks begin with them" '^\[label\] outer;.*main;keep 5000' \
	"$("$SEEP" export --format=folded labels.rec 2>/dev/null)"
"$SEEP" export --format=pprof -o labels.pb.gz labels.rec 2>/dev/null
check_match "pprof's samples have them" "label: *worker" "$(go tool pprof -traces labels.pb.gz 2>/dev/null)"
echo '{"schema": "seep.budgets/1", "budgets": [
	{"name": "tenant", "measure": "in_use", "each": "label", "most": "100K"}]}' >budgets.json
check_match "each label is held to a budget" '^\| \*\*fail\*\* \| tenant \| .* \| in/ner; λ \|$' \
	"$("$SEEP" check --budget=budgets.json --format=markdown labels.rec 2>/dev/null)"
"$SEEP" bundle labels.rec -o labels.bundle 2>said
check_equal "a bundle has them, too" "$(labels labels.rec)" "$(labels labels.bundle)"
check_match "without names for them" 'names of [0-9]+ addresses in [23] modules' "$(cat said)"
check_equal "no module is called so" "" "$("$SEEP" report --modules labels.rec | grep label\\])"
SEEP_RATE=1 "$SEEP" run -i 0 -o many.rec ./labels many 2>/dev/null
check_match "labels beyond the last are counted" "46 samples without their label" "$("$SEEP" report many.rec)"
check_equal "and their samples are there" "254 25400 4600" "$(labels many.rec | awk '
	/^label/ { count++; bytes += $3 } /^None/ { rest = $2 } END { print count, bytes, rest }')"

# docs/LABELS.md's way for python
"$SEEP" run -r 64K -i 0 -o python.rec -- python3 -S -E -c '
import ctypes
label = getattr(ctypes.CDLL(None), "seep_label", None)
label.restype, label.argtypes = ctypes.c_char_p, [ctypes.c_char_p]
before = label(b"python")
kept = bytearray(20000000)
print(before, label(before))' >said 2>/dev/null
check_equal "python sets labels by ctypes" "None b'python'" "$(cat said)"
check_match "and what it allocated under them is told apart" '^python [0-9]+ 200[0-9]{5}$' "$(labels python.rec)"

./labels "$WORK/stop" & # was not started with libseep.so
served=$!
pids+=("$served")
wait_until 10 grep -q labels "/proc/$served/maps"
"$SEEP" attach -r 1 -i 0 -o joined.rec "$served" 2>/dev/null
some_of_each() { labels joined.rec | awk '/^odd/ { odd = $2 / 1000 } /^even/ { even = $2 / 3000 }
	END { exit !(odd > 5 && even > 5 && odd - even < 2 && even - odd < 2) }'; }
check "a program that is joined has labels from then on" wait_until 20 some_of_each
"$SEEP" detach "$served" 2>/dev/null
check_match "and the work that it counted since" '"work_units":[1-9]' "$("$SEEP" report --json joined.rec)"
touch burst
check "while it is left, it counts on" wait_until 10 test ! -e burst
"$SEEP" attach -r 1 -i 0 -o again.rec "$served" 2>/dev/null
some_work() { "$SEEP" report --json again.rec | grep -oE '"work_units":[1-9][0-9]*' >again.work; }
check "which the next recording leaves out" wait_until 10 some_work
check_match "and begins at nothing" ':[0-9]{1,6}$' "$(cat again.work)"
"$SEEP" detach "$served" 2>/dev/null
touch stop
wait "$served"
check_equal "it goes on to its end when it is left" 7 $?
exit $cases_failed
