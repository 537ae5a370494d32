/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The contents of the sampled blocks of a running program: how many of their bytes are zero, and how many of these are
 * at the end. Their pages are read from outside, while the program runs on; pages that it has never touched are zeros
 * without being read. Only these counts are kept, and only of blocks that were alive all the time.
 *
 * Over a time, the blocks are read CONTENTS_LOOKS times: a block is cold if a hash of its bytes was the same each time.
 * The hashes are in seep's memory and nowhere else.
 */
#ifndef SEEP_TARGET_CONTENTS_H
#define SEEP_TARGET_CONTENTS_H

#include "profile/profile.h"

#define CONTENTS_LOOKS 5

/* A recording as of now, with `contents`; or as of the end of a time that is not 0. NULL: its program does not run, or
 * may not be read, and the error says so. */
struct profile *contents_open(const char *directory, uint64_t cold_ns, struct error *error);

#endif
