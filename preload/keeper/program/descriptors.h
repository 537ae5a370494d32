/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An empty descriptor table for a keeper that begins in the program's process:
 * the program must not see what the keeper opens, and a file that the program
 * closes must be closed for good.
 */
#ifndef SEEP_PROGRAM_DESCRIPTORS_H
#define SEEP_PROGRAM_DESCRIPTORS_H

#include <stdbool.h>

/* Can a thread that shares the program's table leave it by one call, which copies nothing (close_range, Linux 5.9)? If
 * not, it must be made without CLONE_FILES, with a copy. */
bool descriptors_can_be_left(void);

/* The calling thread's table is its own and empty: `shared` by leaving the program's, else by closing the copies. False:
 * it may not be, nothing must be opened or closed any more. */
bool descriptors_leave(bool shared);

#endif
