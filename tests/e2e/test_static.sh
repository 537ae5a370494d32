#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# time limit: 300 s Allocators that are a part of the program (docs/ATTACH.md): attach --static and run --static hook
# them in place.
. "$(dirname "$0")/lib.sh"

P=$ROOT/tests/e2e/programs
link() { gcc -O2 -g -fno-builtin -o "$1" "${@:2}" -pthread; } # PROGRAM WHAT...

LIB=/usr/lib/x86_64-linux-gnu
link toy "$P/static_worker.c" "$P/toy_malloc.c"
link jemalloc -DALIGNED "$P/static_worker.c" $LIB/libjemalloc.a -lm -lstdc++ -ldl
link tcmalloc -DALIGNED "$P/static_worker.c" -Wl,--whole-archive $LIB/libtcmalloc_minimal.a -Wl,--no-whole-archive -lm -lstdc++
link tc -DPREFIX=tc_ "$P/static_worker.c" -Wl,--whole-archive $LIB/libtcmalloc_minimal.a -Wl,--no-whole-archive -lm -lstdc++
# Like Rust's tikv-jemallocator: beside the C library's.
nm -g --defined-only $LIB/libjemalloc.a 2>/dev/null |
	awk '$2 ~ /[TW]/ && $3 ~ /^(malloc|calloc|realloc|free|posix_memalign|aligned_alloc|memalign|valloc|mall.*|.*allocx)$/ { print $3, "_rjem_" $3 }' |
	sort -u >names
objcopy --redefine-syms=names $LIB/libjemalloc.a librjem.a
# Its names are in a debug file.
link bare -DALIGNED -DPREFIX=_rjem_ "$P/static_worker.c" librjem.a -lm -lstdc++ -ldl
objcopy --only-keep-debug bare bare.debug
objcopy --strip-all --add-gnu-debuglink=bare.debug bare
# MIMALLOC=DIR: its source (apt-get source mimalloc), since Debian has no archive of it.
if [ -e "${MIMALLOC:-}/src/static.c" ]; then
	gcc -O2 -DNDEBUG -DMI_MALLOC_OVERRIDE -I"$MIMALLOC/include" -c -o over.o "$MIMALLOC/src/static.c"
	gcc -O2 -DNDEBUG -I"$MIMALLOC/include" -c -o mi.o "$MIMALLOC/src/static.c"
	link mimalloc -DALIGNED "$P/static_worker.c" over.o
	link mi -DALIGNED -DPREFIX=mi_ "$P/static_worker.c" mi.o
fi
g++ -O2 -g -o operators "$P/static_operators.cc" -Wl,--whole-archive $LIB/libjemalloc.a -Wl,--no-whole-archive -pthread -ldl -lm

begin() { converse "$@" && read -rt 100 _ <&6; }

# Prints how many blocks of each function are in use and were allocated, and the same for all functions.
counts_in() { # RECORDING
	"$SEEP" report --json "$1" >report.json 2>err && json_get report.json "(' '.join('%s %d/%d' % (n,
		sum(s['inuse_objects'] for s in d['sites'] if any(f['function'].split('(')[0] == n for f in s['stack'])),
		sum(s['alloc_objects'] for s in d['sites'] if any(f['function'].split('(')[0] == n for f in s['stack'])))
		for n in ('leak', 'clear', 'align', 'grow', 'churn')) +
		' of %d/%d' % (d['totals']['inuse_objects'], d['totals']['alloc_objects']))"
}

# The worker's code differs from its file.
code_differs() {
	python3 - "$worker" <<'END'
import os, sys
pid = sys.argv[1]
file, memory = open(f"/proc/{pid}/exe", "rb").read(), os.open(f"/proc/{pid}/mem", os.O_RDONLY)
exe = os.readlink(f"/proc/{pid}/exe")
for line in open(f"/proc/{pid}/maps"):
    fields = line.split()
    if len(fields) > 5 and fields[5] == exe and "x" in fields[1]:
        start, end = (int(word, 16) for word in fields[0].split("-"))
        offset = int(fields[2], 16)
        print(*(hex(start + i) for i, (a, b) in enumerate(zip(os.pread(memory, end - start, start), file[offset:])) if a != b))
END
}

