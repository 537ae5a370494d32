/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which words of the stack may be read: see stack_window.h.
 */
#include "sample/stack_window.h"

#include <dlfcn.h>

#include "sample/memory_probe.h"

/* How far apart a thread's first captured frame and its thread control block may lie to be seen as one stack: pages. */
#define LEARN_PAGES 64

/* The initial thread, written once in the constructor. */
static uintptr_t initial_thread;
static uintptr_t initial_stack_end;

/* Lowest page of the thread's own stack that is known to be readable, without a gap up to the stack's end. Written by
 * its thread alone, its signal handlers included: any value it ever had stays true. */
static _Thread_local uintptr_t own_low;

static uintptr_t thread_control_block(void)
{
	return (uintptr_t)__builtin_thread_pointer();
}

/* Where the calling thread's own stack ends; a multiple of PROBE_PAGE. */
static uintptr_t own_end(void)
{
	uintptr_t thread = thread_control_block();
	return thread == initial_thread ? initial_stack_end : probe_page_of(thread + PROBE_PAGE - 1);
}

void stack_window_prepare(void)
{
	/* argc of the initial thread: above its outermost frame, below arguments and environment */
	void *const *stack_end = dlsym(RTLD_DEFAULT, "__libc_stack_end");
	if (!stack_end || system_getpid() != system_gettid())
		return;
	initial_stack_end = probe_page_of((uintptr_t)*stack_end + PROBE_PAGE);
	initial_thread = thread_control_block();
}

struct stack_window stack_window_open(const void *running)
{
	uintptr_t address = (uintptr_t)running, end = own_end();
	if (own_low && address >= own_low && address < end)
		return (struct stack_window){.low = own_low, .high = end};
	uintptr_t page = probe_page_of(address);
	return (struct stack_window){.low = page, .high = page + PROBE_PAGE, .first_page = page};
}

/* Adds one page; the window stays one range, so that a page elsewhere replaces it. */
static bool window_add_page(struct stack_window *window, uintptr_t page)
{
	if (page >= window->low && page < window->high)
		return true;
	if (!probe_page_readable(page))
		return false;
	if (page == window->high && window->high) {
		window->high = page + PROBE_PAGE;
	} else {
		window->first_page = window->high ? 0 : page;
		window->low = page;
		window->high = page + PROBE_PAGE;
	}
	uintptr_t end = own_end();
	if (own_low && window->high >= own_low && window->high <= end) { /* arrived on the stack that is known */
		window->high = end;
		if (window->first_page && window->first_page < own_low)
			own_low = window->first_page;
	}
	return true;
}

bool stack_window_extend(struct stack_window *window, uintptr_t address)
{
	if (address >= PROBE_LIMIT)
		return false;
	return window_add_page(window, probe_page_of(address)) &&
	       window_add_page(window, probe_page_of(address + sizeof(uintptr_t) - 1)) &&
	       stack_window_covers(window, address);
}

void stack_window_learn(const struct stack_window *window)
{
	uintptr_t end = own_end(), page = window->high;
	if (own_low || !window->first_page || window->first_page >= end ||
	    end - window->first_page > LEARN_PAGES * PROBE_PAGE)
		return;
	for (; page < end; page += PROBE_PAGE)
		if (!probe_page_readable(page))
			return;
	own_low = window->first_page;
}

bool stack_window_room(const void *running, uintptr_t bytes)
{
	struct stack_window window = stack_window_open(running);
	if (window.first_page)
		stack_window_learn(&window);
	uintptr_t address = (uintptr_t)running, end = own_end();
	if (!own_low || address >= end)
		return false;
	while (own_low > address - bytes) {
		if (!probe_page_readable(own_low - PROBE_PAGE))
			return false;
		own_low -= PROBE_PAGE;
	}
	return true;
}
