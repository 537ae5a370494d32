/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process is killed when the allocator has resized a block and the shim looks at the stack for the new sample: what
 * the block was before is what the recording has. A filter kills it there, on a stack where the walker asks the kernel.
 * Alone it kills itself, in the same way.
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>

#include "torture.h"

enum { BLOCK = 2 << 20, STACK = 256 << 10 };
void *rallocx(void *block, size_t size, int flags) __attribute__((weak));
size_t xallocx(void *block, size_t size, size_t extra, int flags) __attribute__((weak));
int mallctl(const char *name, void *old, size_t *bytes, void *value, size_t value_bytes) __attribute__((weak));

static struct truth_site *site;
static void *block;
static int way;

static long bare_call(long number, long a, long b, long c, long d)
{
	register long fourth __asm__("r10") = d, fifth __asm__("r8") = 0;
	long result;
	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth), "r"(fifth)
			 : "rcx", "r11", "memory");
	return result;
}

/* Kills whoever asks by rt_sigprocmask(-1) whether memory can be read; unseen, so that the shim goes on asking. */
static void forbid_questions(void)
{
	struct sock_filter filter[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_rt_sigprocmask, 0, 3),
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)-1, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
	bare_call(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0);
	EXPECT(bare_call(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, (long)&program, 0) == 0);
}

static SITE void site_resized(void)
{
	switch (way) {
	case -1:
		block = malloc(BLOCK);
		truth_allocated(site, BLOCK);
		return;
	case 0:
		block = realloc(block, 2 * BLOCK);
		return;
	case 1:
		block = reallocarray(block, 3, BLOCK / 4);
		return;
	case 2:
		block = rallocx(block, 2 * BLOCK, 0);
		return;
	default:
		xallocx(block, BLOCK / 2, 0, 0);
	}
}

/* Its caller's frame is several pages away, of which nothing is known yet. */
static void far_below(void)
{
	volatile char room[5 * 4096];
	room[0] = 1;
	site_resized();
	room[1] = 1;
}

/* On a thread of its own, where the keeper does not see the filter. */
static void *resize_there(void *unused)
{
	ucontext_t here, other;
	getcontext(&other);
	other.uc_stack.ss_sp =
	    mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	other.uc_stack.ss_size = STACK;
	other.uc_link = &here;
	makecontext(&other, far_below, 0);
	forbid_questions();
	swapcontext(&here, &other);
	kill(getpid(), SIGSYS);
	return unused;
}

static void child(int its_way)
{
	truth_begin_child();
	way = -1;
	site_resized();
	way = its_way;
	truth_write_own();
	pthread_join(start(resize_there, NULL), NULL);
}

int main(void)
{
	truth_directory = ".";
	site = truth_add("site_resized");
	for (int i = 0; i < (mallctl ? 4 : 2); i++) {
		fflush(stdout);
		pid_t pid = fork();
		if (pid == 0)
			child(i);
		wait_for(pid, "child");
	}
	return 0;
}
