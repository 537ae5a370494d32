/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When a host sends, and what it sends first. These are functions of a given time, so that a fleet's day can be
 * calculated with the code that runs on each of its hosts (tests/bench/fleet/fleet.c).
 *
 * For each destination a host has slots, of which the first is drawn at random. They are four fifths of the time apart
 * that its recordings leave between snapshots. So hosts that were started together do not send together, and profiles
 * that waited while a server was away add no more than a quarter to a host's rate. An unused slot is lost. A failure is
 * tried again at a later slot.
 */
#ifndef SEEP_PUSH_PACE_H
#define SEEP_PUSH_PACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "profile/profile.h"

#define PACE_INTERVAL_NS UINT64_C(10000000000) /* for a recording that does not say how often it has a snapshot */

struct pace {
	uint64_t random; /* state from which the next random number is drawn */
	uint64_t due_ns; /* the next slot; 0: not drawn yet */
	uint32_t slots;  /* slots that may be used now */
	uint32_t failures;
	bool is_away; /* it was said that the server does not answer */
};

/* The distance of slots for `hz` snapshots a second; 0: unknown. */
uint64_t pace_spacing(double hz);

/* Looks at the clock: `slots` become those that have come since the last look, for one second at most. Spacing 0: any
 * number of slots, except while a failure is waited for. */
void pace_look(struct pace *pace, uint64_t now_ns, uint64_t spacing_ns);
/* Uses a slot. False: there is none. */
bool pace_take(struct pace *pace);

/* What the server did: it took or refused what was sent; or it is to be asked again, in `retry_ns` at the earliest. */
void pace_note_answer(struct pace *pace);
void pace_note_failure(struct pace *pace, uint64_t now_ns, uint64_t retry_ns);

/* How long to wait after a failure, with `failures` before it: one second, doubled up to a minute, and drawn between
 * half and one and a half of that, so that hosts that lost a server together do not come back together. If the server
 * asks for a time, the wait comes after it, because it asks all hosts for the same. */
uint64_t pace_wait(uint64_t *random, uint32_t failures, uint64_t retry_ns);

/* The index of the first entry from `from` on whose number is larger than `taken` and which the server still takes:
 * nothing from before `oldest_ns` on the recording's clock. `count`: there is none. Entries that are too old are passed
 * over and added to `too_old`; what they have goes with the next entry that is sent. */
size_t pace_choose(const struct recording_entry *entries, size_t count, size_t from, uint64_t taken, uint64_t oldest_ns,
		   uint64_t *too_old);

#endif
