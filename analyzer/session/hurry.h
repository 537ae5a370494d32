/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When the program has ended, the last snapshots are still to be written. If
 * somebody asks us to end meanwhile, we finish what can be done in a moment.
 */
#ifndef SEEP_SESSION_HURRY_H
#define SEEP_SESSION_HURRY_H

#include <stdbool.h>

/* From now on HUP, INT, QUIT and TERM, unless they were ignored, ask for haste. Ends the process with the program's
 * status two seconds after the first, wherever it is then. Stop signals work as always; other signals have no
 * effect. */
void hurry_listen(int program_status);

/* The moment is over: the rest of the work is left undone, and the user is told. */
bool hurry_is_over(void);

/* For a child that goes on by itself: TERM ends it, the other signals do nothing. */
void hurry_forget(void);

#endif
