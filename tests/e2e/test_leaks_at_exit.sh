#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# time limit: 300 s seep run --leaks-at-exit: the lost bytes of each function are those that LeakSanitizer finds in the
# same programs, the exit status tells, and LeakSanitizer's files of suppressions are understood.
. "$(dirname "$0")/lib.sh"

# Each program loses in lose_*(), keeps in keep_*(), and leaves nothing on its stack.
cat >common.h <<'END'
#include <stdlib.h>
#include <string.h>
#define APART __attribute__((noinline))
#define N 40
#define block(bytes) memset(malloc(bytes), 1, bytes)
static APART void scrub(void) { volatile char room[65536]; memset((void *)room, 0, sizeof room); }
END
cat >blocks.c <<'END'
#include "common.h"
void *table[N];
char *interior[N];
APART void lose_blocks(void) { for (int i = 0; i < N; i++) *(volatile char *)block(100 + i) = 1; }
APART void lose_by_realloc(void) { for (int i = 0; i < N; i++) *(volatile char *)realloc(malloc(10), 300) = 1; }
APART void lose_when_cleared(void) { for (int i = 0; i < N; i++) table[i] = block(70); memset(table, 0, sizeof table); }
APART void keep_in_table(void) { for (int i = 0; i < N; i++) table[i] = block(60); }
APART void keep_interior(void) { for (int i = 0; i < N; i++) interior[i] = (char *)block(60) + 1 + i; }
int main(void) { lose_blocks(), lose_by_realloc(), lose_when_cleared(), keep_in_table(), keep_interior(), scrub(); return 0; }
END
cat >trees.c <<'END'
#include "common.h"
struct node { struct node *left, *right; char rest[48]; };
struct node *kept;
#define TREE(name) \
	APART struct node *name(int depth) { \
		struct node *node = block(sizeof *node); \
		node->left = depth ? name(depth - 1) : NULL, node->right = depth ? name(depth - 1) : NULL; \
		return node; \
	}
