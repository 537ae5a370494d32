/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/loop/exit_wait.h"

#include <errno.h>
#include <sys/prctl.h>

#include "keeper/base/atomics.h"
#include "keeper/base/clock.h"
#include "keeper/base/syscall.h"
#include "keeper/loop/request.h"
#include "keeper/program/lease.h"

#define EXIT_MOST_NS UINT64_C(150000000000)  /* more than a look takes */
#define EXIT_KEEPER_NS UINT64_C(30000000000) /* until there is a keeper: a short program may be faster */
#define EXIT_NAP_NS 20000000

void exit_wait(struct seep_heap_header *header)
{
	const uint64_t until_ns = clock_read_ns(CLOCK_MONOTONIC) + EXIT_MOST_NS;
	const uint64_t kept_until_ns = clock_read_ns(CLOCK_MONOTONIC) + EXIT_KEEPER_NS;
	const struct timespec nap = {.tv_nsec = EXIT_NAP_NS};
	uint32_t keeper = 0;
	store_release(&header->at_exit, SEEP_EXIT_WAITS);
	request_wake(header);
	for (uint64_t now_ns = 0; load_acquire(&header->at_exit) == SEEP_EXIT_WAITS && now_ns < until_ns;) {
		const uint32_t holder = lease_holder(header);
		if (holder != keeper && holder)
			system_call(SYS_prctl, PR_SET_PTRACER, holder, 0, 0, 0, 0);
		keeper = holder;
		now_ns = clock_read_ns(CLOCK_MONOTONIC);
		if (keeper ? system_call(SYS_kill, keeper, 0, 0, 0, 0, 0) == -ESRCH : now_ns > kept_until_ns)
			return; /* nobody is there who would look */
		system_futex_wait(&header->at_exit, SEEP_EXIT_WAITS, &nap);
	}
}
