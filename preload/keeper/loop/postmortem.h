/* SPDX-License-Identifier: Apache-2.0 */
/* The last snapshot of a recording in an open directory; seep_recording_finish() of <seep/keeper.h> does it by path. */
#ifndef SEEP_LOOP_POSTMORTEM_H
#define SEEP_LOOP_POSTMORTEM_H

#include <stdbool.h>

#include <seep/keeper.h>

/* certain: the caller is alone with the heap file (life_claim()), so its program and the lease's holder are dead. */
bool postmortem_finish(int directory, bool certain, enum seep_trigger trigger, char name[static 32],
		       struct seep_fault *fault);

#endif