TREE(lose_tree)
TREE(keep_tree)
APART void lose_ring(void) { struct node *a = block(sizeof *a), *b = block(sizeof *b); for (int i = 0; i < N; i++) { struct node *c = block(sizeof *c); c->left = b, b->left = NULL, b = c; } a->left = b, b->left = a; a->right = b->right = NULL; }
int main(void) { lose_tree(5), lose_ring(), kept = keep_tree(5), scrub(); return 0; }
END
cat >threads.c <<'END'
#include <pthread.h>
#include <unistd.h>
#include "common.h"
__thread void *local[N];
pthread_key_t key;
static int fds[2];
APART void lose_in_thread(void) { for (int i = 0; i < N; i++) *(volatile char *)block(90) = 1; }
APART void lose_with_thread(void) { for (int i = 0; i < N; i++) local[i] = block(80); }
APART void keep_in_local(void) { for (int i = 0; i < N; i++) local[i] = block(50); }
APART void keep_by_key(void) { void **list = block(N * sizeof *list); for (int i = 0; i < N; i++) list[i] = block(30); pthread_setspecific(key, list); }
APART void *short_thread(void *unused) { lose_in_thread(), lose_with_thread(), scrub(); return unused; }
APART void keep_on_stack(void *volatile *mine) { for (int i = 0; i < N; i++) mine[i] = block(40); }
APART void *long_thread(void *unused) {
	void *volatile mine[N];
	char byte;
	keep_on_stack(mine);
	if (write(fds[1], "s", 1) != 1) abort();
	for (;;) if (read(fds[0], &byte, 1) == 2) free(mine[0]);
	return unused;
}
int main(void) {
	pthread_t thread;
	char byte;
	int more[2];
	if (pipe(fds) || pipe(more)) abort();
	pthread_key_create(&key, NULL);
	pthread_create(&thread, NULL, short_thread, NULL), pthread_join(thread, NULL);
	keep_in_local(), keep_by_key();
	int ready = fds[0];
	fds[0] = more[0];
	pthread_create(&thread, NULL, long_thread, NULL);
	if (read(ready, &byte, 1) != 1) abort();
	scrub();
	return 0;
}
END
cat >destroyed.cpp <<'END'
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <vector>
#include "common.h"
template <int K> struct session { std::shared_ptr<session> peer; std::vector<int> numbers = std::vector<int>(50); };
static std::map<std::string, std::unique_ptr<session<1>>> sessions;
static std::vector<session<2> *> raw;
static session<3> **late;
APART void keep_until_the_end() { for (int i = 0; i < N; i++) sessions["a name that is no small one, " + std::to_string(i)] = std::make_unique<session<1>>(); }
APART void lose_cycles() { for (int i = 0; i < N; i++) { auto one = std::make_shared<session<4>>(), other = std::make_shared<session<4>>(); one->peer = other, other->peer = one; } }
APART void lose_with_vector() { for (int i = 0; i < N; i++) raw.push_back(new session<2>); }
APART void keep_for_handler() { late = new session<3> *[N]; for (int i = 0; i < N; i++) late[i] = new session<3>; }
APART void lose_array() { for (int i = 0; i < N; i++) { std::string *volatile gone = new std::string[3]{"short", "one that is too long to be in the string itself", "x"}; (void)gone; } }
static void handler() { for (int i = 0; i < N; i++) delete late[i]; delete[] late; late = nullptr; scrub(); }
int main() { atexit(handler); keep_until_the_end(), lose_cycles(), lose_with_vector(), keep_for_handler(), lose_array(), scrub(); return 0; }
END
cat >plugin.c <<'END'
#include "common.h"
static void *mine[N];
APART void lose_with_library(void) { for (int i = 0; i < N; i++) mine[i] = block(77); }
END
cat >other.c <<'END'
void *kept[40];
END
cat >library.c <<'END'
#include <dlfcn.h>
#include "common.h"
APART void keep_in_library(void *library) { void **of = dlsym(library, "kept"); for (int i = 0; i < N; i++) of[i] = block(33); }
int main(void) {
	void *library = dlopen("./plugin.so", RTLD_NOW), *other = dlopen("./other.so", RTLD_NOW);
	void (*lose)(void) = (void (*)(void))dlsym(library, "lose_with_library");
	lose();
	keep_in_library(other);
	dlclose(library);
	scrub();
	return 0;
}
END
cat >processes.c <<'END'
#include <sys/wait.h>
#include <unistd.h>
#include "common.h"
void *kept[N];
APART void lose_in_child(void) { for (int i = 0; i < N; i++) *(volatile char *)block(120) = 1; }
APART void lose_in_parent(void) { for (int i = 0; i < N; i++) *(volatile char *)block(110) = 1; }
APART void keep_in_child(void) { for (int i = 0; i < N; i++) kept[i] = block(20); }
int main(void) {
	int status;
	pid_t child = fork();
	if (!child) { lose_in_child(), keep_in_child(), scrub(); exit(0); }
	waitpid(child, &status, 0);
	lose_in_parent(), scrub();
	return 0;
}
END
cat >abrupt.c <<'END'
#include <stdlib.h>
#include <unistd.h>
int main(int argc, char **argv) { *(volatile char *)malloc(100) = 1; if (argc > 1) exit(atoi(argv[1])); _exit(0); }
END
build() { # NAME COMPILER SOURCE FLAGS...
	"$2" -O1 -g -fno-builtin -fno-omit-frame-pointer -pthread -I. -o "$1" "$3" "${@:4}" -ldl
}
at_exit() { "$SEEP" run --leaks-at-exit -o "$1.recording" -- "./$1" 2>"$1.err"; }
compare() { # PROGRAM: compares the bytes by function of both
	python3 - "$1" <<'END'
import glob, json, os, re, subprocess, sys
program = sys.argv[1]
theirs, ours = {}, {}
for leak in re.split(r"\n(?=(?:Direct|Indirect) leak of)", open(program + ".report").read())[1:]:
    names = re.findall(r"\bin (lose_\w+|keep_\w+)", leak.split("\n\n")[0])
    # It can't name functions that were unloaded, or names those of a library that is at their addresses now.
    if "<unknown module>" in leak or (program == "library" and not names):
        names = ["lose_with_library"]
    if names:
        theirs[names[0]] = theirs.get(names[0], 0) + int(re.match(r"\w+ leak of (\d+)", leak)[1])
def seep(*words, recording):
    return json.loads(subprocess.run([os.environ["SEEP"], *words, recording], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout)
for recording in sorted(glob.glob(program + ".recording*")):
    stacks = [site["stack"] for site in seep("report", "--json", recording=recording)["sites"]]
    for row in seep("check", "--lost", "--format=json", recording=recording)["budgets"]:
        if not row["place"]:
            continue
        # the place may be a function with several callers; in each program one of these loses memory
        names = [f["function"] for stack in stacks if any(f["function"] == row["place"]["function"] for f in stack) for f in stack]
        name = re.match(r"\w+", next(n for n in [row["place"]["function"]] + names if re.match("lose_|keep_", n)))[0]
        ours[name] = ours.get(name, 0) + row["place_value"]
# A word that is left somewhere by chance may keep a block, for one of the two tools.
for name in sorted(set(theirs) | set(ours)):
    one, other = ours.get(name, 0), theirs.get(name, 0)
    same = name.startswith("lose_") and min(one, other) >= 0.9 * max(one, other)
    print(name, "agree" if same else f"seep {one}, LeakSanitizer {other}")
END
}
judge() { # PROGRAM COMPILER SOURCE FUNCTION-THAT-LOSES...
	build "$1" "$2" "$3" && build "$1.lsan" "$2" "$3" -fsanitize=leak || return
	at_exit "$1"
	check_equal "$1: the exit status tells that something is lost" 1 $?
	LSAN_OPTIONS=exitcode=0:fast_unwind_on_malloc=0:malloc_context_size=30 ./"$1.lsan" </dev/null >/dev/null 2>"$1.report"
	if ! grep -q "detected memory leaks" "$1.report"; then
		echo "# LeakSanitizer does not work here: $(head -n 3 "$1.report")"
		return
	fi
	check_equal "$1: seep and LeakSanitizer agree" "$(printf '%s agree\n' "${@:4}" | sort)" "$(compare "$1")"
}
export SEEP
build plugin.so gcc plugin.c -shared -fPIC
build other.so gcc other.c -shared -fPIC
if [ -e "$(gcc -print-file-name=liblsan.so)" ]; then
	judge blocks gcc blocks.c lose_blocks lose_by_realloc lose_when_cleared
	judge trees gcc trees.c lose_tree lose_ring
	judge threads gcc threads.c lose_in_thread lose_with_thread
	judge destroyed g++ destroyed.cpp lose_cycles lose_with_vector lose_array
	judge library gcc library.c lose_with_library
	judge processes gcc processes.c lose_in_child lose_in_parent
else
	echo "# there is no liblsan here"
	build blocks gcc blocks.c
	at_exit blocks
fi

check_match "the place is told, with what it lost" 'blocks.c:[0-9]+ +lose_blocks lost 4.67 KiB in 40 blocks' "$(cat blocks.err)"
check_match "and how it was called" 'via main blocks.c' "$(cat blocks.err)"
check_equal "every allocation is recorded, and one snapshot kept" "1 1" \
	"$("$SEEP" report --json blocks.recording | grep -o '"rate": *[0-9]*' | head -n 1 | grep -o '[0-9]*$') $(find blocks.recording -name '*.seep' | wc -l)"

# Blocks that are not lost, that are suppressed, and that can't be looked at.
"$SEEP" run --leaks-at-exit -o sound -- /usr/bin/python3 -c 'import json; print(json.dumps({"a": [1]}))' >out 2>err
check_equal "a real program prints what it prints" '{"a": [1]}' "$(cat out)"
check_equal "its end is looked at" "1 0" "$(grep -c '^1 process: ' err) $(grep -c 'no process was looked at' err)"
cat >leaks.supp <<'END'
# for another sanitizer, and for this one
race:lose_when_cleared
 leak:lose_by*loc
leak:^lose_blocks$
END
suppressed() { "$SEEP" check --lost --suppressions leaks.supp --format=json blocks.recording 2>/dev/null >check.json; }
suppressed
check_equal "LeakSanitizer's suppressions are understood" "['lose_when_cleared']" \
	"$(json_get check.json "[r['place']['function'] for r in d['budgets']]")"
echo 'leak:blocks.c' >leaks.supp
suppressed
check_equal "a source file's name suppresses all of it" 0 $?
echo 'leak lose' >leaks.supp
suppressed
check_equal "one that is none is told" 3 $?
cat >budgets.json <<'END'
{"schema": "seep.budgets/1", "budgets": [{"name": "lost", "measure": "lost", "most": 1, "function": "lose_b*"}],
 "suppressions": [{"function": "lose_blocks", "reason": "known", "until": "2199-01-01"}]}
END
"$SEEP" check --budget budgets.json blocks.recording >out 2>err
check_equal "it is a budget like others, with suppressions" 0 $?
for format in junit sarif github gitlab markdown; do
	"$SEEP" check --lost --format=$format blocks.recording 2>/dev/null >"out.$format"
	check_match "$format has the place" 'lose(_|&#95;)blocks' "$(cat out.$format)"
done
validates check-1.json "$SEEP" check --lost --format=json blocks.recording
build abrupt gcc abrupt.c
"$SEEP" run --leaks-at-exit -o abrupt.recording -- ./abrupt 2>err
check_match "a program that calls _exit() is not looked at, which is said" 'no process was looked at when it ended' "$(cat err)"
check_match "nor is it within a budget" '^1 process: 0 over budget, 0 undecided, 0 within, 1 that no budget is for$' "$(cat err)"
"$SEEP" run --leaks-at-exit --only 'abr*' -o mixed.recording -- sh -c './abrupt; ./abrupt 7; true' 2>err
check_match "of several processes it is said how many are not" '^seep: lost at exit: 1 of 2 processes was not looked at when it ended' "$(cat err)"
check_match "programs that are not named are not held" '^3 processes: 1 over budget, .*, 1 of other programs$' "$(cat err)"
"$SEEP" run --leaks-at-exit -o abrupt.recording -- ./abrupt 7 2>err
check_equal "a program that fails keeps its status" 7 $?
check_match "and what it lost is told" 'FAIL  lost at exit' "$(cat err)"
"$SEEP" run --suppressions leaks.supp -- true 2>err
check_equal "suppressions alone are a mistake" 2 $?
"$SEEP" run --only abrupt -- true 2>err
check_equal "and so is a choice of programs" 2 $?
exit $cases_failed
