/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether memory can be read, asked without a risk: rt_sigprocmask with an
 * impossible `how` copies the set in and then refuses, so EINVAL means that it
 * was readable. No descriptor, no /proc, and no seccomp filter that lets a C
 * library work forbids it. 60 ns or so.
 */
#ifndef SEEP_SAMPLE_MEMORY_PROBE_H
#define SEEP_SAMPLE_MEMORY_PROBE_H

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/syscall.h"

#define PROBE_PAGE UINT64_C(4096)
#define PROBE_LIMIT (UINT64_C(1) << 47)

static inline uintptr_t probe_page_of(uintptr_t address)
{
	return address & ~(PROBE_PAGE - 1);
}

static inline bool probe_page_readable(uintptr_t page)
{
	if (page < PROBE_PAGE || page >= PROBE_LIMIT)
		return false;
	return system_call(SYS_rt_sigprocmask, -1, (long)page, 0, _NSIG / 8, 0, 0) == -EINVAL;
}

#endif
