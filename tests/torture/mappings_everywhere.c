/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program maps memory where a hook may have nothing to stand on: in a constructor, in signal handlers that interrupt such
 * calls, in a vfork and in a forked child, and behind a seccomp filter that kills whoever wakes a keeper, more often than any
 * ring has room for. Calls that fail give the errno that they give without us.
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include "torture.h"

#define PAGE ((size_t)4096)

static char *map(size_t pages, int flags)
{
	return mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
}

static char *of_constructor;

__attribute__((constructor)) static void before_main(void)
{
	of_constructor = map(3, 0);
	munmap(of_constructor + PAGE, PAGE);
	of_constructor[0] = 1;
}

static void say(const char *what, bool failed)
{
	printf("%s: %s\n", what, failed ? strerror(errno) : "fine");
	errno = 0;
}

static void expectations(void)
{
	char *there = map(2, 0);
	say("no length", mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
	say("no file", mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, -1, 0) == MAP_FAILED);
	say("an odd offset", mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, 0, 17) == MAP_FAILED);
	say("not over others",
	    mmap(there, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED);
	say("over others", mmap(there, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != there);
	say("far too long", mmap(NULL, (size_t)1 << 60, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
	say("an odd address", munmap(there + 1, PAGE) != 0);
	say("nothing there", munmap(there, 0) != 0);
	say("no room to grow", mremap(there + PAGE, PAGE, (size_t)1 << 60, 0) == MAP_FAILED);
	say("no segment", shmat(-1, NULL, 0) == (void *)-1);
	say("not attached", shmdt(there) != 0);
	say("all of memory", sbrk((intptr_t)1 << 60) == (void *)-1);
	char *end = sbrk(0);
	say("the break moves", sbrk(2 * PAGE) != end || brk(end) != 0 || sbrk(0) != end);
	errno = EXDEV;
	munmap(there, 2 * PAGE);
	printf("errno is %s\n", errno == EXDEV ? "kept" : "another");
}

static volatile sig_atomic_t handled;

static void handle(int number)
{
	(void)number;
	int before = errno;
	char *at = map(2, 0);
	at[0] = 1;
	munmap(at, 2 * PAGE);
	handled++;
	errno = before;
}

static void in_handlers(void)
{
	struct itimerval often = {{0, 300}, {0, 300}};
	signal(SIGALRM, handle);
	setitimer(ITIMER_REAL, &often, NULL);
	for (int i = 0; i < 2000000 && handled < 50; i++) {
		char *at = map(4, 0);
		at[3 * PAGE] = 1;
		at = mremap(at, 4 * PAGE, 8 * PAGE, MREMAP_MAYMOVE);
		munmap(at, 8 * PAGE);
	}
	setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);
	printf("handlers have mapped: %s\n", handled >= 50 ? "yes" : "no");
}

static void in_children(void)
{
	static char *volatile of_child;
	int status;
	pid_t child = vfork();
	if (child == 0) {
		of_child = map(1, 0);
		_exit(0);
	}
	waitpid(child, &status, 0);
	of_child[0] = 1; /* it shares the address space */
	munmap(of_child, PAGE);
	fflush(stdout);
	child = fork();
	if (child == 0) {
		munmap(of_constructor, PAGE);
		char *at = map(100, 0);
		at[0] = 1;
		allocate_and_free(10);
		exit(7);
	}
	waitpid(child, &status, 0);
	printf("the forked child ended with %d\n", WEXITSTATUS(status));
}

static void behind_a_filter(void)
{
	static const int allowed[] = {SYS_write, SYS_brk, SYS_mmap, SYS_munmap, SYS_mremap, SYS_exit_group};
	enum { COUNT = sizeof allowed / sizeof *allowed };
	struct sock_filter filter[2 * COUNT + 2] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))};
	for (size_t i = 0; i < COUNT; i++) {
		filter[2 * i + 1] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)allowed[i], 0, 1);
		filter[2 * i + 2] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	}
	filter[2 * COUNT + 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
	struct sock_fprog program = {2 * COUNT + 2, filter};
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		puts("no filter to be had");
	for (int i = 0; i < 5000; i++) {
		char *at = map(1, 0);
		at[0] = 1;
		munmap(at, PAGE);
	}
	puts("and behind a filter");
}

int main(void)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	expectations();
	in_handlers();
	in_children();
	allocate_and_free(100);
	behind_a_filter();
	return 0;
}