# NAME PROGRAM ALIGNED: everything that is allocated from joining to leaving is counted once; and again after joining
# anew.
joins_and_leaves() {
	local n=$3
	begin "./$2"
	tell all 5
	output=$("$SEEP" attach --static -r 1 -i 1h -o "$2.rec" "$worker" 2>&1)
	check_equal "$1: it is joined" "0 joined" "$? $(grep -o 'joined' <<<"$output")"
	tell all 20
	tell free 500
	check_equal "$1: each block is counted once, by its caller, and frees take it out" \
		"leak 20/20 clear 20/20 align $n/$n grow 10/60 churn 0/20 of $((50 + n))/$((120 + n))" "$(counts_in "$2.rec")"
	tell fork 9
	counted_child() { [ "$(counts_in "$2.rec.2" | grep -o 'leak [0-9/]*')" = "leak 9/9" ]; }
	check "$1: a child that it forks is counted, too" wait_until 10 counted_child "$@"
	"$SEEP" detach "$worker" 2>err
	check_equal "$1: it is left, and its code is its file's" "0 " "$? $(code_differs)"
	tell all 7
	check_equal "$1: what it does then is not counted" "leak 20/20" "$(counts_in "$2.rec" | grep -o 'leak [0-9/]*')"
	"$SEEP" attach --static -r 1 -i 1h -o "$2.again" "$worker" 2>err
	tell leak 12
	check_equal "$1: it is joined again, in a new recording" "leak 12/12" "$(counts_in "$2.again" | grep -o 'leak [0-9/]*')"
	"$SEEP" detach "$worker" 2>err
	echo "quit 0" >&5
	wait "$worker"
	check_equal "$1: it ends as it would have" 7 $?
}

begin ./toy
output=$("$SEEP" attach -o none "$worker" 2>&1)
check_equal "without --static it is said what helps" \
	"3 seep: $worker can't be joined: its allocator is a part of the program; add --static" "$? $output"
check_match "and seep doctor says so" "'seep attach --static $worker' records it from now on.*it will work$" \
	"$("$SEEP" doctor "$worker" 2>&1 | tr '\n' ' ' | sed 's/ $//')"
kill "$worker"
joins_and_leaves "a malloc of the program's own" toy 0
joins_and_leaves "jemalloc" jemalloc 20
joins_and_leaves "jemalloc by another name, which is in a debug file" bare 20
joins_and_leaves "tcmalloc" tcmalloc 20
joins_and_leaves "tcmalloc by its own names" tc 0
if [ -e mimalloc ]; then
	joins_and_leaves "mimalloc" mimalloc 20
	joins_and_leaves "mimalloc by its own names" mi 20
else
	skip "mimalloc" "MIMALLOC names no source of it"
fi

begin ./operators
"$SEEP" attach --static -r 1 -i 1h -o operators.rec "$worker" 2>err
tell all 20
tell fail 1 # a C++ exception is a block, too
check_equal "operators new and delete count once, and throw as before" \
	"leak 20/20 clear 20/20 align 20/20 grow 20/30 churn 0/40 of 80/131" "$(counts_in operators.rec)"
echo "quit 0" >&5
wait "$worker"
check_equal "and the program ends as it would have" 7 $?

# NAME PROGRAM ALIGNED
runs() {
	local n=$3
	output=$(printf 'all 20\nfree 500\nfork 9\nquit 0\n' | "$SEEP" run --static -r 1 -o "$2.run" "./$2" 2>&1)
	check_equal "$1: under seep run it is hooked before it begins, and nothing is said of a bypass" "7 0" \
		"$? $(grep -ci 'bypass\|not hooked' <<<"$output")"
	check_match "$1: all that it allocates is counted" \
		"leak 20/20 clear 20/20 align $n/$n grow 10/60 churn 0/20 of " "$(counts_in "$2.run")"
	check_equal "$1: and a child's" "leak 9/9" "$(counts_in "$2.run.2" | grep -o 'leak [0-9/]*')"
}
runs "a malloc of the program's own" toy 0
runs "jemalloc" jemalloc 20
runs "tcmalloc" tcmalloc 20
output=$("$SEEP" run --static -o no true 2>&1)
check_match "a program without an allocator in it runs, and it is said" "^0 seep: true: its allocator is not hooked: " "$? $output"
output=$("$SEEP" run --static -o no ./nonesuch 2>&1)
check_equal "where the program isn't there, that alone is said" "127 seep: ./nonesuch: not found" \
	"$? $output"

