/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks without a risk whether memory can be read: rt_sigprocmask with an
 * impossible `how` copies the set in and then refuses, so EINVAL means that it
 * was readable. It needs no descriptor and no /proc, and takes about 60 ns.
 *
 * It is a system call, which a program may have forbidden itself. So it is made
 * only where nothing else can tell (stacks that are not the thread's own,
 * modules while others are being closed, or once the program has taken a part
 * of one away), and never once the program has confined itself. Its answer holds for the moment: another thread may unmap
 * the memory before it is read. So no address is asked about that was guessed.
 */
#ifndef SEEP_SAMPLE_MEMORY_PROBE_H
#define SEEP_SAMPLE_MEMORY_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#define PROBE_PAGE UINT64_C(4096)
#define PROBE_LIMIT (UINT64_C(1) << 47)

static inline uintptr_t probe_page_of(uintptr_t address)
{
	return address & ~(PROBE_PAGE - 1);
}

/* Also false where no question is allowed. */
bool probe_page_readable(uintptr_t page);

/* The program has made a part of a module unreadable, as some do with their headers. Whoever reads modules asks from now on. */
void probe_note_hole(void);
bool probe_knows_holes(void);

/* From now on, in this process and its children, nothing is asked and every answer is no. */
void probe_forbid(void);

#endif
