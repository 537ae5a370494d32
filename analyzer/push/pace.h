/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When a host sends, and what first: functions of a time that is given, so that a fleet's day can be calculated with what runs on each of its
 * hosts (tests/bench/fleet.c).
 *
 * A host has slots for what it sends to a destination, of which the first is drawn. They are four fifths of the time apart that
 * its recordings leave between snapshots: hosts that were started together do not send together, and what waited while a
 * server was away adds a quarter to a host's rate, no more. A slot that is not used is gone. What fails is tried again at a later
 * slot.
 */
#ifndef SEEP_PUSH_PACE_H
#define SEEP_PUSH_PACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "profile/profile.h"

#define PACE_INTERVAL_NS UINT64_C(10000000000) /* of a recording that does not say how often it has a snapshot */

struct pace {
	uint64_t random; /* where the next number is drawn from */
	uint64_t due_ns; /* the next slot; 0: none was drawn yet */
	uint32_t slots;  /* that may be used now */
	uint32_t failures;
	bool is_away; /* that the server does not answer was said */
};

/* How far apart slots are, for `hz` snapshots a second; 0: that is not known. */
uint64_t pace_spacing(double hz);

/* Looks at the clock: `slots` are those that have come since the last look, of one second at most. Spacing 0: as many as
 * are wanted, but none before a failure is waited for. */
void pace_look(struct pace *pace, uint64_t now_ns, uint64_t spacing_ns);
/* Uses a slot. False: there is none. */
bool pace_take(struct pace *pace);

/* What a server did with what was sent: took or refused it; or is to be asked again, in `retry_ns` at the earliest. */
void pace_note_answer(struct pace *pace);
void pace_note_failure(struct pace *pace, uint64_t now_ns, uint64_t retry_ns);

/* How long to wait after so many failures before this one. A second, doubled up to a minute, and drawn between half and one and
 * a half of that, so that those who lost a server together do not come back together; behind the time that it asks for, if it
 * does, because it asks them all for the same. */
uint64_t pace_wait(uint64_t *random, uint32_t failures, uint64_t retry_ns);

/* The place of the first entry from `from` on that has a larger number than `taken`, and that the server still takes: nothing from
 * before `oldest_ns` of the recording's clock. `count`: there is none. What the entries that are passed over as too old have goes
 * with the next that is sent; they are added to `too_old`. */
size_t pace_choose(const struct recording_entry *entries, size_t count, size_t from, uint64_t taken, uint64_t oldest_ns,
		   uint64_t *too_old);

#endif
