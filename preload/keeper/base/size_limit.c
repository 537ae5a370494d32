/* SPDX-License-Identifier: Apache-2.0 */
/* Writing without a signal: see size_limit.h. */
#include "keeper/base/size_limit.h"

#include <errno.h>
#include <signal.h>

#include "keeper/base/syscall.h"

#define OURS (SIGNAL_BIT(SIGXFSZ) | SIGNAL_BIT(SIGPIPE))

static uint64_t pending(void)
{
	uint64_t signals = 0;
	return system_call(SYS_rt_sigpending, (long)&signals, sizeof signals, 0, 0, 0, 0) == 0 ? signals & OURS : 0;
}

struct size_limit size_limit_enter(void)
{
	const uint64_t before = system_block_signals(OURS | SIGNAL_BIT(SIGTTOU));
	return (struct size_limit){.mask_before = before, .were_pending = pending()};
}

/* The signal that we caused is this thread's; the kernel hands it out before those of the process. A signal that
 * somebody else sent meanwhile is sent again. */
static void take_ours(uint64_t wanted)
{
	const struct timespec at_once = {0};
	siginfo_t info;
	long taken = system_call(SYS_rt_sigtimedwait, (long)&wanted, (long)&info, (long)&at_once, sizeof wanted, 0, 0);
	if (taken > 0 && info.si_pid != system_getpid())
		system_kill(system_getpid(), (int)taken);
}

void size_limit_leave(const struct size_limit *limit)
{
	const uint64_t came = pending() & ~limit->were_pending;
	if (came)
		take_ours(came);
	system_restore_signals(limit->mask_before);
}

uint64_t size_limit_bytes(void)
{
	struct rlimit limit;
	return system_limit(RLIMIT_FSIZE, &limit) == 0 ? limit.rlim_cur : UINT64_MAX;
}

long size_limit_check(uint64_t bytes)
{
	return bytes > size_limit_bytes() ? -EFBIG : 0;
}

long size_limit_write(int descriptor, const void *data, size_t bytes)
{
	struct size_limit limit = size_limit_enter();
	long written = system_write(descriptor, data, bytes);
	size_limit_leave(&limit);
	return written;
}
