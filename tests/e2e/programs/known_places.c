/* SPDX-License-Identifier: Apache-2.0 */
/* Programs of known_blocks.c: where the references to blocks are. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <obstack.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <ucontext.h>
#include <unistd.h>

#include "known_blocks.h"

/* Memory of a thread's own: static, by key; and that of threads that have ended, whose stacks glibc keeps for
 * others. */
__thread void *local[N];
static pthread_key_t key;
static APART void keep_local(void)
{
	EACH(i) local[i] = filled(120);
}
static APART void keep_by_key(void)
{
	pthread_setspecific(key, table_make());
}
static APART void *keep_of_thread(void *unused)
{
	(void)unused;
	keep_local();
	stay();
	return local[0];
}
static APART void *lose_with_thread(void *unused)
{
	void *volatile mine[N];

	(void)unused;
	EACH(i) mine[i] = filled(130);
	EACH(i) local[i] = filled(140);
	return mine[0] == local[0] ? NULL : mine[1] == local[1] ? NULL : stdout;
}
void locals(void)
{
	pthread_key_create(&key, NULL);
	pthread_t ended = thread_make(lose_with_thread);
	pthread_join(ended, NULL);
	keep_by_key();
	thread_make(keep_of_thread);
	wait_there(1);
}

/* Blocks that only registers refer to: general ones and vector registers. */
static APART void *keep_in_register(void *unused)
{
	register void *block __asm__("r14") = filled(5000);
	register void *other __asm__("rbx") = filled(5001);
	long number;

	(void)unused;
	say_there();
	for (;;)
		__asm__ volatile("mov $34, %%eax\n\tsyscall"
				 : "=a"(number), "+r"(block), "+r"(other)
				 :
				 : "rcx", "r11", "memory");
	return block;
}
static APART void *keep_in_vector(void *unused)
{
	void *block = filled(5002);
	long number;

	(void)unused;
	__asm__ volatile("movq %0, %%xmm9\n\txor %0, %0" : "+r"(block) : : "xmm9");
	say_there();
	for (;;)
		__asm__ volatile("mov $34, %%eax\n\tsyscall" : "=a"(number) : : "rcx", "r11", "memory");
	return block;
}
static APART void lose_plainly(void)
{
	EACH(i)(void) * (volatile char *)filled(5003);
}
void registers(void)
{
	for (int i = 0; i < 5; i++)
		thread_make(keep_in_register), thread_make(keep_in_vector);
	wait_there(10);
	lose_plainly();
}

/* Other threads' stacks: many frames, and what frames that are gone have left below. */
static APART void *keep_in_frames(int depth)
{
	void *volatile mine = filled(150);

	if (depth)
		keep_in_frames(depth - 1);
	else
		stay();
	return mine;
}
static APART void *lose_in_frames(int depth)
{
	void *volatile mine = filled(160);

	if (depth)
		lose_in_frames(depth - 1);
	return mine;
}
static void *on_stack(void *unused)
{
	(void)unused;
	(void)*(volatile char *)lose_in_frames(N - 1);
	return keep_in_frames(N / 10);
}
void stacks(void)
{
	for (int i = 0; i < 5; i++)
		thread_make(on_stack);
	wait_there(5);
}

/* Fibers: their stacks are mapped, allocated, or a part of the program's data. One fiber is gone, with what it held. */
static ucontext_t outer, contexts[4];
static char static_stack[STACK];
static ucontext_t *self;
static APART void *keep_on_fiber(void)
{
	void *volatile mine[N];

	EACH(i) mine[i] = filled(170);
	swapcontext(self, &outer);
	return mine[0];
}
static APART void *lose_with_fiber(void)
{
	void *volatile mine[N];

	EACH(i) mine[i] = filled(180);
	swapcontext(self, &outer);
	return mine[0];
}
static void fiber_begin(int index, void *stack, void *(*run)(void))
{
	self = &contexts[index];
	getcontext(self);
	self->uc_stack.ss_sp = stack;
	self->uc_stack.ss_size = STACK;
	makecontext(self, (void (*)(void))run, 0);
	swapcontext(&outer, self);
}
void fibers(void)
{
	void *gone = map(MAP_PRIVATE);

	fiber_begin(0, map(MAP_PRIVATE), keep_on_fiber);
	fiber_begin(1, filled(STACK), keep_on_fiber);
	fiber_begin(2, static_stack, keep_on_fiber);
	fiber_begin(3, gone, lose_with_fiber);
	munmap(gone, STACK);
	memset(&contexts[3], 0, sizeof contexts[3]);
}

