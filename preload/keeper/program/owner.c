/* SPDX-License-Identifier: Apache-2.0 */
/* See owner.h. */
#include "keeper/program/owner.h"

#include <string.h>

#include "keeper/base/atomics.h"
#include "keeper/base/clock.h"
#include "keeper/program/namespace.h"
#include "keeper/program/process.h"

bool owner_is_alive(const struct seep_heap_header *header)
{
	uint8_t boot_id[16];
	if (process_boot_id(boot_id) && memcmp(boot_id, header->boot_id, sizeof boot_id) != 0)
		return false;
	if (namespace_is_foreign(header)) {
		if (namespace_find(header->pid, header->start_ticks))
			return true;
		if (namespace_sees_all())
			return false;
		uint64_t seen_ns = load_relaxed(&header->alive_ns), now_ns = clock_read_ns(CLOCK_MONOTONIC);
		return seen_ns && (seen_ns > now_ns || now_ns - seen_ns < OWNER_FOREIGN_LIFE_NS);
	}
	return process_exists(header->pid, header->start_ticks);
}
