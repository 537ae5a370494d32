#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The blocks that seep calls lost are those of LeakSanitizer's own report at the end of the same programs, function by
# function.
. "$(dirname "$0")/lib.sh"

cat >lists.c <<'END'
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#define APART __attribute__((noinline))
#define N 200
struct node { struct node *next; char rest[100]; };
struct node *kept_list, *cut_list;
void **table;
char *interior[N];
__thread void *local_block[N];
static int fds[2];

APART void lose_blocks(void) { for (int i = 0; i < N; i++) *(volatile char *)malloc(100 + i) = 1; }
APART void lose_by_realloc(void) { for (int i = 0; i < N; i++) *(volatile char *)realloc(malloc(10), 300) = 1; }
APART void lose_ring(void) {
	struct node *first = malloc(sizeof *first), *last = first;
	for (int i = 1; i < N; i++) { last->next = malloc(sizeof *last); last = last->next; }
	last->next = first;
}
APART struct node *list_make(void) { struct node *head = NULL; for (int i = 0; i < N; i++) { struct node *n = malloc(sizeof *n); n->next = head; head = n; } return head; }
APART void keep_list(void) { kept_list = list_make(); }
APART void cut_in_half(void) { /* the half that is cut off is lost */
	cut_list = list_make();
	struct node *at = cut_list;
	for (int i = 1; i < N / 2; i++) at = at->next;
	at->next = NULL;
}
APART void *entry_make(void) { return memset(malloc(70), 1, 70); }
APART void drop_every_other(void) { table = malloc(N * sizeof *table); for (int i = 0; i < N; i++) table[i] = entry_make(); for (int i = 0; i < N; i += 2) table[i] = NULL; }
APART void keep_interior(void) { for (int i = 0; i < N; i++) interior[i] = (char *)malloc(60) + 1 + i % 59; }
APART void keep_local(void) { for (int i = 0; i < N; i++) local_block[i] = malloc(50); }
APART void *keep_on_stack(void *unused) {
	void *volatile mine[N];
	(void)unused;
	for (int i = 0; i < N; i++) mine[i] = malloc(40);
	if (write(fds[1], "s", 1) != 1) abort();
	for (;;) pause();
	return mine[0];
}
APART void scrub(void) { volatile char room[65536]; memset((void *)room, 0, sizeof room); }
int main(void) {
	pthread_t thread;
	char byte;
	if (pipe(fds)) abort();
	lose_blocks(), lose_by_realloc(), lose_ring(), keep_list(), cut_in_half(), drop_every_other(), keep_interior(), keep_local();
	pthread_create(&thread, NULL, keep_on_stack, NULL);
	if (read(fds[0], &byte, 1) != 1) abort();
	scrub();
	puts("ready");
	fflush(stdout);
	while (read(0, &byte, 1) > 0) continue;
	return 0;
}
END
cat >containers.cpp <<'END'
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>
#define APART __attribute__((noinline))
/* At the end it is asked at once: the containers' own destructors have not run then, as they have not for seep. */
extern "C" int __lsan_do_recoverable_leak_check() __attribute__((weak));
static int finish() { if (__lsan_do_recoverable_leak_check) __lsan_do_recoverable_leak_check(); _exit(0); }
struct session { std::string name = std::string(80, 'n'); std::shared_ptr<session> peer; std::vector<int> numbers = std::vector<int>(50); };
static std::map<std::string, std::unique_ptr<session>> sessions;
static std::vector<session *> raw;
static std::shared_ptr<session> shared;
APART void keep_in_map() { for (int i = 0; i < 200; i++) sessions["a name that is no small one, " + std::to_string(i)] = std::make_unique<session>(); }
APART void lose_cycles() { for (int i = 0; i < 100; i++) { auto one = std::make_shared<session>(), other = std::make_shared<session>(); one->peer = other, other->peer = one; } }
APART void lose_on_clear() { raw.reserve(100); for (int i = 0; i < 100; i++) raw.push_back(new session); memset((void *)raw.data(), 0, raw.size() * sizeof raw[0]); raw.clear(); }
APART void lose_released() { for (int i = 0; i < 100; i++) (void)!std::make_unique<session>().release(); }
APART void keep_chain() { for (int i = 0; i < 100; i++) { auto next = std::make_shared<session>(); next->peer = shared; shared = next; } }
APART void lose_in_thread() { for (int i = 0; i < 100; i++) *(volatile char *)new char[500] = 1; }
APART void scrub() { volatile char room[65536]; memset((void *)room, 0, sizeof room); }
int main() {
	char byte;
	keep_in_map(), lose_cycles(), lose_on_clear(), lose_released(), keep_chain();
	std::thread(lose_in_thread).join();
	scrub();
	puts("ready");
	fflush(stdout);
	while (read(0, &byte, 1) > 0) continue;
	return finish();
}
END

