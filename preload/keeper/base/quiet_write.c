/* SPDX-License-Identifier: Apache-2.0 */
/* Writing without a signal: see quiet_write.h. */
#include "keeper/base/quiet_write.h"

#include <signal.h>

#include "keeper/base/syscall.h"

#define OURS (SIGNAL_BIT(SIGXFSZ) | SIGNAL_BIT(SIGPIPE))

static uint64_t pending(void)
{
	uint64_t signals = 0;
	return system_call(SYS_rt_sigpending, (long)&signals, sizeof signals, 0, 0, 0, 0) == 0 ? signals & OURS : 0;
}

struct quiet_write quiet_write_enter(void)
{
	const uint64_t before = system_block_signals(OURS | SIGNAL_BIT(SIGTTOU));
	return (struct quiet_write){.mask_before = before, .were_pending = pending()};
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

void quiet_write_leave(const struct quiet_write *quiet)
{
	const uint64_t came = pending() & ~quiet->were_pending;
	if (came)
		take_ours(came);
	system_restore_signals(quiet->mask_before);
}

long quiet_write(int descriptor, const void *data, size_t bytes)
{
	struct quiet_write quiet = quiet_write_enter();
	long written = system_write(descriptor, data, bytes);
	quiet_write_leave(&quiet);
	return written;
}
