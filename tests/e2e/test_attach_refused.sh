#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Who can be joined, and who is refused, with a line each (docs/ATTACH.md).
# time limit: 300 s
. "$(dirname "$0")/lib.sh"

refused_late() { # NAME PATTERN PID: it is refused in one line
	local output status
	output=$("$SEEP" attach "$3" 2>&1)
	status=$?
	[ "$(wc -l <<<"$output")" = 1 ] || output="more than a line: $output"
	check_match "refused: $1" "^3 seep: $3.*$2" "$status $output"
}
refused() { # and seep doctor says so, too
	check_match "foreseen: $1" "^fault .*$2" "$("$SEEP" doctor "$3" 2>&1)"
	refused_late "$@"
}
pauses='int main(void) { for (;;) __builtin_ia32_pause(); }'
for how in -static -static-pie; do
	gcc -x c $how -o "program$how" - <<<"$pauses"
	background "./program$how"
	wait_until 10 grep -q program "/proc/$background_pid/comm"
	refused "a program that was linked with $how" "statically linked" "$background_pid"
	kill "$background_pid"
done
gcc -x c -m32 -static -nostdlib -Wl,-e,main -o program32 - <<<"$pauses"
gcc -x c -fsanitize=address -o program_asan - <<<"$pauses"
background ./program_asan
wait_until 10 grep -q program "/proc/$background_pid/comm"
refused "a program under a sanitizer" "it runs under AddressSanitizer" "$background_pid"
kill "$background_pid"
background ./program32
if wait_until 2 grep -q program32 "/proc/$background_pid/comm"; then
	refused "a program of 32 bits" "a program for another machine \(i386\)" "$background_pid"
	kill "$background_pid"
else
	skip "a program of 32 bits" "this kernel runs none"
fi
if command -v go >/dev/null; then
	printf 'package main\nimport "time"\nfunc main() { time.Sleep(time.Hour) }\n' >program.go
	GOCACHE=$WORK/go.cache GO111MODULE=off CGO_ENABLED=0 go build -o program_go program.go
	background ./program_go
	wait_until 10 grep -q program "/proc/$background_pid/comm"
	refused "a Go program without C" "statically linked" "$background_pid"
	kill "$background_pid"
fi
compile has_a_zombie <<<'#include <unistd.h>
int main(void) { if (!fork()) _exit(0); for (;;) pause(); }'
background ./has_a_zombie
zombie=$(child_of "$background_pid")
wait_until 10 grep -q "State:.Z" "/proc/$zombie/status"
refused "a process that has ended" "has ended" "$zombie"
kill "$background_pid"
if [ "$(cat /proc/2/comm 2>/dev/null)" = kthreadd ]; then
	refused "a thread of the kernel" "it is a kernel thread" 2
