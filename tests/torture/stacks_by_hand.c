/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thread that the program made by clone(), with a thread block that is no larger than malloc needs and ends where its memory
 * does; and a stack that the program put into the room into which its own may grow, below a hole, run by code without
 * unwind information that keeps data in rbp.
 */
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "torture.h"

#define PAGE 4096ul

enum { BLOCK_BYTES = 128, STACK_PAGES = 8, BELOW_BYTES = 4 << 20 };

static volatile int done;
static volatile pid_t thread_id;

static int thread(void *unused)
{
	(void)unused;
	for (int i = 0; i < 100; i++)
		free((torture_hold = malloc(100)));
	done = 1;
	syscall(SYS_exit, 0);
	return 0;
}

static void *map(void *address, size_t bytes, int flags)
{
	void *mapped = mmap(address, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
	if (mapped == MAP_FAILED)
		abort();
	return mapped;
}

static void make_thread(void)
{
	const int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |
			  CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;
	char *memory = map(NULL, 256 * PAGE, 0), *stack = map(NULL, 64 * PAGE, 0);
	char *block = memory + 128 * PAGE - BLOCK_BYTES;
	munmap(memory + 128 * PAGE, 128 * PAGE);
	memcpy(block, &block, sizeof block);
	memcpy(block + 2 * sizeof block, &block, sizeof block);
	block[24] = 1; /* there are several threads */
	EXPECT(clone(thread, stack + 64 * PAGE - 64, flags, NULL, &thread_id, block, &thread_id) > 0);
	while (thread_id)
		usleep(1000);
	printf("thread: %d\n", done);
}

void allocate_there(void *stack, uintptr_t rbp);
__asm__(".text\n"
	".globl allocate_there\n"
	"allocate_there:\n"
	"	push %rbp\n"
	"	push %rbx\n"
	"	mov %rsp, %rbx\n"
	"	mov %rdi, %rsp\n"
	"	mov %rsi, %rbp\n"
	"	sub $8, %rsp\n"
	"	mov $100, %edi\n"
	"	call malloc@plt\n"
	"	mov %rax, %rdi\n"
	"	call free@plt\n"
	"	mov %rbx, %rsp\n"
	"	pop %rbx\n"
	"	pop %rbp\n"
	"	ret\n");

int main(void)
{
	char here;
	allocate_and_free(5);
	make_thread();
	char *below = (char *)(((uintptr_t)&here & ~(PAGE - 1)) - BELOW_BYTES);
	char *end = (char *)map(below, STACK_PAGES * PAGE, MAP_FIXED_NOREPLACE) + STACK_PAGES * PAGE;
	for (int i = 0; i < 10; i++)
		allocate_there(end - 64, (uintptr_t)end + i * PAGE + 64);
	allocate_and_free(5);
	puts("stack");
	return 0;
}
