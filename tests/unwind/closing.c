/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Modules come and go while stacks are captured.
 *
 *	closing SECONDS MODULE...
 *
 * Two threads open a module, capture through its frames, close it, and put
 * code made at run time where it was. Two more capture through the first
 * module, which stays open, and two through the program alone. The modules
 * differ in the sizes of their frames, but not in their code's addresses, and
 * the loader puts them where the last one was: a rule that outlives its module
 * gives wrong frames. Every function notes its return address, so that each
 * capture is checked. Prints what was done, exits 1 if a frame was wrong.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "plugin.h"
#include "shim/walker/walker_modules.h"
#include "support/shadow_stack.h"

static char **modules;
static int module_count;
static _Atomic bool stop;
static _Atomic unsigned long captures, opened, run_time, wrong, lost;
static _Thread_local struct captured captured;

#define MADE_CODES_CALLER 1 /* stands for a return address into run_jit_map() */

static void note(uintptr_t return_address)
{
	shadow.callers[shadow.depth++] = return_address;
}

static void forget(void)
{
	shadow.depth--;
}

static void run_jit_map(uintptr_t return_address);

static void check(void)
{
	captures++;
	for (size_t i = 0; i < captured.expected_depth && i < captured.unwinding.depth; i++)
		if (captured.expected[i] == MADE_CODES_CALLER && captured.frames[i] - (uintptr_t)run_jit_map < 1000)
			captured.expected[i] = captured.frames[i];
	if (captured.unwinding.end != UNWINDING_COMPLETE)
		lost++;
	if (shadow_agreement(&captured) != captured.expected_depth)
		wrong++;
}

static __attribute__((noinline)) int leaf(void)
{
	SHADOW_ENTER();
	captured.unwinder = &unwinder_walker;
	captured.limit = UNWINDER_FRAMES;
	shadow_capture(&captured);
	check();
	SHADOW_LEAVE();
	return 0;
}

static struct plugin_task task = {.note = note, .forget = forget, .leaf = leaf};

/* push %rbp; mov %rsp,%rbp; sub $32,%rsp; call *%rdi; leave; ret */
static const unsigned char frame_code[] = {0x55, 0x48, 0x89, 0xe5, 0x48, 0x83, 0xec, 0x20, 0xff, 0xd7, 0xc9, 0xc3};
#define FRAME_CALL 10 /* offset of the return address */

/* Runs code of our own, if the place is free, so that it calls from where a module called. */
static __attribute__((noinline)) void run_jit_map(uintptr_t return_address)
{
	SHADOW_ENTER();
	uintptr_t start = return_address - FRAME_CALL, page = start & ~UINT64_C(4095);
	void *place =
	    mmap((void *)page, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	if (place == (void *)page) {
		memcpy((void *)start, frame_code, sizeof frame_code);
		if (mprotect(place, 8192, PROT_READ | PROT_EXEC) == 0) {
			int (*function)(int (*)(void));
			memcpy(&function, &start, sizeof function);
			note(MADE_CODES_CALLER);
			function(leaf);
			forget();
			run_time++;
		}
		munmap(place, 8192);
	} else if (place != MAP_FAILED) {
		munmap(place, 8192);
	}
	SHADOW_LEAVE();
}

static void *open_and_close(void *seed)
{
	uint32_t random = (uint32_t)(uintptr_t)seed;
	while (!stop) {
		random = random * 1664525u + 1013904223u;
		void *module = dlopen(modules[(random >> 8) % (unsigned)module_count], RTLD_NOW | RTLD_LOCAL);
		if (!module)
			abort();
		int (*run)(struct plugin_task *);
		*(void **)&run = dlsym(module, "plugin_run");
		for (int i = 0; i < 3; i++)
			run(&task);
		uintptr_t return_address = captured.frames[1];
		dlclose(module);
		opened++;
		run_jit_map(return_address);
	}
	return NULL;
}

static void *capture_through_module(void *run)
{
	int (*function)(struct plugin_task *);
	*(void **)&function = run;
	while (!stop)
		function(&task);
	return NULL;
}

static void *capture_alone(void *ignored)
{
	while (!stop)
		leaf();
	return ignored;
}

int main(int count, char **arguments)
{
	if (count < 4 || !unwinder_walker.prepare())
		return 2;
	modules = arguments + 3;
	module_count = count - 3;
	void *steady = dlopen(arguments[2], RTLD_NOW | RTLD_LOCAL);
	if (!steady)
		return 2;
	pthread_t threads[6];
	for (uintptr_t i = 0; i < 2; i++) {
		pthread_create(&threads[i], NULL, open_and_close, (void *)(i + 1));
		pthread_create(&threads[2 + i], NULL, capture_through_module, dlsym(steady, "plugin_run"));
		pthread_create(&threads[4 + i], NULL, capture_alone, NULL);
	}
	nanosleep(&(struct timespec){.tv_sec = atoi(arguments[1])}, NULL);
	stop = true;
	for (unsigned i = 0; i < 6; i++)
		pthread_join(threads[i], NULL);
	printf(
	    "%lu captures, %lu modules opened, %u instances, %lu times code made in their place, %lu lost, %lu wrong\n",
	    captures, opened, module_instance_count(), run_time, lost, wrong);
	return wrong || lost || !opened || !run_time;
}
