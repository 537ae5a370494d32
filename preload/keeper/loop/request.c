/* SPDX-License-Identifier: Apache-2.0 */
/* Asking a running program for a snapshot: see request.h. */
#include "keeper/loop/request.h"

#include <errno.h>

#include "keeper/base/atomics.h"
#include "keeper/base/clock.h"
#include "keeper/base/fault.h"
#include "keeper/base/syscall.h"
#include "keeper/program/lease.h"
#include "keeper/program/owner.h"
#include "keeper/snapshot/write.h"

#define LOOK_NS UINT64_C(100000000) /* how often the waiting side looks whether the program is still there */

void request_wake(struct seep_heap_header *header)
{
	add_release(&header->wake, 1);
	system_futex_wake(&header->wake, INT32_MAX); /* others may wait for the lease */
}

static uint32_t post(struct seep_heap_header *header, enum seep_trigger trigger)
{
	store_relaxed(&header->request_trigger, trigger);
	return add_release(&header->requested, 1) + 1;
}

void request_post_silently(struct seep_heap_header *header, enum seep_trigger trigger)
{
	post(header, trigger);
	add_release(&header->wake, 1);
}

uint32_t request_post(struct seep_heap_header *header, enum seep_trigger trigger)
{
	uint32_t request = post(header, trigger);
	request_wake(header);
	return request;
}

bool request_pending(const struct seep_heap_header *header, uint32_t *request, enum seep_trigger *trigger)
{
	*request = load_acquire(&header->requested);
	uint32_t wanted = load_relaxed(&header->request_trigger);
	*trigger = wanted > SEEP_TRIGGER_UNKNOWN && wanted < SEEP_TRIGGER_COUNT ? wanted : SEEP_TRIGGER_REQUEST;
	return *request != load_relaxed(&header->answered);
}

void request_answer(struct seep_heap_header *header, uint32_t request, uint64_t number, int error)
{
	store_relaxed(&header->answer_number, number);
	store_relaxed(&header->answer_error, (uint32_t)error);
	store_release(&header->answered, request);
	system_futex_wake(&header->answered, INT32_MAX);
}

/* Waits until the request is answered. False: fault says why not. */
static bool answer_wait(const struct seep_heap_header *header, uint32_t request, uint64_t timeout_ns,
			struct seep_fault *fault)
{
	uint64_t start_ns = clock_read_ns(CLOCK_MONOTONIC);
	for (;;) {
		uint32_t answered = load_acquire(&header->answered);
		if ((int32_t)(answered - request) >= 0)
			return true;
		uint64_t waited_ns = clock_read_ns(CLOCK_MONOTONIC) - start_ns;
		if (!owner_is_alive(header))
			return fault_fill(fault, 0, ESRCH, "the program ended before its keeper answered");
		if (waited_ns >= timeout_ns)
			return fault_fill(fault, 0, ETIMEDOUT,
					  lease_is_live(header) ? "the keeper did not answer in time"
								: "the program has no keeper (it has not started yet, "
								  "or was stopped)");
		uint64_t left_ns = timeout_ns - waited_ns, nap_ns = left_ns < LOOK_NS ? left_ns : LOOK_NS;
		struct timespec nap = {.tv_nsec = (long)nap_ns};
		system_futex_wait(&header->answered, answered, &nap);
	}
}

bool seep_snapshot_request(struct seep_heap_view *view, uint64_t timeout_ns, char name[static 32],
			   struct seep_fault *fault)
{
	struct heap heap;
	if (!heap_bind(&heap, view->map, view->bytes, fault))
		return false;
	if (!view->writable)
		return fault_fill(fault, 0, EBADF, "the heap file was opened for reading only");
	if (!owner_is_alive(heap.header))
		return fault_fill(fault, 0, ESRCH, "the program has ended");
	if (load_acquire(&heap.header->phase) == SEEP_HEAP_COMPLETE)
		return fault_fill(fault, 0, ESRCH, "the program is ending: its last snapshot is there already");
	uint32_t request = request_post(heap.header, SEEP_TRIGGER_REQUEST);
	if (!answer_wait(heap.header, request, timeout_ns, fault))
		return false;
	int error = (int)load_relaxed(&heap.header->answer_error);
	if (error)
		return fault_fill(fault, 0, error, "the keeper could not write the snapshot");
	snapshot_name(name, load_relaxed(&heap.header->answer_number));
	return true;
}
