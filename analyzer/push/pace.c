/* SPDX-License-Identifier: Apache-2.0 */
#include "push/pace.h"

#include "base/map.h"

#define SECOND_NS UINT64_C(1000000000)
#define WAIT_MOST_NS (60 * SECOND_NS)
enum { DOUBLINGS_MOST = 6 };

static uint64_t draw(uint64_t *state, uint64_t below)
{
	*state += UINT64_C(0x9e3779b97f4a7c15);
	return below ? hash_word(*state) % below : 0;
}

uint64_t pace_spacing(double hz)
{
	const double interval_ns = hz > 0 ? (double)SECOND_NS / hz : (double)PACE_INTERVAL_NS;

	return (uint64_t)(0.8 * interval_ns) + 1;
}

void pace_look(struct pace *pace, uint64_t now_ns, uint64_t spacing_ns)
{
	pace->slots = 0;
	/* slots have come closer together */
	if (!pace->due_ns || (!pace->failures && pace->due_ns > now_ns + spacing_ns))
		pace->due_ns = now_ns + draw(&pace->random, spacing_ns);
	if (now_ns < pace->due_ns)
		return;
	if (!spacing_ns) {
		pace->slots = UINT32_MAX;
		return;
	}
	const uint64_t came = (now_ns - pace->due_ns) / spacing_ns + 1, most = SECOND_NS / spacing_ns + 1;
	pace->due_ns += came * spacing_ns;
	pace->slots = (uint32_t)(came < most ? came : most);
}

bool pace_take(struct pace *pace)
{
	if (!pace->slots)
		return false;
	pace->slots--;
	return true;
}

void pace_note_answer(struct pace *pace)
{
	pace->failures = 0;
}

uint64_t pace_wait(uint64_t *random, uint32_t failures, uint64_t retry_ns)
{
	const uint64_t doubled = SECOND_NS << (failures < DOUBLINGS_MOST ? failures : DOUBLINGS_MOST),
		       wait_ns = doubled < WAIT_MOST_NS ? doubled : WAIT_MOST_NS;

	return retry_ns + wait_ns / 2 + draw(random, wait_ns);
}

void pace_note_failure(struct pace *pace, uint64_t now_ns, uint64_t retry_ns)
{
	const uint64_t until_ns = now_ns + pace_wait(&pace->random, pace->failures++, retry_ns);

	pace->slots = 0;
	pace->due_ns =
	    until_ns > pace->due_ns ? until_ns : pace->due_ns; /* nobody asks more often than it would send */
}

size_t pace_choose(const struct recording_entry *entries, size_t count, size_t from, uint64_t taken, uint64_t oldest_ns,
		   uint64_t *too_old)
{
	for (; from < count; from++) {
		const struct recording_entry *entry = &entries[from];
		if (entry->number <= taken)
			continue;
		if (!entry->time_ns || entry->time_ns >= oldest_ns) /* time 0: its header can't be read */
			return from;
		++*too_old;
	}
	return count;
}