build() { # NAME COMPILER SOURCE FLAGS...
	"$2" -O1 -g -fno-builtin -fno-omit-frame-pointer -pthread -o "$1" "$3" "${@:4}"
}
lsan() { # PROGRAM
	ASAN_OPTIONS='' LSAN_OPTIONS=exitcode=0:fast_unwind_on_malloc=0:malloc_context_size=30 ./"$1.lsan" </dev/null >/dev/null 2>"$1.report"
	grep -q "detected memory leaks" "$1.report"
}
references() { # PROGRAM
	rm -f requests out
	mkfifo requests
	exec 5<>requests
	"$SEEP" run -r 1 -i 1s -o "$1.recording" -- "./$1" <requests >out 2>run.err 5>&- &
	run=$!
	pids+=("$run")
	wait_until 30 grep -q ready out
	"$SEEP" snapshot --references "$1.recording" >/dev/null 2>err
	judged() { "$SEEP" leaks --json "$program.recording" >"$program.json" 2>err; }
	program=$1
	wait_until 30 judged
	exec 5>&-
	wait "$run"
}
compare() { # PROGRAM FUNCTION...
	/usr/bin/python3 - "$@" <<'END'
import json, re, sys
program, functions = sys.argv[1], sys.argv[2:]
theirs = dict.fromkeys(functions, 0)
for leak in re.split(r"\n(?=(?:Direct|Indirect) leak of)", open(program + ".report").read())[1:]:
    objects = int(re.match(r"\w+ leak of \d+ byte\(s\) in (\d+) object", leak)[1])
    for function in functions:
        if re.search(r"\bin " + function + r"\b", leak.split("\n\n")[0]):
            theirs[function] += objects
for function in functions:
    sites = [s for s in json.load(open(program + ".json"))["sites"] if any(re.match(function + r"\b", f["function"]) for f in s["stack"])]
    looked = [s["references"] for s in sites if s["references"]]
    ours = sum(r["unreferenced_samples"] for r in looked)
    kept = function.startswith("keep")
    # A word that is left somewhere by chance may keep a lost block, for one of the two tools.
    agree = (ours == 0 and theirs[function] == 0) if kept else min(ours, theirs[function]) >= 0.95 * max(ours, theirs[function], 1)
    print(function, "agree" if agree else f"seep {ours}, LeakSanitizer {theirs[function]}, of {sum(r['samples'] for r in looked)}")
END
}
agreed() { printf '%s agree\n' "$@"; }
judge() { # PROGRAM COMPILER SOURCE FUNCTION...
	build "$1" "$2" "$3" && build "$1.lsan" "$2" "$3" -fsanitize=leak || return
	lsan "$1" || { echo "# LeakSanitizer does not work here: $(head -n 3 "$1.report")" && return; }
	references "$1"
	check_equal "$1: seep and LeakSanitizer call the same blocks lost" "$(agreed "${@:4}")" "$(compare "$1" "${@:4}")"
}
if [ ! -e "$(gcc -print-file-name=liblsan.so)" ]; then
	echo "# there is no liblsan here"
	exit 0
fi
judge lists gcc lists.c lose_blocks lose_by_realloc lose_ring keep_list cut_in_half drop_every_other keep_interior keep_local keep_on_stack
judge containers g++ containers.cpp keep_in_map lose_cycles lose_on_clear lose_released keep_chain lose_in_thread
exit "$cases_failed"
