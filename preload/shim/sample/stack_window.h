/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of the stack that may be read, so that no read of an unwinder
 * faults.
 *
 * A capture holds a window [low, high) of readable memory that contains its
 * stack pointer. On the thread's own stack the window is all of the stack that
 * is known to be there, and a check costs two compares. On other stacks
 * (alternate stacks, fibers) the window begins as the page under the stack
 * pointer, which is readable since we run on it. The kernel is asked about each
 * page above it (memory_probe.h), one after the other and up to a limit. That
 * holds for the pages of the thread's own stack, too: a program that went on
 * elsewhere for good may have given them back.
 *
 * A thread's own stack ends at its thread control block, which glibc puts on
 * top of every stack that it starts a thread on; the initial thread's ends
 * where the kernel put it. Its beginning is known without a system call:
 *
 *	the initial thread's	the kernel keeps RLIMIT_STACK, as it was at the
 *		program's start, free of other mappings below the stack's end;
 *		what lies above a stack pointer in there is stack, unless the
 *		program has asked for memory at an address in there
 *	other threads'		glibc keeps start, size and guard of the block
 *		that it gave (or was given) in the thread control block. That
 *		is not an interface; so it is found by what it must be: it encloses
 *		the control block and ends where that ends
 *
 * One word of TLS remembers it. Nothing is remembered of other stacks: they
 * come and go.
 */
#ifndef SEEP_SAMPLE_STACK_WINDOW_H
#define SEEP_SAMPLE_STACK_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

/* A word of the program's stack, of whatever type it is there; garbage need not be aligned. */
typedef uintptr_t stack_word __attribute__((may_alias, aligned(1)));

struct stack_window {
	uintptr_t low, high; /* [low, high) is readable; nothing if they are equal */
	bool own;            /* the thread runs on its own stack, so that all of it is there */
	uint16_t asked;      /* pages that the kernel was asked about */
	bool fixed;          /* the kernel is not asked: an address that was guessed may lie in anybody's memory */
};

/* Finds the initial thread's stack. Constructor. */
void stack_window_prepare(void);

/* The window around an address of the stack that the calling thread runs on. */
struct stack_window stack_window_open(const void *running);

/* Moves the window over the word at this address. False: the word is not known to be readable. */
bool stack_window_extend(struct stack_window *window, uintptr_t address);

/* The calling thread makes this memory unreadable: if it is a part of its stack above where it runs, that is no longer known to
 * be there. */
void stack_window_note_hole(const void *running, uintptr_t start, uintptr_t end);

/* The program asks for memory at these addresses. If they are in the room of the initial thread's stack, what lies above a stack
 * pointer in there may be another stack, or a hole, from now on. */
void stack_window_note_wanted(uintptr_t start, uintptr_t end);

/* True if this address is on the calling thread's own stack with so many bytes of stack below it. */
bool stack_window_room(const void *running, uintptr_t bytes);

static inline bool stack_window_covers(const struct stack_window *window, uintptr_t address)
{
	return address >= window->low && address < window->high && window->high - address >= sizeof(stack_word);
}

/* AddressSanitizer knows variables; a page that a stack ends in may have others behind it, and may be read all the same. */
#ifdef __SANITIZE_ADDRESS__
#define READS_WHOLE_PAGES __attribute__((no_sanitize_address))
#else
#define READS_WHOLE_PAGES
#endif

/* Reads the word at this address. False: it cannot be read. */
static inline READS_WHOLE_PAGES bool stack_window_read(struct stack_window *window, uintptr_t address, uintptr_t *word)
{
	if (__builtin_expect(!stack_window_covers(window, address), 0) && !stack_window_extend(window, address))
		return false;
	*word = *(const stack_word *)address;
	return true;
}

#endif
