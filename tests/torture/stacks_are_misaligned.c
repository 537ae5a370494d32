/* SPDX-License-Identifier: Apache-2.0 */
/*
 * torture: recordings=4
 * torture: allocators=glibc
 *
 * Hand-written assembly and old compilers call libc with a stack that is off by 8. malloc does not mind, so neither may
 * the shim: at every entry point, sampled, at the first sample of a process, in fork's child, before a filter, at exit.
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "torture.h"

/* function(a, b, c, d, e) with a stack that is 8 bytes off. */
long misaligned(void *function, long a, long b, long c, long d, long e);
__asm__(".text\nmisaligned:\n"
	"	pushq %rbp\n"
	"	movq %rsp, %rbp\n"
	"	andq $-16, %rsp\n"
	"	subq $8, %rsp\n"
	"	movq %rdi, %r11\n"
	"	movq %rsi, %rdi\n"
	"	movq %rdx, %rsi\n"
	"	movq %rcx, %rdx\n"
	"	movq %r8, %rcx\n"
	"	movq %r9, %r8\n"
	"	xorl %eax, %eax\n"
	"	call *%r11\n"
	"	leave\n"
	"	ret\n");
#define CALL(...) CALL_(__VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define CALL_(function, a, b, c, d, e, ...)                                                                            \
	misaligned((void *)(function), (long)(a), (long)(b), (long)(c), (long)(d), (long)(e))

static struct truth_site *site;
static void *got(long memory, size_t size)
{
	EXPECT(memory != 0);
	truth_allocated(site, size);
	torture_hold = (void *)memory;
	return (void *)memory;
}

static SITE void site_of_the_c_functions(void)
{
	void *memory = NULL;
	for (int i = 0; i < 50; i++) {
		memory = got(CALL(malloc, 100), 100);
		memory = got(CALL(realloc, memory, 5000), 5000);
		truth_freed(site, 100);
		memory = got(CALL(reallocarray, memory, 3, 9000), 27000);
		truth_freed(site, 5000);
		EXPECT(!CALL(realloc, memory, SIZE_MAX / 2) && !CALL(malloc, SIZE_MAX / 4));
		CALL(free, memory);
		truth_freed(site, 27000);
		got(CALL(calloc, 7, 11), 77);
		got(CALL(aligned_alloc, 64, 128), 128);
		got(CALL(memalign, 64, 129), 129);
		got(CALL(valloc, 130), 130);
		got(CALL(pvalloc, 131), 131);
		EXPECT(CALL(posix_memalign, &memory, 64, 132) == 0);
		got((long)memory, 132);
		EXPECT(CALL(malloc_usable_size, memory) >= 132);
	}
}

/* Names of allocators' own, which the shim stands in for where a program refers to them and there is none. */
#define OTHER_NAMES(X)                                                                                                 \
	X(mallocx, 201, 0, 0, 201)                                                                                     \
	X(tc_malloc, 202, 0, 0, 202)                                                                                   \
	X(tc_calloc, 3, 101, 0, 303)                                                                                   \
	X(tc_memalign, 64, 204, 0, 204)                                                                                \
	X(tc_new_nothrow, 205, 0, 0, 205)                                                                              \
	X(mi_malloc, 206, 0, 0, 206)                                                                                   \
	X(mi_zalloc_aligned, 207, 64, 0, 207)                                                                          \
	X(mi_strdup, (long)"seven..", 0, 0, 8)                                                                         \
	X(mi_realloc, 0, 208, 0, 208)                                                                                  \
	X(tc_realloc, 0, 209, 0, 209)                                                                                  \
	X(rallocx, 0, 210, 0, 210)
#define REFER(name, ...) extern __attribute__((weak)) void name(void);
OTHER_NAMES(REFER)

static SITE void site_of_other_names(void)
{
#define ROW(name, a, b, c, size) {#name, name, a, b, c, size},
	static const struct {
		const char *name;
		void (*function)(void);
		long a, b, c;
		size_t size;
	} calls[] = {OTHER_NAMES(ROW)};
	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
		long a = calls[i].a;
		if (!calls[i].function) /* not recorded */
			continue;
		if (!strcmp(calls[i].name, "rallocx")) {
			a = CALL(malloc, 10);
			truth_allocated(site, 10);
			truth_freed(site, 10);
		}
		got(CALL(calls[i].function, a, calls[i].b, calls[i].c), calls[i].size);
	}
}

static SITE void *run(void *unused)
{
	got((long)malloc(300), 300); /* glibc makes an arena for it, which does mind */
	got(CALL(malloc, 300), 300);
	return unused;
}

static void end_in_a_child(int way)
{
	pid_t child = (pid_t)CALL(fork);
	if (child) {
		wait_for(child, "a child");
		return;
	}
	CALL(free, CALL(malloc, 1000));
	struct sock_filter all = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = {1, &all};
	CALL(prctl, PR_SET_NO_NEW_PRIVS, 1);
	if (way == 0)
		EXPECT(CALL(prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
	if (way == 1)
		EXPECT(CALL(syscall, SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0);
	EXPECT((int)CALL(unshare, CLONE_FILES) == 0 && CALL(syscall, SYS_unshare, CLONE_FILES) == 0);
	EXPECT((int)CALL(setns, -1, 0) == -1);
	CALL(free, CALL(malloc, 1000));
	fflush(stdout);
	CALL(exit, way);
}

int main(void)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	truth_directory = ".";
	site = truth_add("site_of_the_c_functions");
	site_of_the_c_functions();
	site = truth_add("site_of_other_names");
	site_of_other_names();
	site = truth_add("run");
	pthread_join(start(run, NULL), NULL);
	for (int way = 0; way < 3; way++)
		end_in_a_child(way);
	truth_write("end");
	puts("done");
	CALL(exit, 5);
}