# Between seep's fork and the program's exec: a signal comes, or the kernel forbids tracing.
cat >exec.c <<'END'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#ifdef FORBIDDEN
long ptrace(int request, ...)
{
	(void)request;
	errno = EPERM;
	return -1;
}
#else
int execvpe(const char *file, char *const arguments[], char *const environment[])
{
	int (*next)(const char *, char *const[], char *const[]) = dlsym(RTLD_NEXT, "execvpe");
	raise(SIGWINCH);
	return next(file, arguments, environment);
}
#endif
END
gcc -shared -fPIC -o signalled.so exec.c -ldl
gcc -shared -fPIC -DFORBIDDEN -o forbidden.so exec.c
output=$(printf 'all 20\nquit 0\n' | LD_PRELOAD=$PWD/signalled.so timeout -s KILL 60 "$SEEP" run --static -r 1 -o signalled ./toy 2>&1)
check_equal "a signal before the exec is passed on, and the allocator is hooked" "7 0 leak 20/20" \
	"$? $(grep -ci 'bypass\|not hooked' <<<"$output") $(counts_in signalled | grep -o 'leak [0-9/]*')"
output=$(printf 'quit 0\n' | LD_PRELOAD=$PWD/forbidden.so timeout -s KILL 60 "$SEEP" run --static -o forbidden ./toy 2>&1)
check_match "where tracing is forbidden the program runs, and it is said" \
	"^7 .*seep: ./toy: its allocator is not hooked: it can't be traced: Operation not permitted" "$? $(tr '\n' ' ' <<<"$output")"

# A library's thread looks as if it would return into the program's malloc.
cat >way.c <<'END'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <unistd.h>
static _Atomic int stands;
static void *stand(void *function)
{
	volatile uintptr_t words[12];
	for (int i = 0; i < 12; i++)
		words[i] = (uintptr_t)function + 1 + (uintptr_t)i;
	for (stands = 1;;)
		pause();
	return (void *)words[0];
}
__attribute__((constructor)) static void begin(void)
{
	pthread_t thread;
	pthread_create(&thread, NULL, stand, dlsym(RTLD_DEFAULT, "malloc"));
	while (!stands)
		usleep(1000);
}
END
cat >aligned.c <<'END'
#include <stdlib.h>
int main(void)
{
	void *given;
	return posix_memalign(&given, 64, 1000) ? 1 : malloc(10) ? 7 : 0; /* the first is the C library's */
}
END
gcc -O1 -shared -fPIC -o way.so way.c -pthread -ldl
link aligned aligned.c "$P/toy_malloc.c" -Wl,--no-as-needed ./way.so
output=$("$SEEP" run --static -r 1 -o way ./aligned 2>&1)
check_match "where a thread stands in the way it is said" "^7 .*its allocator is not hooked: a thread of it is in the way" \
	"$? $(tr '\n' ' ' <<<"$output")"
check_match "and the recording says that it is bypassed" "note: bypassed: ./aligned" "$("$SEEP" report way 2>&1)"

# Busy threads, joined and left again and again, also by an injector that is killed at any moment.
link churn "$P/static_churn.c" $LIB/libjemalloc.a -lm -lstdc++ -ldl
churns() { # NAME PROGRAM
	local i left attendant
	"./$2" >"$2.out" &
	worker=$!
	pids+=("$worker")
	sleep 0.2
	for i in 1 2; do
		"$SEEP" attach --static -r 64K -o "$2.$i" "$worker" 2>>"$2.err" && "$SEEP" detach "$worker" 2>>"$2.err"
	done
	check_equal "$1: threads at work are joined and left" "2 2" "$(grep -c joined "$2.err") $(grep -c left "$2.err")"
	for i in 1 2 3 4; do
		"$SEEP" attach --static -r 64K -o "$2.shot.$i" "$worker" 2>err &
		left=$!
		sleep "0.0$((RANDOM % 10))$((RANDOM % 10))"
		read -r attendant _ 2>/dev/null <"/proc/$left/task/$left/children"
		kill -KILL ${attendant:+"$attendant"} "$left" 2>/dev/null
		wait "$left" 2>/dev/null
		"$SEEP" detach "$worker" 2>err
		kill -0 "$worker" || break
	done
	worked() { "$SEEP" attach --static -r 64K -o "$2.last" "$worker" 2>err && "$SEEP" detach "$worker" 2>err; }
	check "$1: and outlive an injector that is killed at any moment, and are joined and left again" worked "$@"
	check_equal "$1: with their code as it was" "" "$(code_differs)"
	kill "$worker"
	wait "$worker"
	check_equal "$1: with their blocks as they were" "0 yes" "$? $([ "$(cat "$2.out")" -gt 1000 ] && echo yes)"
}
churns "jemalloc" churn # make soak-attach does more of them
exit $cases_failed
