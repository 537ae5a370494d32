/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When the program has ended, the last snapshots must still be written. If somebody asks us to end meanwhile, we finish
 * as much as a moment allows.
 */
#ifndef SEEP_SESSION_HURRY_H
#define SEEP_SESSION_HURRY_H

#include <stdbool.h>

/* From now on HUP, INT, QUIT and TERM, unless they were ignored, ask us to hurry. Ends the process with the program's
 * status two seconds after the first, wherever it is then. Stop signals work as always; other signals have no
 * effect. */
void hurry_listen(int program_status);

/* The moment is over: we leave the rest of the work undone, and tell the user. */
bool hurry_is_over(void);

/* For a child that goes on by itself: TERM ends it, the other signals do nothing. */
void hurry_forget(void);

#endif
