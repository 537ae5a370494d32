/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is in the sampled blocks of a running program: how many of their bytes are zero, and how many of these lie at the end.
 * Their pages are read from outside, while the program runs on; those that it has never touched are zeros without being
 * read. Nothing of what is read stays but these counts, and only of blocks that were alive all the time.
 *
 * Over a time, they are read CONTENTS_LOOKS times: a block is cold if a hash of its bytes was the same each time. The hashes are kept
 * in seep's memory, and nowhere else.
 */
#ifndef SEEP_TARGET_CONTENTS_H
#define SEEP_TARGET_CONTENTS_H

#include "profile/profile.h"

#define CONTENTS_LOOKS 5

/* A recording as of now, with `contents`; or after a time, if it is not 0. NULL: its program does not run, or may not be read; the error
 * says so. */
struct profile *contents_open(const char *directory, uint64_t cold_ns, struct error *error);

#endif