fi
# A control group that is frozen, of both versions.
frozen=0
for state in unified/%/cgroup.freeze %/cgroup.freeze freezer/%/freezer.state; do
	group=/sys/fs/cgroup/${state//%/seep-attach.$$}
	mkdir "$(dirname "$group")" 2>/dev/null || continue
	background sleep 1000
	wait_until 10 grep -q sleep "/proc/$background_pid/comm"
	freeze=1 thaw=0
	[[ $state != freezer/* ]] || freeze=FROZEN thaw=THAWED
	if [ -e "$group" ] && echo "$background_pid" >"$(dirname "$group")/cgroup.procs" && echo $freeze >"$group"; then
		# which takes until the process has run once more
		wait_until 10 grep -qsx -e 'frozen 1' -e FROZEN "${group%/*}/cgroup.events" "$group"
		refused "a process that is frozen by ${state##*/}" "its control group is frozen" "$background_pid"
		echo $thaw >"$group"
		frozen=1
	fi
	kill "$background_pid"
	wait "$background_pid" 2>/dev/null
	rmdir "$(dirname "$group")"
done
[ $frozen = 1 ] || skip "a process that is frozen" "no control groups here"
background sleep 1000
stopped=$background_pid
kill -STOP "$stopped"
wait_until 10 grep -q "State:.T" "/proc/$stopped/status"
refused "a process that is stopped" "is stopped; continue it first" "$stopped"
background "$SEEP" run -o preloaded -- sleep 1000
preloaded=$(child_of "$background_pid")
refused_late "a process that was started with libseep.so" "was started with libseep.so" "$preloaded"
compile confined <<'END'
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>
#define DO(operation, source, value) BPF_STMT(BPF_ALU | BPF_##operation | BPF_##source, value)
#define OR_KILL(comparison, value) BPF_JUMP(BPF_JMP | BPF_##comparison | BPF_K, value, 1, 0), BPF_STMT(BPF_RET | BPF_K, 0)
int main(int argc, char **argv) { /* ANSWER to the system call NUMBER */
	struct sock_filter steps[] = {
		/* Arithmetic of every kind, which ends in 80: else the kernel would kill it, and so would seep think. */
		BPF_STMT(BPF_LD | BPF_IMM, 7), BPF_STMT(BPF_MISC | BPF_TAX, 0), DO(ADD, K, 3), DO(SUB, K, 2), DO(MUL, X, 0), DO(DIV, K, 4), DO(OR, K, 1),
		DO(AND, K, 13), DO(XOR, X, 0), DO(LSH, K, 3), DO(RSH, K, 1), DO(NEG, K, 0), BPF_STMT(BPF_ST, 3), BPF_STMT(BPF_LDX | BPF_MEM, 3),
		BPF_STMT(BPF_STX, 4), BPF_STMT(BPF_LD | BPF_IMM, 0), BPF_STMT(BPF_MISC | BPF_TXA, 0), DO(ADD, X, 0), DO(NEG, K, 0), OR_KILL(JGT, 79),
		OR_KILL(JGE, 80), OR_KILL(JSET, 16), OR_KILL(JEQ, 80), BPF_STMT(BPF_JMP | BPF_JA, 1), BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0), OR_KILL(JEQ, sizeof(struct seccomp_data)),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)atoi(argv[2]), 0, 1), BPF_STMT(BPF_RET | BPF_K, (unsigned)strtoul(argv[1], 0, 0)),
		BPF_STMT(BPF_LD | BPF_IMM, SECCOMP_RET_ALLOW), BPF_STMT(BPF_RET | BPF_A, 0)};
	struct sock_fprog filter = {sizeof steps / sizeof *steps, steps};
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	puts("confined");
	fflush(stdout);
	if (strcmp(argv[1], "strict")) prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter); else prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
	for (char c; read(0, &c, 1) > 0;) { memset(malloc(20000), 1, 20000); write(1, ".", 1); }
	return 5;
}
END
confined_begin() { # ANSWER NUMBER
	rm -f requests confined.out
	mkfifo requests
	exec 5<>requests
	./confined "$1" "$2" <&5 5>&- >confined.out &
	confined=$!
	pids+=("$confined")
	wait_until 10 grep -q confined confined.out && wait_until 10 grep -q "Seccomp:.[12]" "/proc/$confined/status"
}
confined_begin strict 0
refused "a process that has forbidden itself all calls" "seccomp" "$confined"
if [ "$(id -u)" = 0 ]; then
	confined_begin 0x80000000 319
	refused "a process whose filter kills for what joining takes" "its seccomp filter does not let it call memfd_create" "$confined"
	check "and it lives" kill -0 "$confined"
	confined_begin 0x00050001 257
	check "a process whose filter refuses without killing is joined" "$SEEP" attach -r 1 -i 1h -o confined "$confined"
	echo -n 12345 >&5
	wait_until 10 grep -q "confined" confined.out && wait_until 10 eval '[ "$(tail -c 5 confined.out)" = ..... ]'
	check_equal "and recorded" 5 "$("$SEEP" report --json "$confined" >report.json && json_get report.json "d['totals']['inuse_objects']")"
	"$SEEP" detach "$confined" 2>err
	check "and left, and lives" kill -0 "$confined"
fi
compile asked <<'END'
#include <fcntl.h>
#include <stdio.h>
#include <sys/fanotify.h>
#include <unistd.h>
int main(void) { puts(fanotify_init(FAN_CLASS_CONTENT, O_RDONLY) < 0 ? "not asked" : "asked"); fflush(stdout); for (;;) pause(); }
END
background ./asked >asked.out
wait_until 10 grep -q asked asked.out
if grep -qx asked asked.out; then
	refused "a process that answers whether files may be opened" "fanotify" "$background_pid"
else
	skip "a process that answers whether files may be opened" "it may not"
fi
compile forker <<'END'
#include <unistd.h>
int main(void) { if (!vfork()) for (;;) pause(); return 0; }
END
background ./forker
forker=$background_pid
child=$(child_of "$forker")
refused "a child by vfork()" "is a child by vfork\(\) and has its parent's memory" "$child"
refused "who waits for it" "waits in vfork\(\) for its child $child" "$forker"
kill -KILL "$child"
compile many_forks <<'END'
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>
static void *wait_long(void *unused)
{
	pause();
	return unused;
}
int main(void)
{
	pthread_t thread;
	pthread_create(&thread, NULL, wait_long, NULL);
	for (int i = 0; i < 2000; i++) {
		if (!vfork()) {
			usleep(40000);
			_exit(0);
		}
		wait(NULL);
	}
}
END
background ./many_forks
check "who waits for one such child after the other is joined" "$SEEP" attach -o many_forks.rec "$background_pid"
"$SEEP" detach "$background_pid" 2>err
kill "$background_pid"
traced_begin() { strace -o strace.out -p "$1" 2>strace.err & pids+=($!); wait_until 10 grep -q attached strace.err; }
if command -v strace >/dev/null; then
	background sleep 1000
	traced_begin "$background_pid"
	refused "a process that another traces" "process [0-9]+ traces it already" "$background_pid"
