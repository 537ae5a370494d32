#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Programs that are joined although something about them is odd, and odd moments of joining and leaving (docs/ATTACH.md).
# time limit: 300 s
. "$(dirname "$0")/lib.sh"

cat >library.c <<'END'
#include <stdlib.h>
#include <string.h>
void *hand_out(int bytes) { return memset(malloc(bytes), 1, bytes); }
END
cat >program.c <<'END'
#include <unistd.h>
void *hand_out(int bytes);
int main(void) { for (char c; read(0, &c, 1) == 1; write(1, &c, 1)) hand_out(700); return 7; }
END
# The same sources with other code in front, as the next version of a program has it.
next_version() { sed '1i __attribute__((used)) static int more(int x) { return x * x + x / 7; }' "$1"; }
build() { # FOLDER PROGRAM LIBRARY [OPTION]
	mkdir -p "$1"
	gcc -O1 -g -fno-builtin -shared -fPIC -o "$1/libhands.so" -x c - <<<"$3"
	gcc -O1 -g ${4:+"$4"} -o "$1/program" -x c - -L"$1" -lhands -Wl,-rpath,'$ORIGIN' <<<"$2"
}
build now "$(<program.c)" "$(<library.c)"
build next "$(next_version program.c)" "$(next_version library.c)"
build fixed "$(<program.c)" "$(<library.c)" -no-pie

begin() { converse "$1" && ask 1; }
ask() { printf "%$1s" '' >&5 && read -rt 100 -N "$1" _ <&6; } # for this many blocks
has_blocks() { # NAME RECORDING COUNT: all blocks are by the library's function, which has its name and its line
	"$SEEP" report --json "$2" >report.json 2>err
	check_equal "$1" "$3 hand_out 3" "$(json_get report.json "'%d %s %d' % (d['totals']['inuse_objects'],
		*[(f['function'], f['line']) for f in d['sites'][0]['stack'][:1]][0])")"
}
is_recorded() { # NAME RECORDING
	check "$1 is joined" "$SEEP" attach -r 1 -i 1h -o "$2" "$worker"
	ask 30
	has_blocks "$1: each block is counted, under its name" "$worker" 30
	check "$1 is left" "$SEEP" detach "$worker"
	has_blocks "$1: the recording has it all" "$2" 30
	exec 5>&-
}

begin fixed/program
is_recorded "a program that is not position-independent" fixed.rec
cp -r now gone
begin gone/program
rm -r gone
is_recorded "a program that was deleted with its library" gone.rec
cp -r now upgraded
begin upgraded/program
for file in program libhands.so; do mv next/$file upgraded/$file; done
is_recorded "a program that was replaced with its library by the next version" upgraded.rec
cp -r now allocator
cp -L /lib/x86_64-linux-gnu/libc.so.6 allocator
LD_LIBRARY_PATH=$WORK/allocator begin allocator/program
rm allocator/libc.so.6
is_recorded "a program whose C library was deleted" allocator.rec

if command -v go >/dev/null; then
	cat >with_c.go <<-'END'
		package main
		/*
		#include <stdlib.h>
		#include <string.h>
		static void *hand_out(void) { return memset(malloc(700), 1, 700); }
		*/
		import "C"
		import ("os"; "runtime")
		func main() {
			one := make([]byte, 1)
			for { if n, _ := os.Stdin.Read(one); n != 1 { return }; C.hand_out(); runtime.GC(); os.Stdout.Write(one) }
		}
	END
	if GOCACHE=$WORK/go.cache GO111MODULE=off go build -o with_c with_c.go 2>err; then
		begin ./with_c
		check "a Go program with C is joined" "$SEEP" attach -r 1 -i 1h -o with_c.rec "$worker"
		ask 30
		"$SEEP" report --json "$worker" >report.json 2>err
		check_equal "and what its C allocates is counted" 30 "$(json_get report.json \
			"sum(s['inuse_objects'] for s in d['sites'] if any('hand_out' in f['function'] for f in s['stack'][:1]))")"
		check "and left" "$SEEP" detach "$worker"
		check "and works on" ask 3
		exec 5>&-
	else
		skip "a Go program with C" "$(head -1 err)"
	fi
fi

# To leave a process, only such code has to run in it as may also run when it is joined again.
begin now/program
"$SEEP" attach -r 1 -i 1h -o stopped.rec "$worker" 2>err
ask 5
kill -STOP "$worker"
wait_until 10 grep -q "State:.T" "/proc/$worker/status"
check "a stopped process is left" "$SEEP" detach "$worker"
check_match "and still stopped" "State:.T" "$(cat "/proc/$worker/status")"
kill -CONT "$worker"
check "and works on" ask 3
has_blocks "with a whole recording" stopped.rec 5
exec 5>&-

