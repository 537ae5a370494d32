/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of the stack that may be read: see stack_window.h.
 */
#include "shim/sample/stack_window.h"

#include <sys/resource.h>

#include "keeper/base/atomics.h"
#include "keeper/base/syscall.h"
#include "keeper/elf/image.h"
#include "shim/sample/memory_probe.h"

/* How far beyond its first page a stack is followed that is not the thread's own. */
#define ASK_PAGES 256

/* No stack is deeper than this where the kernel promises nothing (no limit). */
#define INITIAL_STACK_BYTES (UINT64_C(1) << 30)

/* The initial thread's stack, written once in the constructor. */
static uintptr_t initial_thread;
static uintptr_t initial_stack_low, initial_stack_end;

/* The program has asked for other memory in the room that the initial thread's stack may grow into. */
static _Atomic bool room_is_shared;

/* Size of glibc's thread control block, which glibc tells debuggers; 0: unknown. */
static uint32_t block_bytes;

/* Lowest address of the thread's own stack that is known to be readable, without a gap up to the stack's end. For
 * the initial thread, whose stack grows, that is the lowest page that it was seen on; for others it is the whole
 * stack. 0: not looked for, UNKNOWN: not found. Only its thread writes it, signal handlers included: any value that
 * it ever had stays true. */
static _Thread_local uintptr_t own_low;
#define UNKNOWN UINTPTR_MAX

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
	/* the address of argc, above the initial thread's outermost frame and below arguments and environment */
	void *const *stack_end = image_address(IMAGE_LOADER, "__libc_stack_end");
	const uint32_t *bytes = image_address(IMAGE_LIBC, "_thread_db_sizeof_pthread");
	struct rlimit limit;
	block_bytes = bytes && *bytes <= PROBE_PAGE ? *bytes : 0;
	if (!stack_end || system_getpid() != system_gettid())
		return;
	initial_stack_end = probe_page_of((uintptr_t)*stack_end + PROBE_PAGE);
	initial_stack_low = probe_page_of((uintptr_t)*stack_end);
	if (system_call(SYS_prlimit64, 0, RLIMIT_STACK, 0, (long)&limit, 0, 0) == 0)
		initial_stack_low =
		    initial_stack_end - (limit.rlim_cur < INITIAL_STACK_BYTES ? limit.rlim_cur : INITIAL_STACK_BYTES);
	initial_thread = thread_control_block();
}

/* The lowest address of the stack that this control block lies on top of. UNKNOWN: the block is not glibc's, or lies
 * on no stack. */
static uintptr_t find_stack(uintptr_t block)
{
	const stack_word *words = (const stack_word *)block;
	const uintptr_t last = probe_page_of(block + block_bytes - 1);
	if (last != probe_page_of(block) && !probe_page_readable(last))
		return UNKNOWN; /* a thread that the program made by itself may have a smaller block */
	for (uint32_t i = 0; i + 2 < block_bytes / sizeof *words; i++) {
		uintptr_t start = words[i], bytes = words[i + 1], guard = words[i + 2];
		uintptr_t above = start + bytes - (block + block_bytes); /* bytes lost to alignment */
		/* the second match counts: by chance, a number and an address may add up once */
		if (start < block && bytes <= start && above < PROBE_PAGE && guard < bytes && guard % PROBE_PAGE == 0)
			return probe_page_of(start + guard + PROBE_PAGE - 1);
	}
	return UNKNOWN;
}

/* Does the initial thread's stack reach down to this page from what is known of it? */
static bool initial_reaches(uintptr_t page, uintptr_t known)
{
	if (load_relaxed(&room_is_shared))
		for (; page < known; page += PROBE_PAGE)
			if (!probe_page_readable(page))
				return false;
	return true;
}

/* Is this stack pointer, which the thread has used, on its own stack? */
static bool own_contains(uintptr_t address, uintptr_t end)
{
	uintptr_t thread = thread_control_block();
	if (own_low == UNKNOWN)
		return false;
	if (thread == initial_thread) {
		const uintptr_t page = probe_page_of(address);
		if (address < initial_stack_low || address >= end)
			return false;
		if (own_low && address >= own_low)
			return true;
		if (!initial_reaches(page, own_low ? own_low : end))
			return false;
		own_low = page;
		return true;
	}
	if (own_low == 0)
		own_low = find_stack(thread);
	return address >= own_low && address < end;
}

struct stack_window stack_window_open(const void *running)
{
	uintptr_t address = (uintptr_t)running, end = own_end();
	if ((own_low && address >= own_low && address < end) || own_contains(address, end))
		return (struct stack_window){.low = own_low, .high = end, .own = true};
	uintptr_t page = probe_page_of(address);
	return (struct stack_window){.low = page, .high = page + PROBE_PAGE};
}

/* Adds a page on top of the window, or its first page. */
static bool window_add_page(struct stack_window *window, uintptr_t page)
{
	if (page >= window->low && page < window->high)
		return true;
	if (window->high && page != window->high)
		return false;
	if (window->fixed || window->asked == ASK_PAGES || !probe_page_readable(page))
		return false;
	window->asked++;
	window->low = window->high ? window->low : page;
	window->high = page + PROBE_PAGE;
	return true;
}

bool stack_window_extend(struct stack_window *window, uintptr_t address)
{
	uintptr_t last = address + sizeof(stack_word) - 1, end = own_end();
	if (address >= PROBE_LIMIT)
		return false;
	bool back = own_low && address >= own_low && last < end; /* on the thread's own stack */
	if (back && window->own) {
		window->low = own_low;
		window->high = end;
		return true;
	}
	if (window->own && window->high == end) /* whose end is known */
		return false;
	if (back && !window->fixed && (window->low < own_low || window->high > end))
		window->low = window->high = 0; /* the window begins anew there */
	for (uintptr_t page = window->high; page && page < probe_page_of(address); page += PROBE_PAGE)
		if (!window_add_page(window, page))
			return false;
	return window_add_page(window, probe_page_of(address)) && window_add_page(window, probe_page_of(last)) &&
	       stack_window_covers(window, address);
}

void stack_window_note_hole(const void *running, uintptr_t start, uintptr_t end)
{
	uintptr_t top = own_end();
	if (start < top && end > (uintptr_t)running && own_contains((uintptr_t)running, top))
		own_low = UNKNOWN;
}

void stack_window_note_wanted(uintptr_t start, uintptr_t end)
{
	if (start < initial_stack_end && end > initial_stack_low)
		store_relaxed(&room_is_shared, true);
}

bool stack_window_room(const void *running, uintptr_t bytes)
{
	uintptr_t address = (uintptr_t)running, end = own_end();
	if (!own_contains(address, end))
		return false;
	uintptr_t low = thread_control_block() == initial_thread ? initial_stack_low : own_low;
	return address - low >= bytes;
}