fi
compile odd <<'END'
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>
static void *work(void *unused) { for (;;) { free(memset(malloc(700), 1, 700)); usleep(1000); } return unused; }
int main(int argc, char **argv)
{
	pthread_t thread;
	if (!strcmp(argv[1], "headless") && pthread_create(&thread, NULL, work, NULL) == 0) pthread_exit(NULL);
	if (!strcmp(argv[1], "write-or-execute") && prctl(65, 1, 0, 0, 0) != 0) return 1; /* PR_SET_MDWE */
	work(NULL);
}
END
background ./odd headless
wait_until 10 grep -q "State:.Z" "/proc/$background_pid/status"
refused "a process whose first thread has ended" "its first thread has ended before the others" "$background_pid"
kill "$background_pid"
(ulimit -v 100000; exec ./odd "no room") &
pids+=($!)
wait_until 10 grep -q odd "/proc/$!/comm"
refused "a process without room for a recording" "its limit of address space leaves it [0-9]+ MiB, and a recording asks for [0-9]+ MiB" $!
kill $!
background ./odd write-or-execute
if wait_until 3 grep -q "odd" "/proc/$background_pid/comm" && kill -0 "$background_pid"; then
	check "a process that may map no page that is written and executed is joined" "$SEEP" attach -o careful "$background_pid"
	"$SEEP" detach "$background_pid" 2>err
	kill "$background_pid"
fi
if command -v musl-gcc >/dev/null; then
	echo '#include <unistd.h>
	int main(void) { for (;;) pause(); }' >pauses.c
	musl-gcc -o with_musl pauses.c
	background ./with_musl
	wait_until 10 grep -q with_musl "/proc/$background_pid/comm"
	refused "a program with musl" "its C library is musl" "$background_pid"
fi
if [ "$(id -u)" = 0 ]; then
	chmod 755 .
	background sleep 1000
	install -d -o nobody open
	output=$(setpriv --reuid nobody --regid nogroup --clear-groups "$SEEP" attach -o "$WORK/open/x" "$background_pid" 2>&1)
	check_match "refused: another user's process" "can't be joined: that needs the same user or CAP_SYS_PTRACE; ask as root" "$output"
	background setpriv --reuid nobody --regid nogroup --clear-groups sleep 1000
	wait_until 10 eval '[ "$(cat "/proc/$background_pid/comm")" = sleep ]'
	"$SEEP" attach -i 1s -o theirs "$background_pid" 2>err
	check_match "root joins it" "^0 " "$? $(cat err)"
	check "and has snapshots by the timer" wait_until 20 [ -e theirs/000002.seep ]
	"$SEEP" detach "$background_pid" 2>err
	mkdir -p root/lib64 root/lib/x86_64-linux-gnu root/tmp
	cp /lib64/ld-linux-x86-64.so.2 root/lib64 && cp /lib/x86_64-linux-gnu/libc.so.6 root/lib/x86_64-linux-gnu && cp /usr/bin/sleep root
	background chroot root /sleep 1000
	wait_until 10 eval '[ "$(cat "/proc/$background_pid/comm")" = sleep ]'
	check "a process in a root without /proc is joined" "$SEEP" attach -o inside "$background_pid"
	check_equal "nothing is left there" "" "$(ls root/tmp)"
	"$SEEP" detach "$background_pid" 2>err
	background unshare -p -m -f --mount-proc sleep 1000
	inner=$(child_of "$background_pid")
	wait_until 10 eval '[ "$(cat "/proc/$inner/comm")" = sleep ]'
	check "a process with its own mounts and process numbers is joined" "$SEEP" attach -o apart "$inner"
	"$SEEP" detach "$inner" 2>err
	kill "$inner"
fi
refused "a process that does not exist" "no such process" 4194305
check_match "seep doctor says that a process can be joined" "can be joined; 'seep attach [0-9]+' records it from now on" \
	"$(background sleep 1000; "$SEEP" doctor "$background_pid"; kill "$background_pid")"
check_match "and why it can't" "is stopped; continue it first" "$("$SEEP" doctor "$stopped")"
kill -CONT "$stopped"
exit $cases_failed