# The keeper gets no processor for longer than a program waits for it at its end. Leaving waits for the last snapshot
# all the same.
attendant() {
	local pid
	for pid in $(pgrep -x seep-attendant); do
		! find "/proc/$pid/fd" -lname "$WORK/tmp/*" 2>/dev/null | grep -q . || ! grep -q "$WORK/slow.rec" "/proc/$pid/maps" || echo "$pid"
	done
}
begin now/program
"$SEEP" attach -r 1 -i 1h -o slow.rec "$worker" 2>err
"$SEEP" snapshot "$worker" >/dev/null 2>&1
ask 5
keeper=$(attendant)
check "the keeper is stopped" kill -STOP "$keeper"
"$SEEP" detach "$worker" 2>slow.err &
leaving=$!
records_no_more() { "$SEEP" report "$worker" 2>&1 | grep -q "is no longer recorded"; }
check "where the keeper stands still, the process is left" wait_until 20 records_no_more
read -rt 5.5 _ <>"$never"
kill -CONT "$keeper"
wait $leaving
check_match "and the last snapshot is waited for" "^0 seep: left $worker," "$? $(cat slow.err)"
has_blocks "which has it all" slow.rec 5
exec 5>&-

# The thread that is borrowed the second time has never allocated: it would get an arena of its own for it.
compile two_threads <<'END'
#include <pthread.h>
#include <unistd.h>
static void *waits(void *unused) { for (;;) pause(); return unused; }
int main(void)
{
	pthread_t thread;
	char byte;
	pthread_create(&thread, NULL, waits, NULL);
	write(1, "r", 1);
	for (ssize_t got = read(0, &byte, 1); got == 1; ) ;
}
END
converse ./two_threads
read -rt 100 -N 1 _ <&6
mappings() { wc -l <"/proc/$worker/maps"; }
"$SEEP" attach -o turn1.rec "$worker" 2>err && "$SEEP" detach "$worker" 2>>err
first=$(mappings)
echo -n x >&5 # its first thread runs from now on
"$SEEP" attach -o turn2.rec "$worker" 2>err && "$SEEP" detach "$worker" 2>>err
check_equal "a thread that never allocated does not for seep, either" "$first" "$(mappings)"
kill "$worker"
exec 5>&-

# It executes other programs and ends while it is joined: it ends as it would have without us, and seep prints one line.
compile restless <<'END'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	char left[16];
	for (int i = 0; i < 8; i++, usleep(500)) free(memset(malloc(700), 1, 700));
	snprintf(left, sizeof left, "%d", atoi(argv[1]) - 1);
	if (atoi(argv[1]) > 0) execl(argv[0], argv[0], left, NULL);
	return 5;
}
END
harmed="" odd=""
for ((i = 0; i < 20; i++)); do
	./restless 30 &
	restless=$!
	pids+=("$restless")
	read -rt "0.0$((RANDOM % 9))" _ <>"$never"
	output=$("$SEEP" attach -r 1K -o "restless.$i.rec" "$restless" 2>&1)
	[ $? != 3 ] || [[ $output =~ ^"seep: $restless".*(ended|"executed another"|"no such process"|"loader has not begun yet"|"no recording").*$ && $output != *$'\n'* ]] || odd+="$output"
	wait $restless || [ $? = 5 ] || harmed+="$? "
done
check_equal "who executes others meanwhile ends as it would have" "" "$harmed"
check_equal "and what is said where that was too late is one line of it" "" "$odd"

# A thread that waits for its child by vfork() stops when that has become another program, 40 ms later.
gcc -x c -O1 -pthread -o forks_by_vfork - <<'END'
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
static void *allocates(void *unused)
{
	for (;;) {
		free(malloc(100));
		usleep(3000);
	}
	return unused;
}
int main(void)
{
	pthread_t thread;
	char *arguments[] = {"true", NULL};
	pthread_create(&thread, NULL, allocates, NULL);
	for (int i = 0; i < 3000; i++) { /* two minutes, should nobody end it */
		pid_t child = vfork();
		if (!child) {
			usleep(40000);
			execv("/bin/true", arguments);
			_exit(1);
		}
		waitpid(child, NULL, 0);
		usleep(2000);
	}
	return 0;
}
END
background ./forks_by_vfork
wait_until 10 grep -q forks_by "/proc/$background_pid/maps"
is_tried_again() {
	rm -rf tried.rec
	"$SEEP" attach -o tried.rec "$background_pid" >tried 2>&1
	"$SEEP" detach "$background_pid" >>tried 2>&1
	grep -qE '\([0-9]+ (try|tries) before: not all of its threads stopped in time\)' tried
}
check "a stop that takes too long is given up, and tried again, which is said" wait_until 20 is_tried_again
exit $cases_failed
