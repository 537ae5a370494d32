/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is in the sampled blocks of a running program: how many of their bytes are zero, and how many of these lie at the end.
 * Their pages are read from outside, while the program runs on; those that it has never touched are zeros without being
 * read. Nothing of what is read stays but these counts, and only of blocks that were alive all the time.
 */
#ifndef SEEP_TARGET_CONTENTS_H
#define SEEP_TARGET_CONTENTS_H

#include "profile/profile.h"

/* A recording as of now, with `contents`. NULL: its program does not run, or may not be read; the error says so. */
struct profile *contents_open(const char *directory, struct error *error);

#endif
