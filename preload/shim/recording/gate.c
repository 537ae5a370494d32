/* SPDX-License-Identifier: Apache-2.0 */
/* The gate's page: see gate.h. */
#include "shim/recording/gate.h"

#include <errno.h>
#include <pthread.h>

#include "keeper/base/entry.h"
#include "keeper/base/syscall.h"

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif

seep_atomic32 *gate_word;

/* The page's words besides the gate. */
enum {
	GATE_ORIGIN = 1,  /* 1 from the constructor on; 0 in a forked copy */
	GATE_ERA = 2,     /* 0 in a forked copy until somebody asks for it */
	GATE_REFUSED = 3, /* samples that the claimant's thread has come with since */
	GATE_CLAIM = 4,   /* two words: the number of the last claim, and its thread, which is 0 once it is settled */
	GATE_FRAME = 6,   /* two words */
};
#define REFUSALS 64

static _Atomic uint32_t last_era = 1; /* copied by fork */

static ENTRY void close_in_child(void)
{
	store_relaxed(&gate_word[GATE_ORIGIN], 0);
	store_relaxed(&gate_word[GATE_ERA], 0);
	store_release(gate_word, GATE_CLOSED);
}

bool gate_is_in_forked_child(void)
{
	return gate_word && load_relaxed(&gate_word[GATE_ORIGIN]) == 0;
}

uint8_t gate_era(void)
{
	uint32_t era = gate_word ? load_relaxed(&gate_word[GATE_ERA]) : 1;
	if (era)
		return (uint8_t)era;
	uint32_t next = load_relaxed(&last_era) % 255 + 1;
	if (!atomic_compare_exchange_strong_explicit(&gate_word[GATE_ERA], &era, next, memory_order_relaxed,
						     memory_order_relaxed))
		return (uint8_t)era; /* it is another thread's */
	store_relaxed(&last_era, next);
	return (uint8_t)next;
}

static seep_atomic64 *two_words(int first)
{
	return (seep_atomic64 *)(void *)&gate_word[first];
}

static uint64_t claim_word(uint32_t number, uint32_t thread)
{
	return (uint64_t)number << 32 | thread;
}

static bool claim_change(uint64_t from, uint64_t to)
{
	return atomic_compare_exchange_strong_explicit(two_words(GATE_CLAIM), &from, to, memory_order_acq_rel,
						       memory_order_relaxed);
}

/* No asynchronous signal reaches a claimant. So a claimant of this thread whose frame is not above us has left it by
 * the handler of a fault. */
static bool is_abandoned(uint32_t claimant, uint32_t self, const void *frame)
{
	if (!claimant)
		return false;
	if (claimant == self)
		return (uintptr_t)frame >= load_relaxed(two_words(GATE_FRAME)) ||
		       add_relaxed(&gate_word[GATE_REFUSED], 1) >= REFUSALS;
	return system_call(SYS_tgkill, system_getpid(), claimant, 0, 0, 0, 0) == -ESRCH;
}

/* Claim and claimant are one word, read before anything else: a claimant that settles, or ends, while we look for it has
 * changed that word. */
uint32_t gate_claim(const void *frame)
{
	const uint64_t before = load_acquire(two_words(GATE_CLAIM));
	const uint32_t number = (uint32_t)(before >> 32) + 1, self = (uint32_t)system_gettid();
	uint32_t state = GATE_CLOSED;
	bool first = atomic_compare_exchange_strong_explicit(gate_word, &state, GATE_OPENING, memory_order_acquire,
							     memory_order_relaxed);
	if (!first && (state != GATE_OPENING || !is_abandoned((uint32_t)before, self, frame)))
		return 0;
	if (!claim_change(before, claim_word(number, self)))
		return 0;
	store_relaxed(two_words(GATE_FRAME), (uintptr_t)frame);
	store_relaxed(&gate_word[GATE_REFUSED], 0);
	return number;
}

bool gate_settle(uint32_t claim, enum gate state)
{
	const uint64_t now = load_relaxed(two_words(GATE_CLAIM));
	if (now >> 32 != claim || !claim_change(now, claim_word(claim, 0)))
		return false;
	gate_set(state);
	return true;
}

bool gate_prepare(void)
{
	void *page = system_map(NULL, SEEP_HEAP_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (system_failed(page))
		return false;
	gate_word = page;
	store_relaxed(&gate_word[GATE_ORIGIN], 1);
	store_relaxed(&gate_word[GATE_ERA], 1);
	/* Before Linux 4.14, and under some emulators, a fork handler does it instead; it misses only raw clone(). */
	if (system_advise(page, SEEP_HEAP_PAGE, MADV_WIPEONFORK) != 0 &&
	    pthread_atfork(NULL, NULL, close_in_child) != 0) {
		system_unmap(page, SEEP_HEAP_PAGE);
		gate_word = NULL;
		return false;
	}
	return true;
}
