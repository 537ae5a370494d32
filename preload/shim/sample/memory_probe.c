/* SPDX-License-Identifier: Apache-2.0 */
/* Asks the kernel whether memory can be read: see memory_probe.h. */
#include "shim/sample/memory_probe.h"

#include <errno.h>
#include <signal.h>

#include "keeper/base/atomics.h"
#include "keeper/base/syscall.h"

static _Atomic bool forbidden, holes;

bool probe_page_readable(uintptr_t page)
{
	if (page < PROBE_PAGE || page >= PROBE_LIMIT || load_relaxed(&forbidden))
		return false;
	return system_call(SYS_rt_sigprocmask, -1, (long)page, 0, _NSIG / 8, 0, 0) == -EINVAL;
}

void probe_note_hole(void)
{
	store_relaxed(&holes, true);
}

bool probe_knows_holes(void)
{
	return load_relaxed(&holes);
}

void probe_forbid(void)
{
	store_relaxed(&forbidden, true);
}
