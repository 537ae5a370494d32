/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A descriptor table of one's own with nothing in it, for what begins in the
 * program's process: what the keeper opens must not be seen by the program,
 * and what the program has open must end when the program closes it.
 */
#ifndef SEEP_PROGRAM_DESCRIPTORS_H
#define SEEP_PROGRAM_DESCRIPTORS_H

#include <stdbool.h>

/* Can a thread that shares the program's table leave it by one call, that copies nothing (close_range, Linux 5.9)? If
 * not, it must be made without CLONE_FILES, with a copy. */
bool descriptors_can_be_left(void);

/* The calling thread's table is its own and empty: `shared` by leaving the program's, else by closing the copies. False:
 * it may not be, nothing must be opened or closed any more. */
bool descriptors_leave(bool shared);

#endif
