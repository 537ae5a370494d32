/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which words of the stack may be read: no read of an unwinder faults.
 *
 * A capture holds a window [low, high) of readable memory that contains its
 * stack pointer. On a stack that the thread has been seen on, the window is
 * the thread's whole stack and costs two compares. Elsewhere (a thread's first
 * capture, deeper recursion than before, alternate stacks, fibers) it begins
 * as the page under the stack pointer, which is readable since we run on it,
 * and each page above is asked for (memory_probe.h).
 *
 * A thread's own stack ends at its thread control block, which glibc puts on
 * top of every stack that it starts a thread on, or, for the initial thread,
 * where the kernel put it. What lies between that end and the lowest page seen
 * stays mapped as long as the thread lives. It is remembered, in one word of
 * TLS, once a capture has found it readable without a gap. Nothing is
 * remembered of other stacks: they come and go.
 */
#ifndef SEEP_SAMPLE_STACK_WINDOW_H
#define SEEP_SAMPLE_STACK_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

/* A word of the program's stack, of whatever type it is there; garbage need not be aligned. */
typedef uintptr_t stack_word __attribute__((may_alias, aligned(1)));

struct stack_window {
	uintptr_t low, high;  /* readable: [low, high); none if they are equal */
	uintptr_t first_page; /* readable without a gap from here to high; 0 where that does not matter */
};

/* Finds the initial thread's stack. Constructor. */
void stack_window_prepare(void);

/* The window around an address of the stack that the calling thread runs on. */
struct stack_window stack_window_open(const void *running);

/* Moves the window over the word at this address; false if it is not readable. */
bool stack_window_extend(struct stack_window *window, uintptr_t address);

/* The outermost frame was found inside the window: remember the stack if it is the thread's own. */
void stack_window_learn(const struct stack_window *window);

/* True if this address is on the calling thread's own stack with so many bytes of stack below it. */
bool stack_window_room(const void *running, uintptr_t bytes);

static inline bool stack_window_covers(const struct stack_window *window, uintptr_t address)
{
	return address >= window->low && address < window->high && window->high - address >= sizeof(stack_word);
}

/* Reads the word at this address if it can be read. */
static inline bool stack_window_read(struct stack_window *window, uintptr_t address, uintptr_t *word)
{
	if (__builtin_expect(!stack_window_covers(window, address), 0) && !stack_window_extend(window, address))
		return false;
	*word = *(const stack_word *)address;
	return true;
}

#endif