/* Memory that is mapped: private, shared, a file's, System V's, not given to children; and one that is unmapped. */
static APART void *keep_in_mapping(void **mapping)
{
	EACH(i) mapping[i] = filled(190);
	return mapping;
}
static APART void lose_with_mapping(void **mapping)
{
	EACH(i) mapping[i] = filled(200);
	munmap(mapping, STACK);
}
void mapped(void)
{
	const int file = memfd_create("known", 0), segment = shmget(IPC_PRIVATE, STACK, IPC_CREAT | 0600);
	void *apart = map(MAP_PRIVATE), *of_file, *attached = shmat(segment, NULL, 0);

	shmctl(segment, IPC_RMID, NULL);
	if (ftruncate(file, STACK) || madvise(apart, STACK, MADV_DONTFORK))
		abort();
	of_file = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	keep_in_mapping(map(MAP_PRIVATE)), keep_in_mapping(map(MAP_SHARED)), keep_in_mapping(of_file);
	keep_in_mapping(attached), keep_in_mapping(apart);
	lose_with_mapping(map(MAP_PRIVATE));
	mprotect(keep_in_mapping(map(MAP_PRIVATE)), STACK, PROT_NONE);
}

/* Data of a module that is loaded, and of one that was. */
static APART void keep_in_module(void *module)
{
	*(void **)dlsym(module, "held") = table_make();
}
static APART void lose_with_module(void *module)
{
	*(void **)dlsym(module, "held") = table_make();
}
void modules(const char *plugin, const char *other)
{
	void *loaded = dlopen(plugin, RTLD_NOW), *gone = dlopen(other, RTLD_NOW);

	if (!loaded || !gone)
		abort();
	keep_in_module(loaded), lose_with_module(gone);
	dlclose(gone);
}

/* Blocks that the C library keeps for a program. */
static struct obstack pool;
static void *search_root;
#define obstack_chunk_alloc malloc
#define obstack_chunk_free free
static int entries_compare(const void *left, const void *right)
{
	return (left > right) - (left < right);
}
static void on_end(int status, void *unused)
{
	(void)status, (void)unused;
}
static APART void keep_for_end(void)
{
	EACH(i) on_exit(on_end, filled(210));
}
static APART void keep_in_search(void)
{
	EACH(i) tsearch(filled(220), &search_root, entries_compare);
}
static APART void keep_in_pool(void)
{
	obstack_init(&pool);
	EACH(i)
	{
		void *entry = filled(230);
		obstack_grow(&pool, &entry, sizeof entry);
	}
}
static APART void keep_in_stream(void)
{
	FILE *stream = fopen("/dev/null", "w");

	setvbuf(stream, filled(8192), _IOFBF, 8192);
	fputs("text", stream);
}
static APART void keep_in_environment(void)
{
	EACH(i) if (i < 20)
	{
		char *text = filled(240);
		snprintf(text, 240, "NAME%d=value", i);
		putenv(text);
	}
}
static APART void lose_copies(void)
{
	EACH(i)(void) * (volatile char *)strdup("a text of which nobody keeps the copy");
}
void library(void)
{
	keep_for_end(), keep_in_search(), keep_in_pool(), keep_in_stream(), keep_in_environment(), lose_copies();
}
