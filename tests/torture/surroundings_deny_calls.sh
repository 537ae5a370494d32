# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A container's filter, or a file system, refuses any single one of the calls that making a recording takes: then there
# is no recording, or only a part of one, and the program has lost no time. (If a new directory was not ours, the shim
# once tried 10,000 names.)
# shellcheck disable=SC2154 # torture is run.sh's

cat >denied.c <<'C'
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include "torture.h"

static const struct call {
	const char *name;
	unsigned number;
} calls[] = {
#define CALL(name) {#name, SYS_##name},
    CALL(clock_gettime) CALL(clone) CALL(close_range) CALL(connect) CALL(execveat) CALL(faccessat) CALL(fallocate)
    CALL(fchmod) CALL(fcntl) CALL(flock) CALL(fstat) CALL(fstatfs) CALL(ftruncate) CALL(getdents64) CALL(geteuid)
    CALL(getpid) CALL(getppid) CALL(gettid) CALL(kill) CALL(linkat) CALL(madvise) CALL(mkdirat)
    CALL(prlimit64) CALL(pwrite64) CALL(readlinkat) CALL(recvmsg) CALL(renameat2) CALL(sched_setscheduler)
    CALL(sendto) CALL(setsid) CALL(socket) CALL(symlinkat) CALL(tgkill) CALL(uname) CALL(unlinkat)
};

/* LIBRARY PROGRAM: one line a call, what a program did that had it refused. */
static void refuse(const struct call *call, char **arguments)
{
	struct sock_filter filter[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call->number, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
	alarm(60);
	if (*arguments[1])
		setenv("LD_PRELOAD", arguments[1], 1);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		_exit(99);
	execl(arguments[2], arguments[2], NULL);
	_exit(98);
}

int main(int count, char **arguments)
{
	if (count < 3) { /* the program */
		allocate_and_free(10);
		pid_t child = fork();
		if (child == 0) {
			allocate_and_free(5);
			exit(3);
		}
		wait_for(child, "child");
		return 7;
	}
	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
		printf("%s: ", calls[i].name);
		fflush(stdout);
		pid_t child = fork();
		if (child == 0)
			refuse(&calls[i], arguments);
		wait_for(child, "program");
	}
	return 0;
}
C
gcc -std=gnu11 -D_GNU_SOURCE -O1 -pthread -I"$torture" -I"$ROOT/tests/e2e/programs" -o bin/denied denied.c
bin/denied "" "$WORK/bin/denied" >denied.alone
SEEP_RATE=1 SEEP_OUTPUT="$WORK/recordings/%c.%p" bin/denied "$SHIM" "$WORK/bin/denied" >denied.preload 2>said
check_equal "alone it does without any of them" "35" "$(grep -c 'exit 7' denied.alone)"
check_equal "so it does with libseep.so" "$(cat denied.alone)" "$(cat denied.preload)"
check "some are recorded nevertheless" test "$(ls -d recordings/*/ | wc -l)" -ge 20
"$SEEP" run -r 1 -o "$WORK/run/%c.%p" -- bin/denied "" "$WORK/bin/denied" >denied.run 2>said
check_equal "and under seep run" "$(cat denied.alone)" "$(cat denied.run)"
